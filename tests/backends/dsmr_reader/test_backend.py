"""The specification, and the requests of setting up."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.dsmr_reader import SPEC
from custom_components.metering_hub.backends.dsmr_reader.totals import TOTALS

from .conftest import ELECTRICITY, POWER, Connect, simulated

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_spec_declares_its_abilities() -> None:
    known = {"comparison", "day_totals", "history", "prices", "receive"}
    assert known == set(SPEC.capabilities)
    assert (SPEC.history_interval, SPEC.history_window) == (HOUR / 12, 3 * DAY)
    assert SPEC.currency == "EUR"


@pytest.mark.parametrize("extra", ["gas", "heat", "water"])
async def test_points_with_history(connect: Connect, extra: str) -> None:
    connected = await connect(simulated(extra_device=extra))
    points = (await connected.backend.inventory()).points
    found = {key for key, each in points.items() if each.has_history}
    assert found == {*ELECTRICITY, *TOTALS, extra, POWER}


async def test_connect_and_inventory_ask_once(connect: Connect) -> None:
    """Version and meter statistics are taken from `connect`, later fetched again."""
    connected = await connect(simulated())
    await connected.backend.connect()
    await connected.backend.inventory()
    requests = connected.simulator.faults
    assert requests.count("application/version") == 1
    assert requests.count("datalogger/meter-statistics") == 1
    await connected.backend.inventory()
    assert requests.count("application/version") == 2
    assert requests.count("datalogger/meter-statistics") == 2
