"""Requests for the values of many series, in batches.

Source: docs/wire/bemserver.md, Time series data and Limits.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain

from ..common.bounds import check_answer_count
from ..common.concurrency import gather_parts
from ..errors import (
    ONE_ENDPOINT_ERRORS,
    BackendError,
    NotFoundError,
    PermissionDeniedError,
)
from .client import UnknownSeriesError

MAX_IDS = 50
MAX_URL = 1500
"""Bytes. The documented deployment fails at 1,800, gunicorn alone at 4,000."""

MAX_ROWS = 20_000
"""Values per answer: about a second of the server's time and 300 kB."""

MAX_SURPLUS = 7.0
"""Values per series that were not asked for: fifty series bring 13 kB of them at most.

A batch is read from the earliest start of its series on, so all others bring more.
Those of a quarter of an hour may be with others that are read two hours back.
"""

RECHECK_AFTER = timedelta(minutes=10)
"""How long to wait after a search for forbidden series that found none."""

MOST_REFUSALS = 5
"""How often a batch is sent again without some of its series.

The server names all unknown series at once, so two of them are enough.
"""

type Batch = tuple[int, ...]
"""Ids of the series in one request."""

type ExpectedRows = Callable[[int], float]
"""Returns the number of values that an answer is expected to have for a series."""


def make_batches(
    ids: Iterable[int], *, url_length: int, rows: ExpectedRows | None = None
) -> list[Batch]:
    """Split series into batches, keeping their order.

    `url_length` is the length in bytes of the URL without series.
    """
    batches: list[list[int]] = []
    size, expected = 0, 0.0
    for number in ids:
        own_size, own_rows = len(f"&timeseries={number}"), rows(number) if rows else 0
        is_full = (
            not batches
            or len(batches[-1]) == MAX_IDS
            or size + own_size > MAX_URL
            or expected + own_rows > MAX_ROWS
        )
        if is_full:
            batches.append([])
            size, expected = url_length, 0
        batches[-1].append(number)
        size, expected = size + own_size, expected + own_rows
    return [tuple(batch) for batch in batches]


def make_windows(
    starts: Mapping[int, datetime],
    interval: Callable[[int], timedelta],
    surplus: float = MAX_SURPLUS,
    size: int = MAX_IDS,
) -> list[list[int]]:
    """Group series that start at similar times, the earliest ones first.

    A group is read from the earliest of its starts on, and so brings values that were
    not asked for. There are at most `surplus` of them per series: a series with a value
    a month does not make others be read a month back. `interval` returns the time
    between two values of a series, and `size` is that of the largest group.
    """
    windows: list[list[int]] = []
    first, found = datetime.max.replace(tzinfo=UTC), 0.0
    for number in sorted(starts, key=lambda number: (starts[number], number)):
        own = (starts[number] - first) / interval(number)
        if (
            not windows
            or len(windows[-1]) == size
            or found + own > surplus * (len(windows[-1]) + 1)
        ):
            windows.append([])
            first, found, own = starts[number], 0.0, 0.0
        windows[-1].append(number)
        found += own
    return windows


class SeriesBatcher:
    """Requests batches, and drops deleted and forbidden series from them.

    A refused series is not requested again before the catalogue has been read again.
    """

    def __init__(
        self,
        visible_series: Callable[[], Awaitable[Collection[int]]],
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize with the function that fetches the ids of all visible series."""
        self._visible_series = visible_series
        self._clock = clock
        self._none_forbidden_at: datetime | None = None
        self._refused: dict[int, BackendError] = {}

    def reset(self) -> None:
        """Request refused series again: the catalogue has been read again."""
        self._refused.clear()
        self._none_forbidden_at = None

    def is_refused(self, series_id: int) -> bool:
        """Return True if the server has deleted or forbidden a series."""
        return series_id in self._refused

    async def request[Part](
        self,
        batches: Iterable[Batch],
        send: Callable[[Sequence[int]], Awaitable[Part]],
    ) -> tuple[list[Part], dict[int, BackendError]]:
        """Return the answers to all batches, and the errors by series.

        Raises BackendError if the whole server fails, or if every batch does.
        """
        all_batches = [*batches]
        parts, failures = await gather_parts(
            {batch: self._request_batch(batch, send) for batch in all_batches}
        )
        if failures and not parts:
            raise next(iter(failures.values()))
        failed = {
            number: error for batch, error in failures.items() for number in batch
        }
        for number in chain.from_iterable(all_batches) if self._refused else ():
            if number in self._refused:
                failed[number] = self._refused[number]
        return [part for part in parts.values() if part is not None], failed

    async def request_some[Part](
        self,
        batches: Iterable[Batch],
        send: Callable[[Sequence[int]], Awaitable[Part]],
    ) -> tuple[list[Part], dict[int, BackendError]]:
        """Return the same as `request`; if every batch fails, so do all the series.

        Raises BackendError if the whole server fails.
        """
        all_batches = [*batches]
        try:
            return await self.request(all_batches, send)
        except ONE_ENDPOINT_ERRORS as err:
            return [], dict.fromkeys((n for each in all_batches for n in each), err)

    async def _request_batch[Part](
        self, batch: Batch, send: Callable[[Sequence[int]], Awaitable[Part]]
    ) -> Part | None:
        """Request a batch until it contains no refused series; `None` if none is left.

        The server names unknown series, but not forbidden ones. Raises EndlessError if
        it refuses others each time.
        """
        refusals = 0
        while ids := [number for number in batch if number not in self._refused]:
            try:
                return await send(ids)
            except UnknownSeriesError as err:
                bad = err.ids.intersection(ids)
                reason: BackendError = NotFoundError("series deleted on the server")
                if not bad:
                    raise
            except PermissionDeniedError:
                bad = await self._forbidden(ids)
                reason = PermissionDeniedError("series no longer permitted")
                if not bad:
                    raise
            self._refused |= dict.fromkeys(bad, reason)
            refusals += 1
            check_answer_count(refusals, "refusals of a batch", MOST_REFUSALS)
        return None

    async def _forbidden(self, ids: Collection[int]) -> frozenset[int]:
        """Return the series that have disappeared from the catalogue."""
        now, last = self._clock(), self._none_forbidden_at
        if last is not None and now - last < RECHECK_AFTER:
            return frozenset()
        bad = frozenset(ids) - frozenset(await self._visible_series())
        self._none_forbidden_at = None if bad else now
        return bad
