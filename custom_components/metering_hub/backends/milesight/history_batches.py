"""Find out whether a server returns the stored values of several entities at once.

Releases before 1.2.1 ignore the ids of several entities, and return the rows of all.
Source: docs/wire/milesight.md, History.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ..base import EARLIEST
from ..errors import NotFoundError, ServerFaultError
from .client import BATCH_SIZE, MilesightClient

_SPANS = (timedelta(days=30), None)
"""An old release counts the rows of all entities, so recent ones are asked first."""

_ROWS = 20
"""Enough rows that some are of other entities, if the ids are ignored."""


class BatchProbe:
    """Asks once whether the ids of several entities are honoured."""

    def __init__(self) -> None:
        """Initialize without an answer."""
        self._has_batches: bool | None = None

    def forget(self) -> None:
        """Ask again next time, because the server may have been replaced."""
        self._has_batches = None

    def deny(self) -> None:
        """Do not ask for several entities again: other ones were answered."""
        self._has_batches = False

    async def has_batches(
        self, client: MilesightClient, entity_ids: Sequence[str], now: datetime
    ) -> bool:
        """Return True if rows of several entities come with the ids of those only.

        Without a row, and for a single entity, that stays undetermined. Raises
        BackendError unless only this request fails.
        """
        if self._has_batches is None and len(entity_ids) > 1:
            for length in _SPANS:
                start = EARLIEST if length is None else now - length
                verdict = await _verdict(client, entity_ids[:BATCH_SIZE], start, now)
                if verdict is not None:
                    self._has_batches = verdict
                    break
        return self._has_batches is True


async def _verdict(
    client: MilesightClient, entity_ids: Sequence[str], start: datetime, now: datetime
) -> bool | None:
    """Return whether the rows of a span are of these entities; `None` without any."""
    try:
        page = await client.history(entity_ids, start, now, _ROWS, is_newest_first=True)
    except NotFoundError, ServerFaultError:
        return None
    if page.size == 0:
        return None
    known = frozenset(entity_ids)
    return len(page.rows) == page.size and all(
        row.entity_id in known for row in page.rows
    )
