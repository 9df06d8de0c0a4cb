"""Ask for points of many series: in chunks, without those that the server refuses."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta

from ..common.concurrency import gather_parts
from ..errors import BackendError, NotFoundError, PermissionDeniedError
from .client import UnknownSeriesError

MAX_IDS = 50
MAX_URL = 1500
"""Bytes. The documented deployment fails at 1,800; gunicorn alone at 4,000."""

MAX_ROWS = 20_000
"""Values per answer: about a second of the server's time and 300 kB."""

LOOK_AGAIN = timedelta(minutes=10)
"""How soon what is forbidden is looked for again, after it was not found."""

type Rows = Callable[[int], float]
"""How many values a series is expected to have."""


def id_chunks(
    ids: Iterable[int], *, length: int, rows: Rows | None = None
) -> list[tuple[int, ...]]:
    """Return ids in chunks that one request each can carry, in their order.

    `length` is that of the URL without ids, in bytes.
    """
    chunks: list[list[int]] = []
    size, expected = 0, 0.0
    for number in ids:
        own_size, own_rows = len(f"&timeseries={number}"), rows(number) if rows else 0
        full = (
            not chunks
            or len(chunks[-1]) == MAX_IDS
            or size + own_size > MAX_URL
            or expected + own_rows > MAX_ROWS
        )
        if full:
            chunks.append([])
            size, expected = length, 0
        chunks[-1].append(number)
        size, expected = size + own_size, expected + own_rows
    return [tuple(chunk) for chunk in chunks]


class SeriesAsker:
    """Asks for chunks of series; one that is deleted or forbidden costs only itself.

    `refused` holds those and why, until `forget`: they are not asked for again before
    the catalogue was read anew.
    """

    def __init__(
        self,
        visible: Callable[[], Awaitable[Collection[int]]],
        clock: Callable[[], datetime],
    ) -> None:
        """Take what reads the ids of all series that may be seen."""
        self._visible = visible
        self._clock = clock
        self._in_vain: datetime | None = None
        self.refused: dict[int, BackendError] = {}

    def forget(self) -> None:
        """Ask for everything again: the catalogue is a new one."""
        self.refused.clear()
        self._in_vain = None

    async def ask[Part](
        self,
        chunks: Iterable[Sequence[int]],
        request: Callable[[Sequence[int]], Awaitable[Part]],
    ) -> tuple[list[Part], dict[int, BackendError]]:
        """Return the answers for all chunks, and the series that have none, and why.

        Raises errors that concern the whole server; an error of one chunk only if no
        chunk has an answer.
        """
        asked = [tuple(chunk) for chunk in chunks]
        parts, failures = await gather_parts(
            {chunk: self._ask_one(chunk, request) for chunk in asked}
        )
        if failures and not parts:
            raise next(iter(failures.values()))
        failed = {
            number: error for chunk, error in failures.items() for number in chunk
        }
        for chunk in asked:
            failed |= {
                number: self.refused[number]
                for number in chunk
                if number in self.refused
            }
        return [part for part in parts.values() if part is not None], failed

    async def _ask_one[Part](
        self, chunk: Sequence[int], request: Callable[[Sequence[int]], Awaitable[Part]]
    ) -> Part | None:
        """Ask for a chunk, without what was refused before or is now."""
        while ids := [number for number in chunk if number not in self.refused]:
            try:
                return await request(ids)
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
            self.refused |= dict.fromkeys(bad, reason)
        return None

    async def _forbidden(self, ids: Collection[int]) -> frozenset[int]:
        """Return which of these the server no longer shows; it does not say itself."""
        now = self._clock()
        if self._in_vain is not None and now - self._in_vain < LOOK_AGAIN:
            return frozenset()
        bad = frozenset(ids) - frozenset(await self._visible())
        self._in_vain = None if bad else now
        return bad
