"""What the memories of an import need of a file; Home Assistant's `Store` is one."""

from collections.abc import Callable
from typing import Protocol

from ..backends.common.http import Json


class JsonStore(Protocol):
    """A file with a JSON object, which is written as a whole or not at all."""

    async def async_load(self) -> dict[str, Json] | None:
        """Return what is stored, or `None` if nothing is."""

    async def async_save(self, data: dict[str, Json]) -> None:
        """Write the file now."""

    def async_delay_save(
        self, data_func: Callable[[], dict[str, Json]], delay: float = 0
    ) -> None:
        """Write what a function returns after so many seconds."""

    async def async_remove(self) -> None:
        """Delete the file."""
