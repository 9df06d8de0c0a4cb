"""Comparable days: local days of the same kind, and what was measured on them."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum, auto

from .rows import HOUR_SECONDS, NEVER, rounded

FEWEST_DAYS = 2
"""With fewer comparable days than this, an hour has no weight."""

MOST_DAYS = 3
"""The comparable days of which the mean is taken."""

DAYS_BACK = 28
"""How many days up to the latest measured hour are looked at."""

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


class DayKind(Enum):
    """The kinds of days, on which about as much is used at the same hours."""

    WORKDAY = auto()
    SATURDAY = auto()
    SUNDAY_OR_HOLIDAY = auto()


class DayKinds:
    """Decide the kind of a local day."""

    def __init__(self, zone: tzinfo, holidays: Collection[date]) -> None:
        """Initialize with the time zone of the meter and the holidays at its place."""
        self.zone = zone
        self._holidays = holidays

    def kind(self, day: date) -> DayKind:
        """Return the kind of a local day."""
        weekday = day.weekday()
        if weekday > _SATURDAY or day in self._holidays:
            return DayKind.SUNDAY_OR_HOLIDAY
        return DayKind.SATURDAY if weekday == _SATURDAY else DayKind.WORKDAY


def hour_weights(
    days: DayKinds, changes: Mapping[float, float], first: float, end: float
) -> list[float] | None:
    """Return the weights of the hours from `first` on that begin before `end`.

    A weight is the mean change of the same local hour on the latest days of the same
    kind. `changes` are those of measured hours by their start. All times are epoch
    seconds. The result is `None` if any hour has too few comparable days.
    """
    latest = max((start for start in changes if start < first), default=NEVER)
    if latest == NEVER:
        return None
    newest = datetime.fromtimestamp(latest, days.zone).date()
    known: dict[tuple[DayKind, time], float] = {}
    weights: list[float] = []
    start = first
    while start < end:
        local = datetime.fromtimestamp(start, days.zone)
        key = days.kind(local.date()), local.time().replace(fold=0)
        if key not in known:
            weight = _weight(days, changes, *key, newest)
            if weight is None:
                return None
            known[key] = weight
        weights.append(known[key])
        start += HOUR_SECONDS
    return weights


def _weight(
    days: DayKinds,
    changes: Mapping[float, float],
    kind: DayKind,
    clock: time,
    newest: date,
) -> float | None:
    """Return the mean change at a local time on the latest days of a kind.

    The result is `None` if too few of the days up to `newest` were measured.
    """
    found: list[float] = []
    for back in range(DAYS_BACK):
        day = newest - back * _ONE_DAY
        if days.kind(day) is kind:
            change = changes.get(_start(day, clock, days.zone))
            if change is not None:
                # A difference of positions is the same as one of sums once rounded.
                found.append(max(rounded(change), 0.0))
        if len(found) == MOST_DAYS:
            break
    return sum(found) / len(found) if len(found) >= FEWEST_DAYS else None


def _start(day: date, clock: time, zone: tzinfo) -> float:
    """Return when an hour begins at a local time, in epoch seconds.

    The result is `NEVER` if the clocks were put forward, so that the day has no such
    hour.
    """
    start = datetime.combine(day, clock, zone).timestamp()
    exists = datetime.fromtimestamp(start, zone).time() == clock
    return start if exists else NEVER
