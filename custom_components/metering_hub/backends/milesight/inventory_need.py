"""Know when the last inventory is outdated, so that the next one need not wait an hour.

A push that names an unknown entity is of a device that was added, or was deleted and
added again: that gives new ids under the same keys. The broker also names entities that
the user may not see, which no inventory will ever know.
Source: docs/wire/milesight.md, Push.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

_MOST_STRANGERS = 20_000
"""How many ids that no inventory knows are remembered; any others are ignored."""


class InventoryNeed:
    """Collects the signs that an inventory is outdated, until there is a newer one."""

    def __init__(self) -> None:
        """Initialize the need; there is none."""
        self._is_noted = False
        self._asked: set[str] = set()
        self._strangers: set[str] = set()

    @property
    def is_needed(self) -> bool:
        """Return True if there was a sign since the last inventory began."""
        return self._is_noted

    def note(self) -> None:
        """Note a sign that the inventory is outdated, such as values that are gone."""
        self._is_noted = True

    def note_ids(self, entity_ids: Iterable[str], known: Collection[str]) -> None:
        """Note the ids of changed entities, of which an inventory `known` some.

        An id that an inventory has looked for in vain is no sign again.
        """
        for entity_id in entity_ids:
            if len(self._asked) + len(self._strangers) >= _MOST_STRANGERS:
                return
            if entity_id not in known and entity_id not in self._strangers:
                self._asked.add(entity_id)
                self._is_noted = True

    @contextmanager
    def clearing(self) -> Iterator[None]:
        """Read an inventory, which answers all signs from before it began.

        If it fails, they remain. A sign that comes meanwhile may be too late for it.
        """
        asked, self._asked = self._asked, set()
        was_noted, self._is_noted = self._is_noted, False
        try:
            yield
        except BaseException:
            self._asked |= asked
            self._is_noted |= was_noted
            raise
        self._strangers |= asked
