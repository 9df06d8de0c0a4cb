"""When the history of each series starts, in each data state."""

from collections.abc import Collection, Iterable, Sequence
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
        self._first: dict[int, dict[int, datetime]] = {}
        self._empty: dict[int, dict[int, datetime]] = {}
        self._unknown: dict[int, BackendError] = {}

    async def find(self, series_ids: Iterable[int], now: datetime) -> None:
        """Request missing first values; of empty series once a day.

        A series is only empty if the server says so in every state. Raises
        BackendError if the whole server fails.
        """
        numbers = [*series_ids]
        self.take_unknown(numbers)
        for state in self._states.order:
            missing = [n for n in numbers if self._is_missing(n, state, now)]
            found, failed = await self._request(missing, state, now)
            self._states.add((n for n, time in found.items() if time), state)
            self._unknown |= failed
            for number, time in found.items():
                if time is None:
                    self._empty.setdefault(number, {})[state] = now
                else:
                    first = self._first.setdefault(number, {})
                    first[state] = max(time, EARLIEST)

    def _is_missing(self, number: int, state: int, now: datetime) -> bool:
        """Return True if the first value of a series in a state is to be requested.

        Whether a series begins to have values in another state, the polls show.
        """
        if number in self._unknown or state in self._first.get(number, {}):
            return False
        empty = self._empty.get(number, {}).get(state)
        if empty is None:
            return True
        is_expected = state in self._states.all_of(number)
        return now - empty >= DAY and (is_expected or number not in self._first)

    async def _request(
        self, missing: Sequence[int], state: int, now: datetime
    ) -> Results[datetime | None]:
        """Request the first values of series in a state."""
        length = self._client.url_length(Span(state=state, start=now, end=now))
        parts, failed = await self._batcher.request_some(
            make_batches(missing, url_length=length),
            partial(self._client.first_times, state=state),
        )
        found = {n: time for part in parts for n, time in part.items()}
        for number in set(missing) - found.keys() - failed.keys():
            failed[number] = ProtocolError("the server does not say when it starts")
        return found, failed

    def first_in(self, series_id: int, state: int) -> datetime:
        """Return the time of the first value in a state, as far as it is known."""
        return self._first.get(series_id, {}).get(state, EARLIEST)

    def earliest(self, series_ids: Collection[int]) -> datetime | None:
        """Return the hour in UTC of the first value of any of these series.

        Raises BackendError if none is known, and the server did not say so of all.
        """
        known = [n for n in series_ids if n not in self._unknown]
        times = [time for n in known for time in self._first.get(n, {}).values()]
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
        self._first = {n: each for n, each in self._first.items() if n in series_ids}
        self._empty = {n: each for n, each in self._empty.items() if n in series_ids}
        self._unknown = {n: e for n, e in self._unknown.items() if n in series_ids}

    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned.

        Releases that read one state only remembered its first values as "first". They
        are requested again, because another state may begin earlier.
        """
        for label, states in as_object(memory.get("first_by_state")).items():
            for state_label, text in as_object(states).items():
                number, state = as_integer(label), as_integer(state_label)
                if number is None or state is None:
                    continue
                if text is None:
                    self._empty.setdefault(number, {})[state] = EARLIEST
                elif (time := as_utc_moment(text)) is not None:
                    self._first.setdefault(number, {})[state] = max(time, EARLIEST)

    def remember(self) -> dict[str, Json]:
        """Return the first values' times by series and state; null is none."""
        known: dict[str, Json] = {}
        for number, first in self._first.items():
            empty = dict.fromkeys(self._empty.get(number, {}), None)
            times = {state: time.isoformat() for state, time in first.items()}
            known[str(number)] = {str(s): text for s, text in (empty | times).items()}
        return {"first_by_state": known}
