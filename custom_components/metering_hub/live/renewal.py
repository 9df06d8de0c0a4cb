"""Read the inventory again as soon as the backend knows that it is outdated."""

from collections.abc import Awaitable, Callable
from datetime import datetime
import time

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..coordinator import InventoryCoordinator

RENEWAL_INTERVAL = 60.0
"""The fewest seconds between the beginnings of two inventories."""


class InventoryRenewal:
    """Renews the inventory at most once a minute, when the backend needs it.

    A server may announce all the time what its user may not see, and every inventory
    of a large server takes many requests.
    """

    def __init__[Data](
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Data],
        inventory: InventoryCoordinator,
        read_all: Callable[[], Awaitable[None]],
    ) -> None:
        """Initialize the renewal; `read_all` reads all points after it."""
        self._hass = hass
        self._create_task = entry.async_create_background_task
        self._inventory = inventory
        self._read_all = read_all
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._is_running = False
        self._is_closed = False

    @callback
    def async_check(self) -> None:
        """Schedule a renewal if the backend needs one and none is scheduled."""
        is_busy = self._is_running or self._cancel_timer is not None
        if self._is_closed or is_busy or not self._inventory.backend.needs_inventory:
            return
        age = time.monotonic() - self._inventory.began
        name = f"{self._inventory.name} renewal"
        self._cancel_timer = async_call_later(
            self._hass,
            max(RENEWAL_INTERVAL - age, 0.0),
            HassJob(self._start, name, cancel_on_shutdown=True),
        )

    @callback
    def async_close(self) -> None:
        """Cancel a scheduled renewal, and schedule none any more."""
        self._is_closed = True
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    @callback
    def _start(self, _now: datetime) -> None:
        """Start the renewal in a task that ends with the entry."""
        self._cancel_timer = None
        if not self._inventory.backend.needs_inventory:
            # The hourly inventory came first.
            return
        self._is_running = True
        name = f"{self._inventory.name} renewal"
        self._create_task(self._hass, self._renew(), name)

    async def _renew(self) -> None:
        """Read the inventory, then all points, since some may be new ones."""
        try:
            await self._inventory.async_renew()
        finally:
            self._is_running = False
        if self._inventory.last_update_success:
            await self._read_all()
