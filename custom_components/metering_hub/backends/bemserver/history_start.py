"""When the history of each series starts."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from ..base import Memory
from ..common.http import Json
from ..common.parse import as_integer, as_object
from ..common.times import as_utc_moment, whole_hour
from ..errors import BackendError, ProtocolError
from .batching import SeriesBatcher, make_batches
from .data_states import DataStates, Results
from .timeseries_client import Span, TimeseriesClient

DAY = timedelta(days=1)

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Campaigns load measurements that are much older than the server."""


class HistoryStarts:
    """Remembers first values: finding one makes the server scan the whole history."""

    def __init__(
        self, batcher: SeriesBatcher, client: TimeseriesClient, states: DataStates
    ) -> None:
        """Initialize without any first values."""
        self._batcher = batcher
        self._client = client
        self._states = states
        self._first: dict[int, datetime] = {}
        self._empty: dict[int, datetime] = {}
        self._unknown: dict[int, BackendError] = {}

    async def find(self, series_ids: Iterable[int], now: datetime) -> None:
        """Request missing first values; of empty series once a day.

        A series is only empty if the server says so in every state. Raises
        BackendError if the whole server fails, or if every request does.
        """
        missing = [
            number
            for number in series_ids
            if number not in self._first
            and now - self._empty.get(number, now - DAY) >= DAY
        ]

        async def read(ids: list[int], state: int) -> Results[datetime]:
            """Request the first values of series in a state."""
            length = self._client.url_length(Span(state=state, start=now, end=now))
            parts, failed = await self._batcher.request(
                make_batches(ids, url_length=length),
                partial(self._client.first_times, state=state),
            )
            answers = {n: time for part in parts for n, time in part.items()}
            for number in set(ids) - answers.keys() - failed.keys():
                failed[number] = ProtocolError("the server does not say when it starts")
            return {n: time for n, time in answers.items() if time}, failed

        self.take_unknown(missing)
        found, failed = await self._states.search(missing, read)
        self._first |= {n: max(time, EARLIEST) for n, time in found.items()}
        self._unknown |= failed
        for number in missing:
            if number not in found and number not in failed:
                self._empty[number] = now

    def earliest(self, series_ids: Collection[int]) -> datetime | None:
        """Return the hour in UTC of the first value of any of these series.

        Raises BackendError if none is known, and the server did not say so of all.
        """
        times = [self._first[n] for n in series_ids if n in self._first]
        if times:
            return whole_hour(min(times))
        for number in series_ids:
            if number in self._unknown:
                raise self._unknown[number]
        return None

    def take_unknown(self, series_ids: Iterable[int]) -> dict[int, BackendError]:
        """Return the series whose first value could not be read, and forget them.

        An import that does not know where such a series starts must leave it out.
        """
        numbers = [n for n in series_ids if n in self._unknown]
        return {number: self._unknown.pop(number) for number in numbers}

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        self._first = {n: at for n, at in self._first.items() if n in series_ids}
        self._empty = {n: at for n, at in self._empty.items() if n in series_ids}
        self._unknown = {n: e for n, e in self._unknown.items() if n in series_ids}

    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned."""
        for label, text in as_object(memory.get("first")).items():
            number, time = as_integer(label), as_utc_moment(text)
            if number is not None and time is not None:
                self._first[number] = max(time, EARLIEST)

    def remember(self) -> dict[str, Json]:
        """Return the first values' times."""
        return {"first": {str(n): time.isoformat() for n, time in self._first.items()}}
