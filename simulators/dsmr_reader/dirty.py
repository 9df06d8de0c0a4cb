"""The faults that the readings of a DSMR-reader can have, and what is right.

Source: docs/wire/dsmr_reader.md, Stored telegrams and Extra meter.
"""

from dataclasses import dataclass
from functools import partial
from itertools import chain

from simulators.dirt import Dirt, SpotKind
from simulators.dirt_calendar import Plan, sprinkle
from simulators.dirt_truth import Expected, RightLine
from simulators.house import Channel
from simulators.times import HOUR, MINUTE, QUARTER, epoch

from .simulator import DsmrReaderSimulator
from .store import Store

CHANNELS = {
    "electricity_delivered_1": Channel.DELIVERED_1,
    "electricity_delivered_2": Channel.DELIVERED_2,
    "electricity_returned_1": Channel.RETURNED_1,
    "electricity_returned_2": Channel.RETURNED_2,
    "gas": Channel.GAS,
}
_GAS = frozenset({"gas"})
_ALL = frozenset(CHANNELS)
_ELECTRICITY = _ALL - _GAS
_DELIVERED = frozenset({"electricity_delivered_1", "electricity_delivered_2"})

_2000, _2070 = 946_684_800, 3_155_760_000
_OFF_GRID = 3
"""Seconds by which a clock that is ahead differs from whole readings."""


def make_dirty(simulator: DsmrReaderSimulator, seed: int) -> None:
    """Sprinkle faults over the house until now."""
    start, end = epoch(simulator.house.start), epoch(simulator.clock())
    plans = [*chain.from_iterable(zip(_wrong(simulator), _odd(simulator), strict=True))]
    simulator.dirt = Dirt(sprinkle(plans, start, end, seed))


def _wrong(simulator: DsmrReaderSimulator) -> list[Plan]:
    """Return the faults of positions."""
    plan = partial(Plan, step=simulator.interval)
    return [
        plan(SpotKind.HIGH, _DELIVERED, amount=100_000_000),
        plan(SpotKind.ZERO, _ALL, readings=3),
        plan(SpotKind.HIGH, _GAS, amount=5_000_000),
        plan(SpotKind.ZERO, _ALL, readings=4, every=MINUTE),
        plan(SpotKind.TENFOLD, _ELECTRICITY),
        plan(SpotKind.ZERO, _ALL, readings=3, every=QUARTER),
        plan(SpotKind.DIP, _ELECTRICITY, readings=2),
        plan(SpotKind.TENFOLD, _GAS),
        plan(SpotKind.ZERO, _GAS, readings=2),
        plan(SpotKind.HIGH, _ELECTRICITY, readings=2, amount=100_000_000),
    ]


def _odd(simulator: DsmrReaderSimulator) -> list[Plan]:
    """Return the faults of meters, clocks and servers."""
    step = simulator.interval
    plan = partial(Plan, step=step)
    return [
        plan(
            SpotKind.UNSET_CLOCK, _ALL, readings=HOUR // step, amount=_2000, once=True
        ),
        plan(SpotKind.EXCHANGE, _ELECTRICITY, rare=True),
        plan(SpotKind.AHEAD, _ALL, amount=2 * HOUR + _OFF_GRID),
        plan(SpotKind.STAMP, _GAS, readings=2 * HOUR // step, amount=_2000),
        plan(SpotKind.OUTAGE, _ALL, readings=90 * MINUTE // step),
        plan(SpotKind.AHEAD, _ALL, amount=24 * HOUR + _OFF_GRID),
        plan(SpotKind.EXCHANGE, _ELECTRICITY, rare=True, amount=45_000_000),
        plan(SpotKind.STAMP, _GAS, readings=2 * HOUR // step, amount=_2070),
        plan(SpotKind.DUPLICATE, _ALL, readings=5),
        plan(SpotKind.OUTAGE, _ALL, readings=9 * HOUR // step),
    ]


@dataclass(frozen=True, slots=True)
class _Stamps:
    """The timestamps of the extra meter in the stored readings."""

    store: Store

    def before(self, when: int) -> int | None:
        """Return the last timestamp before `when`."""
        reading = self.store.right_readings.before(self._next(when))
        return None if reading is None else self.store.extra_stamp(reading)

    def since(self, when: int) -> int | None:
        """Return the first timestamp at or after `when`."""
        reading = self.store.right_readings.since(self._next(when))
        return None if reading is None else self.store.extra_stamp(reading)

    def _next(self, when: int) -> int:
        """Return the first possible timestamp at or after `when`."""
        step = self.store.knobs.gas_step
        return -(-when // step) * step


def expected(simulator: DsmrReaderSimulator, name: str) -> Expected | None:
    """Return the right line of a register, in kWh or m³."""
    channel = CHANNELS.get(name)
    if channel is None:
        return None
    store = Store(simulator)
    times = _Stamps(store) if channel is Channel.GAS else store.right_readings
    counted = partial(simulator.house.counted, channel)
    position = partial(simulator.house.register, channel)
    shown = partial(simulator.dirt.right, name, position=position)
    since = simulator.readings_since
    is_older = since is not None and simulator.house.start < since
    return RightLine(
        name,
        counted,
        1000,
        times,
        simulator.dirt,
        shown=shown,
        statistics_since=epoch(simulator.house.start) if is_older else None,
    )
