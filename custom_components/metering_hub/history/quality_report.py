"""Sum up the quality of the hours of the last 30 days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterQuality:
    """How many hours of a meter have which quality.

    `latest` is the end of the newest hour that is neither missing nor held.
    """

    name: str
    hours: int
    measured: int
    estimated: int
    held: int
    missing: int
    unknown: int
    latest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Missing hours in a row of one point: [start, end), in UTC."""

    point: str
    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The quality of each meter by key, and the newest holes, newest first."""

    meters: Mapping[str, MeterQuality] = field(default_factory=dict)
    holes: Sequence[Hole] = ()

    @property
    def measured_share(self) -> float | None:
        """Return the share of measured hours of all meters, in percent."""
        hours = sum(meter.hours for meter in self.meters.values())
        measured = sum(meter.measured for meter in self.meters.values())
        return round(100 * measured / hours, 1) if hours else None

    @property
    def missing_hours(self) -> int:
        """Return the number of missing hours of all meters."""
        return sum(meter.missing for meter in self.meters.values())
