"""Notice which series have changed on past days, by the count and sum of each day.

The server cannot report changes, but it counts and sums the values of a day: two
requests for up to 50 series, whatever the number of values. Of each day a digest is
kept. A day whose values were only exchanged among each other is not noticed.
Source: docs/wire/bemserver.md, Time series data.
"""

import asyncio
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
import hashlib

from ..base import Comparison, Memory
from ..common.http import Json
from ..common.parse import as_number, as_object, as_text
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

        Only days that were over are remembered: today's values are read anyway. A
        series whose values are now read in another data state differs. Raises
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
        digests: dict[int, Sequence[str]] = {}
        for state, numbers in self._states.group(series_ids).items():
            # The server rounds the end up to a whole bucket.
            span = Span(state=state, start=start, end=end - timedelta(seconds=1))
            counts = await self._request(numbers, span, Aggregation.COUNT)
            sums = await self._request(numbers, span, Aggregation.SUM)
            for number in counts.keys() & sums.keys():
                digests[number] = _digest_days(state, counts[number], sums[number])
                await asyncio.sleep(0)
        return digests

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
        text = as_text(self._days.get(number))
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


def _digest_days(
    state: int, counts: Mapping[str, Json], sums: Mapping[str, Json]
) -> Sequence[str]:
    """Return a digest of each day, oldest first."""
    return [_digest(state, counts[day], sums.get(day)) for day in sorted(counts)]


def _digest(state: int, count: Json, total: Json) -> str:
    """Return a few letters that differ if the count or the sum of a day does."""
    number = as_number(total)
    text = "" if number is None else f"{number:.{EXACT_DIGITS}g}"
    raw = hashlib.sha256(f"{state} {count} {text}".encode()).digest()
    return b64encode(raw[:DIGEST_BYTES]).decode()
