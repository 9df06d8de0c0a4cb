"""Find out on which day rows were added or removed, from how many there were before.

A server that only counts rows can still say what has changed: the number of rows up to
a moment was seen before. One count shows that nothing has; where it differs, the first
of the moments at which it does is found by halving.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .http import Json
from .parse import as_integer, as_object
from .times import as_utc_moment

DAY = timedelta(days=1)

type CountRows = Callable[[datetime, datetime], Awaitable[int]]
"""Return the number of rows stored in [begin, end]; raises BackendError."""


BETWEEN_SECONDS = 500_000
"""The microseconds of moments up to which rows are counted; none has this time."""


def between_seconds(moment: datetime) -> datetime:
    """Return a moment between the second of another one and the next, in UTC."""
    return moment.astimezone(UTC).replace(microsecond=BETWEEN_SECONDS)


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of rows stored since `begin`, up to each of some later moments.

    No row has the time of one of the moments, so that each row is on one side of it.
    """

    begin: datetime
    upto: Sequence[tuple[datetime, int]] = ()

    @property
    def last(self) -> tuple[datetime, int]:
        """Return the last moment and its number; `begin` and 0 without any."""
        return self.upto[-1] if self.upto else (self.begin, 0)

    def since(self, start: datetime) -> Counts:
        """Return the counts that begin at `start` or at the next of the moments."""
        if self.begin >= start:
            return self
        for index, (moment, before) in enumerate(self.upto):
            if moment >= start:
                later = self.upto[index + 1 :]
                return Counts(moment, [(at, number - before) for at, number in later])
        return Counts(start)

    def overlapping(self, start: datetime) -> Counts:
        """Return the counts without the spans that end before `start`.

        Unlike `since`, this keeps a span that contains `start`.
        """
        kept = self
        for index, (moment, before) in enumerate(self.upto):
            if moment <= start:
                later = self.upto[index + 1 :]
                kept = Counts(moment, [(at, number - before) for at, number in later])
        return kept

    def with_last(self, moment: datetime, number: int) -> Counts:
        """Return the counts with a later moment."""
        if self.upto and moment <= self.upto[-1][0]:
            return self
        return Counts(self.begin, [*self.upto, (moment, number)])

    def as_json(self) -> Json:
        """Return the counts as they are stored."""
        return {
            "begin": self.begin.isoformat(),
            "upto": [[moment.isoformat(), number] for moment, number in self.upto],
        }


def counts_from_json(stored: Json) -> Counts | None:
    """Return stored counts; `None` if they are unreadable."""
    row = as_object(stored)
    begin, pairs = as_utc_moment(row.get("begin")), row.get("upto")
    if begin is None or not isinstance(pairs, list):
        return None
    upto: list[tuple[datetime, int]] = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            return None
        moment, number = as_utc_moment(pair[0]), as_integer(pair[1])
        if moment is None or number is None:
            return None
        upto.append((moment, number))
    return Counts(begin, upto)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountChanges:
    """Where rows were added or removed, and the new counts.

    `first` is the start of the first span whose number differs, `added` that of the
    first one with more rows, and `removed` the end of the last one with fewer.
    """

    first: datetime | None
    added: datetime | None
    removed: datetime | None
    counts: Counts


async def count_days(begin: datetime, end: datetime, count: CountRows) -> Counts:
    """Return the counts up to each whole day after `begin`, and up to `end`.

    This takes a request for each. Raises BackendError.
    """
    counts = Counts(begin)
    moment = begin
    while moment < end:
        moment = min(moment + DAY, end)
        counts = counts.with_last(moment, await count(begin, moment))
    return counts


async def find_count_changes(seen: Counts, count: CountRows) -> CountChanges:
    """Return where the server now has more or fewer rows than were seen.

    This takes a request if nothing has changed, else at most one for each of the
    moments. Raises BackendError.
    """
    known: dict[datetime, int] = {}

    async def excess(index: int) -> int:
        """Return how many rows more than seen there are up to a moment."""
        moment, before = seen.upto[index]
        if moment not in known:
            known[moment] = await count(seen.begin, moment)
        return known[moment] - before

    start: datetime | None = None
    added: datetime | None = None
    removed: datetime | None = None
    first, shift, new = 0, 0, [*seen.upto]
    while first < len(new) and await excess(len(new) - 1) != shift:
        low, high = first, len(new) - 1
        while low < high:
            middle = (low + high) // 2
            if await excess(middle) == shift:
                low = middle + 1
            else:
                high = middle
        begin = seen.upto[low - 1][0] if low else seen.begin
        start = start or begin
        more = await excess(low) - shift
        if more > 0:
            added = added or begin
        else:
            removed = seen.upto[low][0]
        shift += more
        new[low:] = [(at, before + shift) for at, before in seen.upto[low:]]
        first = low + 1
    counts = Counts(seen.begin, new)
    return CountChanges(first=start, added=added, removed=removed, counts=counts)
