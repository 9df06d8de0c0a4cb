"""Events that affect a span of the data: outages, delays, corrections, bad values."""

from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta
from typing import Literal

from simulators.faults import Json
from simulators.times import epoch


@dataclass(frozen=True, slots=True)
class Event:
    """An event that affects the samples in [start, end), aware times.

    `mid` and `moid` select a sensor and a signal; None selects all of them.
    """

    start: datetime
    end: datetime
    _: KW_ONLY
    mid: int | None = None
    moid: int | None = None

    def covers(self, mid: int, moid: int, when: int) -> bool:
        """Return True if the sample at `when` (seconds since 1970) is affected."""
        return (
            self.mid in (None, mid)
            and self.moid in (None, moid)
            and epoch(self.start) <= when < epoch(self.end)
        )


@dataclass(frozen=True, slots=True)
class Outage(Event):
    """Nothing was measured, and nothing will arrive later."""


@dataclass(frozen=True, slots=True)
class Late(Event):
    """The meter kept its samples back and sent all of them at `arrives`."""

    arrives: datetime


@dataclass(frozen=True, slots=True)
class Revision(Event):
    """The first value was wrong by `offset` smallest steps and is replaced later.

    The right value arrives `after` the first one, or with all others at `at` (aware).
    With `origin` 5 it is a correction. With 1 the sample is acquired again, so the same
    time appears twice with origin 1, the right one later.
    """

    offset: int
    after: timedelta = timedelta(hours=1)
    at: datetime | None = None
    origin: Literal[1, 5] = 5


@dataclass(frozen=True, slots=True)
class Removal(Event):
    """The samples were deleted: their rows are `RM` markers without a value.

    `keeps_row` also lists the deleted sample, before its marker.
    """

    keeps_row: bool = False


@dataclass(frozen=True, slots=True)
class Substitute(Event):
    """The samples were not measured (origin 1) but calculated (3) or estimated (4)."""

    origin: Literal[3, 4, 5] = 4


@dataclass(frozen=True, slots=True)
class Estimate(Event):
    """The server adds a row of its own `later` than each sample, `offset` too high."""

    offset: int
    later: timedelta = timedelta(minutes=7)
    origin: Literal[3, 4] = 4


@dataclass(frozen=True, slots=True)
class Garble(Event):
    """The value is replaced by this piece of JSON."""

    value: Json = None
