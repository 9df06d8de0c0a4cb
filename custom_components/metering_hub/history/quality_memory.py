"""Keep the quality of every hour (a stand-in that forgets at a restart)."""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant

from ..metering.quality import UNKNOWN, HourCodes
from .maths.rows import HOUR_SECONDS


class QualityMemory:
    """Keep the codes of the hours of each point."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize without an hour."""
        self._codes: dict[str, dict[float, int]] = {}

    async def async_load(self) -> None:
        """Load nothing."""

    async def async_close(self) -> None:
        """Save nothing."""

    def codes(self, key: str, start: float, end: float) -> bytes:
        """Return the codes of a point in [start, end), one byte an hour."""
        known = self._codes.get(key, {})
        hours = range(int((end - start) // HOUR_SECONDS))
        return bytes(known.get(start + i * HOUR_SECONDS, UNKNOWN) for i in hours)

    def put(self, key: str, qualities: Iterable[HourCodes]) -> None:
        """Keep the codes of some hours."""
        for each in qualities:
            for index, code in enumerate(each.codes):
                start = each.start + index * HOUR_SECONDS
                self._codes.setdefault(key, {})[start] = code
