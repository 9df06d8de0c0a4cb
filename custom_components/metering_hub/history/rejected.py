"""Count the readings that were rejected or held, and keep the newest one.

Each import reads the latest hours again. What it rejects there replaces what was
counted before, so each reading counts once, and none that is believed in the end.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Self

from ..metering.model import Kind, Point
from ..metering.register_rules import RULES, Rejected, Rule, Severity
from .maths.rows import FOREVER, NEVER, as_datetime, hour_start

MAX_HOURS = 500
"""The hours of a point that are counted one by one; older ones are only added up."""

_TIME = itemgetter(0)
"""What readings are sorted by."""

ALL_RULES = frozenset(Rule)

OF_ALL_TIMES = frozenset({Rule.FUTURE, Rule.TOO_OLD})
"""The rules about the time of a reading, whatever it measures."""

IGNORED_IF_TRUSTED = frozenset(
    {Rule.CAPACITY, Rule.EXCURSION, Rule.CORRECTION, Rule.UNUSUAL, Rule.UNDECIDED}
)
"""The rules that are off for a register whose readings are taken as they are."""

BY_HINDSIGHT = IGNORED_IF_TRUSTED | {Rule.NEW_REGISTER}
"""The rules by which a reading may decide what earlier ones of the window were."""


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


HOLDING = frozenset(each.rule for each in RULES if each.severity is Severity.HOLD)
"""The rules that have not decided about a reading yet."""


@dataclass(slots=True)
class _Hour:
    """The readings that were rejected or held in one hour."""

    newest: Rejected
    by_rule: Counter[Rule]
    newest_decided: Rejected | None = None

    @classmethod
    def of(cls, reading: Rejected) -> Self:
        """Return an hour with its first reading."""
        hour = cls(reading, Counter())
        hour.add(reading)
        return hour

    def add(self, reading: Rejected) -> None:
        """Count a reading."""
        self.by_rule[reading.rule] += 1
        self.newest = max(self.newest, reading, key=_TIME)
        if reading.rule not in HOLDING:
            known = self.newest_decided or reading
            self.newest_decided = max(known, reading, key=_TIME)

    @property
    def decided(self) -> int:
        """Return the number of readings that were rejected for good."""
        return sum(count for rule, count in self.by_rule.items() if rule not in HOLDING)


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
                self._hours[hour] = _Hour.of(reading)
            else:
                known.add(reading)
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

    def has_any(self, rules: Collection[Rule], since: float) -> bool:
        """Return True if a reading broke one of these rules in the hours `since`."""
        hours = self._hours | self._unread
        return any(
            time >= since and not hour.by_rule.keys().isdisjoint(rules)
            for time, hour in hours.items()
        )

    @property
    def newest(self) -> Rejected | None:
        """Return the newest rejected reading."""
        hours = self._hours | self._unread
        return hours[max(hours)].newest if hours else None

    def decided_since(self, hour: float) -> tuple[int, Rejected | None]:
        """Return how many readings from an hour on were rejected for good.

        The newest of them comes with the number. Held readings do not count, nor do
        those in hours that are only added up.
        """
        later = [
            each
            for start, each in (self._hours | self._unread).items()
            if start >= hour and each.newest_decided is not None
        ]
        newest = (each.newest_decided for each in later if each.newest_decided)
        return (
            sum(each.decided for each in later),
            max(newest, default=None, key=_TIME),
        )


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

    def contested(self, since: datetime) -> set[str]:
        """Return the keys of points of which readings contradict others `since` then.

        They may decide what earlier readings were that have not changed.
        """
        first = since.timestamp()
        return {k for k, p in self._points.items() if p.has_any(BY_HINDSIGHT, first)}

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
