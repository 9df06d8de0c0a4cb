"""Exchanged meters: what the registers of both showed when one took over.

Source: ../shared/wire/besmart.md, "Sensors / workspaces": a state is the time that one
meter was installed, with its registers at both ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from ...metering.model import NEW_REGISTER, Kind, Point, Reading
from .discovery import Discovery
from .models import SensorState, SignalId
from .units import normal_unit, unit_factor

_MOMENT = timedelta(milliseconds=1)
"""The server's finest time: so long before an exchange, the old meter is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A new meter's beginning, and the positions of the old and the new one then.

    They are in the point's unit, and `None` where the server does not say.
    """

    at: datetime
    old: float | None
    new: float | None


def find_exchanges(
    point: Point, signal: SignalId, known: Discovery | None, start: datetime
) -> list[Exchange]:
    """Return the exchanges of a register's meter after `start`, oldest first."""
    if known is None or point.kind is not Kind.REGISTER:
        return []
    type_ = known.types.get(signal.moid)
    unit = normal_unit(type_.unit if type_ else None) or point.unit
    # Positions of states are in the unit of the type, whatever data come in.
    factor = unit_factor(unit, point.unit)
    states = known.states.get(signal.sensor, ())
    return [
        exchange
        for exchange in _exchanges(states, signal.moid, factor)
        if exchange.at > start
    ]


def _exchanges(
    states: Sequence[SensorState], moid: int, factor: float | None
) -> Iterator[Exchange]:
    positions = [
        (state, signal)
        for state in states
        for signal in state.signals
        if signal.moid == moid
    ]
    for (before, old), (after, new) in pairwise(positions):
        is_same = before.meter_eid is not None and before.meter_eid == after.meter_eid
        if after.since is not None and not is_same:
            yield Exchange(
                at=after.since,
                old=_converted(old.value_for_till, factor),
                new=_converted(new.value_for_since, factor),
            )


def _converted(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else round(value * factor, 9)


def with_exchanges(
    readings: Sequence[Reading], exchanges: list[Exchange], end: datetime
) -> Sequence[Reading]:
    """Return readings with those of the exchanges up to `end`, which are used up.

    Where a new meter's first position is unknown, its first reading is where counting
    starts anew; without one so far, the exchange is left for the next readings.
    """
    while exchanges and exchanges[0].at <= end:
        exchange = exchanges[0]
        before = [each for each in readings if each.time < exchange.at]
        after = [each for each in readings if each.time >= exchange.at]
        if exchange.new is not None:
            position = exchange.new
            after = [each for each in after if each.time > exchange.at]
            first = Reading(time=exchange.at, value=position, quality=NEW_REGISTER)
            after.insert(0, first)
        elif after:
            after[0] = replace(after[0], quality=NEW_REGISTER)
        else:
            return readings
        if exchange.old is not None:
            before.append(Reading(time=exchange.at - _MOMENT, value=exchange.old))
        readings = before + after
        del exchanges[0]
    return readings
