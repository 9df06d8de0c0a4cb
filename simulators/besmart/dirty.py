"""The faults that the data of a besmart can have, and what is right.

Source: docs/wire/besmart.md, Signal data and Sensor states.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import chain

from simulators.dirt import Dirt, Spot, SpotKind
from simulators.dirt_calendar import Plan, sprinkle
from simulators.dirt_truth import Expected, RightLine, StoredAmounts
from simulators.timeline import Grid, Timeline, timeline
from simulators.times import QUARTER, epoch

from .events import Event, Late, Outage, Revision, Substitute
from .sensors import HOUSE_MID, WORKSHOP_MID, Correction, Sensor
from .signal_types import UNITS, SignalType
from .simulator import BesmartSimulator
from .sources import counted, position

_USED_METER: Mapping[int, int] = {32: 60_000_000, 34: 60_000_000}


def make_dirty(simulator: BesmartSimulator, seed: int) -> None:
    """Sprinkle faults over the meters until now, and mix the order of all answers."""
    house, workshop = simulator.sensor(HOUSE_MID), simulator.sensor(WORKSHOP_MID)
    start, end = epoch(house.house.start), epoch(simulator.clock())
    plans = _plans(house, workshop)
    simulator.dirt = Dirt(sprinkle(plans, start, end, seed))
    simulator.order = "shuffled"
    for spot in simulator.dirt:
        at = _moment(spot.start)
        if spot.kind is SpotKind.EXCHANGE:
            house.exchange(at, _USED_METER if spot.amount else {}, eid=spot.start)
        elif spot.kind is SpotKind.CORRECTION:
            house.corrections.append(Correction(at, 32, spot.amount))
        else:
            simulator.events += _events(spot, at)


def _plans(house: Sensor, workshop: Sensor) -> list[Plan]:
    """Return the faults that the two meters can have."""
    plan = partial(Plan, step=QUARTER)
    drawn, fed = (frozenset({house.path(moid)}) for moid in (32, 34))
    shed = frozenset({workshop.path(32)})
    meter, everything = drawn | fed, drawn | fed | shed
    wrong = [
        plan(SpotKind.HIGH, drawn, amount=100_000_000),
        plan(SpotKind.ZERO, everything, readings=3),
        plan(SpotKind.TENFOLD, meter),
        plan(SpotKind.DIP, drawn, readings=2),
        plan(SpotKind.WRAP_16, meter),
        plan(SpotKind.HIGH, shed, readings=2, amount=100_000_000),
        plan(SpotKind.WRAP_32, everything),
    ]
    odd = [
        plan(SpotKind.ESTIMATED, drawn, readings=5, amount=5_000),
        plan(SpotKind.CORRECTION, drawn, amount=1_500),
        plan(SpotKind.EXCHANGE, meter, rare=True),
        plan(SpotKind.DUPLICATE, everything, readings=4),
        plan(SpotKind.OUTAGE, everything, readings=6),
        plan(SpotKind.EXCHANGE, meter, rare=True, amount=_USED_METER[32]),
        plan(SpotKind.OUTAGE, everything, readings=30),
    ]
    right = plan(SpotKind.SUBSTITUTED, drawn, readings=6)
    return [*chain.from_iterable(zip(wrong, odd, strict=True)), right]


def _events(spot: Spot, start: datetime) -> list[Event]:
    """Return the events that a fault consists of, besides wrong values."""
    end = _moment(spot.end)
    match spot.kind:
        case SpotKind.OUTAGE:
            return [Outage(start, end)]
        case SpotKind.DUPLICATE:
            return [Revision(start, end, offset=0, origin=1)]
        case SpotKind.ESTIMATED:
            return [Substitute(start, end, mid=HOUSE_MID, moid=32, origin=4)]
        case SpotKind.SUBSTITUTED:
            return [Substitute(start, end, mid=HOUSE_MID, moid=32, origin=3)]
        case _:
            return []


def _moment(when: int) -> datetime:
    """Return seconds since 1970 as aware UTC."""
    return datetime.fromtimestamp(when, UTC)


def expected(simulator: BesmartSimulator, name: str) -> Expected | None:
    """Return the right line of a register, or the amounts per quarter, in their unit.

    `name` is written like the server's paths: client_cid.sensor_mid/signal_type_moid.
    """
    for sensor in simulator.sensors:
        for moid in sensor.signals:
            if sensor.path(moid) != name:
                continue
            kind = simulator.types[moid]
            if kind.kind == "register":
                return _right_line(simulator, sensor, kind)
            if kind.unit in UNITS and UNITS[kind.unit].dimension == "energy":
                return _stored_amounts(simulator, sensor, kind)
    return None


def _right_line(
    simulator: BesmartSimulator, sensor: Sensor, kind: SignalType
) -> RightLine:
    """Return the right line of a register."""
    return RightLine(
        sensor.path(kind.moid),
        partial(counted, sensor, kind.moid),
        kind.scale,
        _stored_times(simulator, sensor),
        simulator.dirt,
        shown=partial(position, sensor, kind.moid),
        exchanges_known=True,
    )


def _stored_amounts(
    simulator: BesmartSimulator, sensor: Sensor, kind: SignalType
) -> StoredAmounts:
    """Return the stored amounts per quarter, which the server stamps at their end."""
    times = _stored_times(simulator, sensor)

    def stored(start: int, end: int) -> float:
        """Return the sum of the quarters in [start, end)."""
        ends = (times[at] for at in times.between(start + QUARTER, end + QUARTER))
        return sum(simulator.shown(sensor, kind.moid, at) for at in ends)

    return StoredAmounts(stored, times, QUARTER, lag=QUARTER)


def _stored_times(simulator: BesmartSimulator, sensor: Sensor) -> Timeline:
    """Return the times of the samples that the server has by now."""
    clock = simulator.clock()
    gaps = [
        (epoch(event.start), epoch(event.end))
        for event in simulator.events
        if isinstance(event, Outage)
        or (isinstance(event, Late) and clock < event.arrives)
    ]
    start, now = epoch(sensor.house.start), epoch(clock - simulator.delay)
    return timeline(Grid(QUARTER), start, now, sorted(gaps))
