"""The recorded hours that the rules for warnings look at, and what they report.

A span has the same hours of all meters, so that an index means the same hour in each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import isnan, nan
from typing import NamedTuple

from ...backends.common.times import local_midnight
from ...metering.data_quality import WarningRule
from ...metering.model import Point
from ...metering.quality import HELD, MEASURED, MISSING, UNKNOWN
from .rows import HOUR_SECONDS, as_datetime

NO_ROW = nan
"""The amount or the mean of an hour that has no row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataWarning:
    """Hours that a rule finds odd: from `start` to before `end`, both in UTC.

    `point` is the key of the meter. `seen` is the number that the rule found, and
    `expected` the usual or greatest one it was compared with, both in `unit`.
    """

    rule: WarningRule
    point: str
    start: datetime
    end: datetime
    seen: float
    expected: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterHours:
    """The amounts of a point's hours in its unit, and their codes of quality."""

    point: Point
    amounts: Sequence[float]
    codes: bytes

    def is_known(self, index: int) -> bool:
        """Return True if the amount of an hour is that of the whole hour."""
        return self.codes[index] not in (MISSING, HELD) and not isnan(
            self.amounts[index]
        )

    def is_measured(self, index: int) -> bool:
        """Return True if an hour is measured, or nothing else is known of it."""
        return self.codes[index] in (MEASURED, UNKNOWN) and self.is_known(index)

    def known(self, hours: range) -> list[float]:
        """Return the known amounts among some hours."""
        return [self.amounts[index] for index in hours if self.is_known(index)]

    def total(self, hours: range) -> float | None:
        """Return the sum of some hours, or None if one of them is not known."""
        amounts = self.known(hours)
        return sum(amounts) if len(amounts) == len(hours) else None


class Day(NamedTuple):
    """A local day, and which hours of the span begin in it."""

    day: date
    hours: range


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSpan:
    """The hours of all meters of an entry, from `start` (epoch seconds) on.

    `days` are the complete local days. `powers` are the hourly means of the points of
    the role GRID_POWER, and `day_totals` what the server itself says of its days, by
    point key. `latitude` is that of the home, in degrees.
    """

    start: float
    days: Sequence[Day]
    latitude: float
    meters: Mapping[str, MeterHours]
    powers: Mapping[str, MeterHours] = field(default_factory=dict)
    day_totals: Mapping[str, Mapping[date, float]] = field(default_factory=dict)

    @property
    def hours(self) -> int:
        """Return the number of hours."""
        return max((len(meter.codes) for meter in self.meters.values()), default=0)

    def moment(self, index: int) -> datetime:
        """Return the start of an hour."""
        return as_datetime(self.start + index * HOUR_SECONDS)

    def warning(
        self,
        rule: WarningRule,
        meter: MeterHours,
        hours: range,
        *,
        seen: float,
        expected: float,
        unit: str | None = None,
    ) -> DataWarning:
        """Return the warning of a rule; the unit is that of the meter unless given."""
        return DataWarning(
            rule=rule,
            point=meter.point.key,
            start=self.moment(hours.start),
            end=self.moment(hours.stop),
            seen=round(seen, 3),
            expected=round(expected, 3),
            unit=meter.point.unit or "" if unit is None else unit,
        )


def complete_days(start: float, end: float, zone: tzinfo) -> Iterator[Day]:
    """Yield the local days that lie in a span of whole hours (epoch seconds)."""
    day = datetime.fromtimestamp(start, UTC).astimezone(zone).date()
    while True:
        following = day + timedelta(days=1)
        first = local_midnight(day, zone).timestamp()
        last = local_midnight(following, zone).timestamp()
        if last > end:
            return
        if first >= start:
            # Where midnight is within a UTC hour, that hour belongs to the day before.
            yield Day(
                day,
                range(
                    int(-((start - first) // HOUR_SECONDS)),
                    int(-((start - last) // HOUR_SECONDS)),
                ),
            )
        day = following


def runs_of(flags: Sequence[bool]) -> Iterator[range]:
    """Yield the indexes of each run of true flags."""
    first = None
    for index, flag in enumerate(flags):
        if flag and first is None:
            first = index
        elif not flag and first is not None:
            yield range(first, index)
            first = None
    if first is not None:
        yield range(first, len(flags))
