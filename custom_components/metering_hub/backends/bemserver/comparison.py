"""Notice which series have changed on past days, by the count and sum of each day.

The server cannot report changes, but it counts and sums the values of a day: two
requests for up to 50 series, whatever the number of values. Of each day a digest is
kept. A day whose values were only exchanged among each other is not noticed. A day that
lacks values in the best data state is also compared in the next one.
Source: docs/wire/bemserver.md, Time series data.
"""

import asyncio
from base64 import b64encode
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
import hashlib

from ..base import Comparison, Memory
from ..common.http import Json
from ..common.parse import as_number, as_object, as_text, as_whole_text
from ..common.times import as_moment, local_midnight
from .batching import SeriesBatcher, make_batches
from .data_states import DataStates
from .timeseries_client import Aggregation, Span, TimeseriesClient, Values, Width

DAY = timedelta(days=1)
DIGEST_BYTES = 3
"""One of 16 million changes is not noticed."""

DIGEST_LETTERS = 4 * DIGEST_BYTES // 3

EXACT_DIGITS = 12
"""The server adds in any order, which changes the last digits of a sum."""

type Digests = Mapping[int, Sequence[str]]
"""A digest per day of each series."""


class DayComparer:
    """Compares the days of series with what was seen of them before."""

    def __init__(
        self, batcher: SeriesBatcher, client: TimeseriesClient, states: DataStates
    ) -> None:
        """Initialize the comparer."""
        self._batcher = batcher
        self._client = client
        self._states = states

    async def compare(
        self, series: Mapping[str, int], start: datetime, now: datetime, seen: Memory
    ) -> Comparison:
        """Return the series, by point key, of which whole UTC days differ.

        Only days that were over are remembered: today's values are read anyway. Raises
        BackendError if the whole server fails.
        """
        first = local_midnight(start, UTC)
        digests = await self._digests(series.values(), first, local_midnight(now, UTC))
        before = _Seen(seen)
        since: dict[str, datetime] = {}
        days: dict[str, Json] = {}
        for key, number in series.items():
            if (found := digests.get(number)) is None:
                continue
            changed = before.first_change(str(number), found, first.date())
            if changed is not None:
                since[key] = max(start, first + changed * DAY)
            days[str(number)] = "".join(found)
        return Comparison(
            since=since, seen={"first": first.date().isoformat(), "days": days}
        )

    async def _digests(
        self, series_ids: Collection[int], start: datetime, end: datetime
    ) -> Digests:
        """Return the digests of all whole days in [start, end) of series with values.

        Series that the server refuses are missing.
        """
        days: dict[int, _DayTexts] = {}
        refused: set[int] = set()
        for state in self._states.order:
            # The server rounds the end up to a whole bucket.
            span = Span(state=state, start=start, end=end - timedelta(seconds=1))
            asked = [n for n in series_ids if n not in days or days[n].lacks_values]
            known = self._states.having(asked, state)
            # A better state than the known ones may have begun to have values.
            looked = [n for n in asked if n in known or n not in days]
            counts = await self._request(looked, span, Aggregation.COUNT)
            found = [n for n, each in counts.items() if any(each.values())]
            self._states.add(found, state)
            summed = [n for n in looked if n in known or n in found]
            sums = await self._request(summed, span, Aggregation.SUM)
            refused |= {*summed} - (counts.keys() & sums.keys())
            for number in counts.keys() & sums.keys():
                texts = days.setdefault(number, _DayTexts())
                texts.add(state, counts[number], sums[number])
                await asyncio.sleep(0)
        return {
            number: [_digest(text) for text in texts.texts]
            for number, texts in days.items()
            if number not in refused
        }

    async def _request(
        self, numbers: Sequence[int], span: Span, aggregation: Aggregation
    ) -> Values:
        """Return an aggregate of each day by series; raises BackendError."""
        parts, failed = await self._batcher.request(
            make_batches(numbers, url_length=self._client.url_length(span)),
            lambda ids: self._client.buckets(ids, span, Width.DAY, aggregation),
        )
        for number, error in failed.items():
            if not self._batcher.is_refused(number):
                raise error
        return {number: days for part in parts for number, days in part.items()}


class _Seen:
    """The digests of an earlier comparison; unreadable ones were not seen."""

    def __init__(self, seen: Memory) -> None:
        """Initialize with what the earlier comparison returned."""
        self._days = as_object(seen.get("days"))
        first = as_moment(f"{as_text(seen.get('first'))}T00:00:00Z")
        self._first: date | None = None if first is None else first.date()

    def first_change(
        self, number: str, digests: Sequence[str], first: date
    ) -> int | None:
        """Return the index of the first day that differs; `None` if none does.

        Days that only one of the comparisons has do not differ. A series that was not
        seen differs from its first day on.
        """
        text = as_whole_text(self._days.get(number))
        if text is None or self._first is None:
            return 0
        moved = (first - self._first).days
        letters = DIGEST_LETTERS
        for index, digest in enumerate(digests):
            place = (index + moved) * letters
            known = text[place : place + letters] if place >= 0 else ""
            if known and known != digest:
                return index
        return None


class _DayTexts:
    """A text for each day of a series, oldest first: counts and sums by state."""

    def __init__(self) -> None:
        """Initialize without any days."""
        self.texts: list[str] = []
        self._lacking: set[int] = set()

    @property
    def lacks_values(self) -> bool:
        """Return True if a day has fewer values than most days have."""
        return bool(self._lacking)

    def add(
        self, state: int, counts: Mapping[str, Json], sums: Mapping[str, Json]
    ) -> None:
        """Add the values of a state on the days that lack some in a better one."""
        by_day = [
            (as_number(counts[day]) or 0.0, as_number(sums.get(day)))
            for day in sorted(counts)
        ]
        if not self.texts:
            self.texts = [""] * len(by_day)
            self._lacking = {*range(len(by_day))}
        shares = Counter(count for count, _ in by_day if count)
        usual = max(shares, key=lambda count: (shares[count], count), default=0.0)
        for index, (count, total) in enumerate(by_day):
            if index in self._lacking:
                number = "" if total is None else f"{total:.{EXACT_DIGITS}g}"
                self.texts[index] += f"{state} {count:g} {number}"
                if count >= usual > 0:
                    self._lacking.discard(index)


def _digest(text: str) -> str:
    """Return a few letters that differ if a text does."""
    raw = hashlib.sha256(text.encode()).digest()
    return b64encode(raw[:DIGEST_BYTES]).decode()
