"""Find exchanged meters, and the registers of the old and the new meter.

Source: docs/wire/besmart.md, "Sensor states". A state is the period in which one meter
was installed, with its registers at both ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from ...metering.model import Kind, Point
from ..common.units import unit_factor
from .discovery import FoundSensors
from .models import SensorState, SignalId
from .units import read_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterExchange:
    """The exchange of a meter, and the positions of the old and the new one.

    Positions are in the unit of the point, or None if the server does not report them.
    """

    at: datetime
    old: float | None
    new: float | None


def find_exchanges(
    point: Point, signal: SignalId, found: FoundSensors | None, start: datetime
) -> list[MeterExchange]:
    """Return the exchanges of a register's meter after `start`, oldest first."""
    if found is None or point.kind is not Kind.REGISTER:
        return []
    type_ = found.types.get(signal.moid)
    unit = read_unit(type_.unit if type_ else None) or point.read_unit
    # Positions in states are in the unit of the type, regardless of the data's unit.
    factor = unit_factor(unit, point.read_unit)
    states = found.states.get(signal.sensor, ())
    return [
        exchange
        for exchange in _exchanges(states, signal.moid, factor)
        if exchange.at > start
    ]


def _exchanges(
    states: Sequence[SensorState], moid: int, factor: float | None
) -> Iterator[MeterExchange]:
    """Yield an exchange wherever two consecutive states have different meters."""
    positions = [
        (state, signal)
        for state in states
        for signal in state.signals
        if signal.moid == moid
    ]
    for (before, old), (after, new) in pairwise(positions):
        is_same = before.meter_eid is not None and before.meter_eid == after.meter_eid
        if after.since is not None and not is_same:
            yield MeterExchange(
                at=after.since,
                old=_convert(old.value_for_till, factor),
                new=_convert(new.value_for_since, factor),
            )


def _convert(value: float | None, factor: float | None) -> float | None:
    """Return a converted position, or None if it is unknown or not convertible."""
    return None if value is None or factor is None else round(value * factor, 9)
