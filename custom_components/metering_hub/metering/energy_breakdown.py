"""What the energy of a site or building was used for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Bucket(StrEnum):
    """The periods that energy is added up for; days and longer ones are local."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"

    @property
    def shortest(self) -> timedelta:
        """Return the length of the shortest such period."""
        return _SHORTEST[self]


_SHORTEST = {
    Bucket.HOUR: timedelta(hours=1),
    Bucket.DAY: timedelta(hours=23),
    Bucket.MONTH: timedelta(days=28),
    Bucket.YEAR: timedelta(days=365),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakdownQuery:
    """A question for the energy of all buckets that touch [start, end)."""

    start: datetime
    end: datetime
    bucket: Bucket
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyUse:
    """The amounts of one energy that went into one end use, one for each bucket.

    An amount is `None` if the server has no value in the bucket.
    """

    energy: str
    end_use: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyBreakdown:
    """The uses of energy; `starts` are the buckets' starts in their time zone.

    An end use "all" contains the others, and so does an energy "all".
    """

    time_zone: str
    starts: Sequence[datetime]
    uses: Sequence[EnergyUse]
