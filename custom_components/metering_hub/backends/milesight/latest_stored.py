"""Read the newest stored value of entities of which the server keeps no latest one.

Source: docs/wire/milesight.md, History.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from ..base import EARLIEST
from .client import MilesightClient
from .history_pages import ForeignRowsError
from .models import Page, Status, StoredValue

RECENT = timedelta(days=1)
"""How far back new values are looked for: they may arrive late."""

ROWS_PER_ENTITY = 10
FEWEST_ROWS = 100
MOST_ROWS = 1000
"""The rows of a request, in which those of frequent entities hide those of others."""


class StoredBatch:
    """A request for the newest stored values of entities, which is sent repeatedly.

    Each read sends a single request, however many entities there are. If it cannot show
    the newest value of some, every other one asks for those only.
    """

    def __init__(
        self,
        client: MilesightClient,
        entity_ids: tuple[str, ...],
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize without a value of any of the entities."""
        self.entity_ids = entity_ids
        self._client = client
        self._clock = clock
        self._hidden = entity_ids
        self._hidden_since: tuple[str, ...] = ()
        self._is_turn_of_hidden = True
        self._statuses: Mapping[str, Status] = {}

    async def read(self) -> Mapping[str, Status]:
        """Return newest values by entity id: the same object if none has changed.

        Raises BackendError.
        """
        is_for_hidden = self._is_turn_of_hidden and bool(self._hidden)
        self._is_turn_of_hidden = not is_for_hidden
        asked = self._hidden if is_for_hidden else self.entity_ids
        now = self._clock() + self._client.clock_offset
        page = await self._client.history(
            asked,
            EARLIEST if is_for_hidden else now - RECENT,
            now,
            min(max(FEWEST_ROWS, ROWS_PER_ENTITY * len(asked)), MOST_ROWS),
            is_newest_first=True,
        )
        found = _newest(page, asked)
        is_whole = page.size == page.total
        missing = () if is_whole else tuple(each for each in asked if each not in found)
        self._note_hidden(missing, is_for_hidden=is_for_hidden)
        # A status that is equal keeps its identity, so that its reading does, too.
        changed = {
            each: status
            for each, status in found.items()
            if self._statuses.get(each) != status
        }
        if changed:
            self._statuses = {**self._statuses, **changed}
        return self._statuses

    def _note_hidden(self, missing: tuple[str, ...], *, is_for_hidden: bool) -> None:
        """Note whose newest value a read did not show.

        All that were hidden before are found first, so that none is hidden for ever.
        """
        if is_for_hidden:
            self._hidden = missing
        else:
            self._hidden_since = missing
        if not self._hidden:
            self._hidden, self._hidden_since = self._hidden_since, ()


def _newest(page: Page[StoredValue], asked: tuple[str, ...]) -> dict[str, Status]:
    """Return the newest value of each entity on a page.

    Raises ForeignRowsError if there are rows of other entities.
    """
    known = frozenset(asked)
    found: dict[str, Status] = {}
    for row in page.rows:
        if row.entity_id not in known:
            raise ForeignRowsError("stored values of entities that were not asked for")
        status = found.get(row.entity_id)
        if status is None or status.time is None or status.time < row.time:
            found[row.entity_id] = Status(row.value, row.time)
    return found
