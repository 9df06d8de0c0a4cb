"""Find the oldest stored values, and remember which entities have none.

Source: docs/wire/milesight.md, History.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import batched

from ..base import EARLIEST
from ..common.concurrency import gather_parts
from ..errors import BackendError
from .client import BATCH_SIZE, MilesightClient
from .history_pages import Span, read_one_row

KNOWN_FOR = timedelta(days=1)
"""How long an answer is believed: values are deleted, and old ones may arrive."""

COUNTED_AT_ONCE = 100
"""The entities of a request. The server counts all their rows, a year of them."""


class HistoryStarts:
    """The times of the oldest stored values by entity id."""

    def __init__(self) -> None:
        """Initialize without an answer."""
        self._found: dict[str, tuple[datetime | None, datetime]] = {}
        self._awaited: set[str] = set()
        self._with_value: set[str] = set()

    def note_values(self, has_value: Callable[[str], bool]) -> None:
        """Note which entities have a latest value, given their ids.

        The first one shows that there may now be a stored one. Most of the time, no
        entity is without stored values, and this costs nothing.
        """
        if not self._awaited:
            return
        seen = {each for each in self._awaited if has_value(each)}
        self._awaited -= seen
        self._with_value |= seen
        for each in seen:
            self._found.pop(each, None)

    def _note_empty(self, entity_ids: Iterable[str], now: datetime) -> None:
        """Remember entities without a stored value, and await the first value."""
        for each in entity_ids:
            self._found[each] = None, now
            if each not in self._with_value:
                self._awaited.add(each)

    def _unknown(self, entity_ids: Iterable[str], now: datetime) -> list[str]:
        """Return the entities that have to be asked about."""
        since = now - KNOWN_FOR
        return [
            each
            for each in entity_ids
            if (found := self._found.get(each)) is None or found[1] < since
        ]

    def earliest(self, entity_ids: Iterable[str]) -> datetime | None:
        """Return the time of the oldest known value of any of the entities."""
        found = (self._found.get(each, (None,))[0] for each in entity_ids)
        return min((time for time in found if time), default=None)

    async def find(
        self, client: MilesightClient, entity_ids: Sequence[str], now: datetime
    ) -> dict[str, BackendError]:
        """Ask for what is unknown; return the entities for which that failed.

        This takes a request for each. Raises BackendError if the server fails.
        """
        asked = self._unknown(entity_ids, now)
        times, failures = await gather_parts(
            {each: first_time(client, [each], now) for each in asked}
        )
        self._found |= {each: (time, now) for each, time in times.items() if time}
        self._note_empty([each for each, time in times.items() if not time], now)
        return failures

    async def first_of_all(
        self, client: MilesightClient, entity_ids: Sequence[str], now: datetime
    ) -> datetime | None:
        """Return the time of the oldest value of entities, many of them per request.

        If none had one, a thousand of them are counted at once. Raises BackendError.
        """
        were_empty = not self._unknown(entity_ids, now)
        size = BATCH_SIZE if were_empty else COUNTED_AT_ONCE
        times = [
            await first_time(client, batch, now)
            for batch in batched(entity_ids, size, strict=False)
        ]
        first = min((time for time in times if time), default=None)
        if first is None:
            self._note_empty(entity_ids, now)
        else:
            for each in entity_ids:
                self._found.pop(each, None)
        return first


async def first_time(
    client: MilesightClient, entity_ids: Sequence[str], now: datetime
) -> datetime | None:
    """Return the time of the oldest value that a set clock has stamped.

    Raises BackendError.
    """
    page = await read_one_row(client, Span(entity_ids, EARLIEST, now))
    return page.rows[0].time if page.rows else None
