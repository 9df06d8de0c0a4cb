"""What a poll of some points needs, found out once for all polls of the same points."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from ...metering.model import Kind, Point
from .models import SensorId, SignalId
from .points import sensor_of, signal_of


class PlannedPoint(NamedTuple):
    """A point and the signals that it is read from: its `own`, or all of its sensor."""

    point: Point
    own: SignalId | None
    needed: Sequence[SignalId]


@dataclass(frozen=True, slots=True)
class PollPlan:
    """The signals to read, those with an amount to sum up, and the points of a poll."""

    signals: Sequence[SignalId]
    summed: Collection[SignalId]
    points: Sequence[PlannedPoint]

    @classmethod
    def of(
        cls, points: Collection[Point], moids: Mapping[SensorId, Collection[int]]
    ) -> Self:
        """Return the plan for points; `moids` are the signals of each sensor."""
        signals = _signals_to_poll(points, moids)
        by_sensor: dict[SensorId, list[SignalId]] = {}
        for signal in signals:
            by_sensor.setdefault(signal.sensor, []).append(signal)
        planned: list[PlannedPoint] = []
        summed: set[SignalId] = set()
        for point in points:
            own, sensor = signal_of(point), sensor_of(point)
            needed = by_sensor.get(sensor, ()) if sensor else ()
            planned.append(PlannedPoint(point, own, (own,) if own else needed))
            if own and point.kind is Kind.INTERVAL:
                summed.add(own)
        return cls(signals, summed, planned)


def _signals_to_poll(
    points: Collection[Point], moids: Mapping[SensorId, Collection[int]]
) -> list[SignalId]:
    """Return the signals of points, and one for each sensor without any.

    Points about the data of a sensor need at least one of its signals.
    """
    signals = {signal for point in points if (signal := signal_of(point))}
    sensors = {signal.sensor for signal in signals}
    for point in points:
        if (sensor := sensor_of(point)) is not None and sensor not in sensors:
            signals |= {
                SignalId(sensor, moid) for moid in sorted(moids.get(sensor, ()))[:1]
            }
            sensors.add(sensor)
    return sorted(signals)
