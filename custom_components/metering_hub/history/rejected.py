"""Count the readings that were rejected or held, and keep the newest one.

Each import reads the latest hours again. What it rejects there replaces what was
counted before, so each reading counts once, and none that is believed in the end.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from ..metering.model import Kind, Point
from ..metering.register_rules import RULES, Rejected, Rule
from .maths.rows import FOREVER, NEVER, as_datetime, hour_start

MAX_HOURS = 500
"""The hours of a point that are counted one by one; older ones are only added up."""

ALL_RULES = frozenset(Rule)

OF_ALL_TIMES = frozenset({Rule.FUTURE, Rule.TOO_OLD})
"""The rules about the time of a reading, whatever it measures."""

IGNORED_IF_TRUSTED = frozenset(
    {Rule.CAPACITY, Rule.EXCURSION, Rule.CORRECTION, Rule.UNUSUAL, Rule.UNDECIDED}
)
"""The rules that are off for a register whose readings are taken as they are."""


def rules_of(point: Point, *, is_trusted: bool) -> list[Rule]:
    """Return the rules that the readings of a point are checked against."""
    if point.kind is Kind.REGISTER:
        on = ALL_RULES - {Rule.NEGATIVE} - (IGNORED_IF_TRUSTED if is_trusted else set())
    elif point.kind is Kind.INTERVAL:
        on = OF_ALL_TIMES | {Rule.NEGATIVE}
    else:
        on = OF_ALL_TIMES
    return [each.rule for each in RULES if each.rule in on]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestRejected:
    """The newest rejected reading of all points, and the rule that it broke."""

    point: str
    time: datetime
    value: float
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionReport:
    """How many readings broke which rule, and the newest of them."""

    by_rule: Mapping[Rule, int] = field(default_factory=dict)
    newest: NewestRejected | None = None

    @property
    def count(self) -> int:
        """Return the number of rejected readings."""
        return sum(self.by_rule.values())


@dataclass(slots=True)
class _Hour:
    """The readings that were rejected in one hour."""

    newest: Rejected
    by_rule: Counter[Rule]


class PointRejections:
    """The rejected readings of one point, by hour."""

    def __init__(self) -> None:
        """Initialize without a rejected reading."""
        self._hours: dict[float, _Hour] = {}
        self._unread: dict[float, _Hour] = {}
        self._older: Counter[Rule] = Counter()
        self._older_until = NEVER
        self._begin = NEVER
        self._counted: frozenset[float] = frozenset()

    def start(self, since: datetime | None) -> None:
        """Start to read again from `since` on, or from the first reading on."""
        self._begin = NEVER if since is None else since.timestamp()
        if self._begin <= self._older_until:
            self._older.clear()
        read_again = [hour for hour in self._hours if hour >= self._begin]
        self._unread |= {hour: self._hours.pop(hour) for hour in read_again}
        self._counted = frozenset(self._hours)

    def add(self, rejected: Iterable[Rejected], until: float = FOREVER) -> None:
        """Add readings that were rejected; all before `until` have been read."""
        if self._unread:
            read = hour_start(until) if until < FOREVER else FOREVER
            for hour in [hour for hour in self._unread if hour < read]:
                del self._unread[hour]
        for reading in rejected:
            hour = hour_start(reading.time)
            if self._was_counted(hour):
                continue
            self._unread.pop(hour, None)
            if (known := self._hours.get(hour)) is None:
                self._hours[hour] = _Hour(reading, Counter([reading.rule]))
                continue
            known.by_rule[reading.rule] += 1
            known.newest = max(known.newest, reading, key=itemgetter(0))
        self._add_up_oldest()

    def _was_counted(self, hour: float) -> bool:
        """Return True if an earlier import has counted an hour that is not read again.

        Some readings before `since` are read for what they tell about later ones.
        """
        return hour < self._begin and (
            hour in self._counted or hour <= self._older_until
        )

    def _add_up_oldest(self) -> None:
        """Keep a bounded number of hours apart."""
        if len(self._hours) <= MAX_HOURS:
            return
        for hour in sorted(self._hours)[:-MAX_HOURS]:
            self._older += self._hours.pop(hour).by_rule
            self._older_until = max(self._older_until, hour)

    @property
    def by_hour(self) -> Mapping[float, Mapping[Rule, int]]:
        """Return the number of readings by the start of their hour and by rule.

        Hours that are only added up are left out.
        """
        hours = self._hours | self._unread
        return {start: hour.by_rule for start, hour in hours.items()}

    @property
    def by_rule(self) -> Counter[Rule]:
        """Return the number of readings by the rule that they broke."""
        total = Counter(self._older)
        for hour in (*self._hours.values(), *self._unread.values()):
            total.update(hour.by_rule)
        return total

    @property
    def newest(self) -> Rejected | None:
        """Return the newest rejected reading."""
        hours = self._hours | self._unread
        return hours[max(hours)].newest if hours else None


class Rejections:
    """The rejected readings of all points of a config entry."""

    def __init__(self) -> None:
        """Initialize without a rejected reading."""
        self._points: dict[str, PointRejections] = {}

    def start(self, key: str, since: datetime | None) -> PointRejections:
        """Return those of a point, which is read again from `since` on."""
        found = self._points.setdefault(key, PointRejections())
        found.start(since)
        return found

    @property
    def points(self) -> Mapping[str, PointRejections]:
        """Return the rejected readings of each point, by its key."""
        return self._points

    def report(self) -> RejectionReport:
        """Return how many readings of which points broke which rule."""
        by_rule: Counter[Rule] = Counter()
        newest: NewestRejected | None = None
        for key, found in self._points.items():
            by_rule.update(found.by_rule)
            if (reading := found.newest) is None:
                continue
            time = as_datetime(reading.time)
            if newest is None or time > newest.time:
                newest = NewestRejected(
                    point=key, time=time, value=reading.value, rule=reading.rule
                )
        return RejectionReport(by_rule=dict(sorted(by_rule.items())), newest=newest)
