"""Find the devices of a server while the user waits in a config flow."""

import asyncio
from collections.abc import Callable

from homeassistant.core import HomeAssistant

from ..backends.base import Backend, Identity
from ..backends.errors import BackendError
from .found_server import FoundServer, async_find

SHOWN_AFTER = 3.0
"""After so many seconds, the user sees that the search goes on."""

_REPORT_INTERVAL = 1.0


class Discovery:
    """A search for devices, which runs in a task of its own."""

    def __init__(
        self,
        hass: HomeAssistant,
        backend: Backend,
        identity: Identity,
        report: Callable[[float], None],
    ) -> None:
        """Start the search; `report` is called with the share that is done."""
        self._report = report
        self._backend = backend
        self._identity = identity
        self.found: FoundServer | None = None
        self.error: BackendError | None = None
        self.task = hass.async_create_background_task(
            self._search(), "metering_hub discovery"
        )

    async def wait_shortly(self) -> None:
        """Wait until the search is done, but not longer than a form may take."""
        await asyncio.wait({self.task}, timeout=SHOWN_AFTER)

    async def _search(self) -> None:
        """Find the devices, or the error that the form shows."""
        search = asyncio.create_task(async_find(self._backend, self._identity))
        try:
            while not search.done():
                await asyncio.wait({search}, timeout=_REPORT_INTERVAL)
                if (share := self._backend.inventory_progress) is not None:
                    self._report(share)
            self.found = await search
        except BackendError as err:
            self.error = err
        finally:
            search.cancel()
