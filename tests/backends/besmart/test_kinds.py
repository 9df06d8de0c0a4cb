"""Units and kinds that are learned from the data of a signal."""

from dataclasses import replace

import pytest

from custom_components.metering_hub.backends.besmart.signals import KNOWN_SIGNALS
from custom_components.metering_hub.metering.model import Kind
from simulators.besmart import PV_PER_QUARTER, SIGNAL_TYPES, SignalType

from .conftest import Bench, key


@pytest.mark.parametrize(
    ("type_", "kind"),
    [(SIGNAL_TYPES[32], Kind.REGISTER), (PV_PER_QUARTER, Kind.INTERVAL)],
    ids=["register", "interval"],
)
async def test_an_unknown_energy_is_learned_from_its_data(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, type_: SignalType, kind: Kind
) -> None:
    """It is a register if it only grows for a week; this is checked once."""
    moid = type_.moid
    monkeypatch.delitem(KNOWN_SIGNALS, moid)
    bench.simulator.types[moid] = replace(type_, description="Nowa", obis=None)
    bench.house.signals = (moid,)
    backend = bench.backend()
    point = (await backend.inventory()).points[key(moid)]
    assert (point.kind, point.name, point.unit) == (kind, "Nowa", "kWh")
    restarted = bench.backend()
    restarted.restore(backend.remember())
    bench.asked()
    assert (await restarted.inventory()).points[key(moid)] == point
    assert bench.asked() == 0
