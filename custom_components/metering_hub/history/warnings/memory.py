"""Remember which warnings were reported, so that each is reported once."""

from collections.abc import Sequence
from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ...backends.common.http import Json
from ...const import DOMAIN
from ...memory import CheckedStore
from ..maths.checked_hours import DataWarning

_VERSION = 1

type _Identity = tuple[str, str, float]
"""The rule, the key of the point, and the start in epoch seconds."""


class WarningMemory:
    """Store the rule, point, start and end of the warnings that were reported.

    Warnings are found again every night, and their span may grow meanwhile. Once its
    start is before the hours that are looked at, a warning begins later than before, so
    one that begins within a known span is known, too. If the file is lost, warnings are
    reported once more.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store; nothing is loaded yet."""
        self._store: Store[list[Json]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.warnings", list
        )
        self._known: dict[_Identity, float] | None = None

    async def async_take_new(
        self, found: Sequence[DataWarning], since: datetime
    ) -> Sequence[DataWarning]:
        """Return those that were not reported yet, and remember all of them.

        What ended before `since`, where the hours that are looked at begin, is
        forgotten.
        """
        if self._known is None:
            self._known = dict(_parse(await self._store.async_load() or []))
        before = self._known
        new, known = (
            [],
            {
                identity: end
                for identity, end in before.items()
                if end >= since.timestamp()
            },
        )
        for warning in found:
            identity = self._identity(warning)
            if identity not in known:
                new.append(warning)
            known[identity] = warning.end.timestamp()
        self._known = known
        if known != before:
            await self._store.async_save([[*key, end] for key, end in known.items()])
        return new

    def _identity(self, warning: DataWarning) -> _Identity:
        """Return the identity of a warning, or of the known one that it continues."""
        start = warning.start.timestamp()
        return next(
            (
                (rule, point, first)
                for (rule, point, first), end in (self._known or {}).items()
                if (rule, point) == (warning.rule, warning.point)
                and first <= start < end
            ),
            (warning.rule.value, warning.point, start),
        )

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()


def _parse(stored: list[Json]) -> list[tuple[_Identity, float]]:
    """Return the valid ones among stored warnings."""
    found: list[tuple[_Identity, float]] = []
    for each in stored:
        match each:
            case [str() as rule, str() as point, int() | float() as start, end] if (
                isinstance(end, int | float)
            ):
                found.append(((rule, point, float(start)), float(end)))
    return found
