"""What asks a server and tells of its errors; what the server has, once an hour."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .backends.base import Backend, Identity
from .backends.errors import BackendError, UnsupportedError
from .const import DOMAIN, LOGGER
from .errors import as_update_error
from .flow.selection import selected_devices
from .metering.model import Inventory

INVENTORY_INTERVAL = timedelta(hours=1)


class BackendCoordinator[Data](DataUpdateCoordinator[Data]):
    """A coordinator that asks a backend, and tells a person what stands in the way."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        backend: Backend,
        *,
        what: str,
        interval: timedelta,
        always_update: bool,
    ) -> None:
        """Prepare to ask `backend`; `what` names the subject in the log."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{entry.title} {what}",
            update_interval=interval,
            always_update=always_update,
        )
        self.backend = backend

    @abstractmethod
    async def _fetch(self) -> Data:
        """Ask the backend; raises BackendError."""

    @override
    async def _async_update_data(self) -> Data:
        """Ask the backend, with its errors turned into Home Assistant's."""
        with self._errors_translated():
            return await self._fetch()

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        try:
            yield
        except BackendError as err:
            if isinstance(err, UnsupportedError):
                report_unsupported(self.hass, self.config_entry, err.reason)
            raise as_update_error(err) from err
        forget_unsupported(self.hass, self.config_entry)


def report_unsupported(hass: HomeAssistant, entry: ConfigEntry, reason: str) -> None:
    """Raise a repair issue for what only a person can change at the server."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"unsupported_{entry.entry_id}",
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=reason,
        translation_placeholders={"title": entry.title},
    )


def forget_unsupported(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Drop the repair issue, if there is one."""
    ir.async_delete_issue(hass, DOMAIN, f"unsupported_{entry.entry_id}")


class InventoryCoordinator(BackendCoordinator[Inventory]):
    """The devices and points that a person chose, as the server has them now.

    `found` is the whole inventory, the unchosen part included.
    """

    identity: Identity
    found: Inventory

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, backend: Backend
    ) -> None:
        """Prepare to ask once an hour."""
        super().__init__(
            hass,
            entry,
            backend,
            what="inventory",
            interval=INVENTORY_INTERVAL,
            # What stays away is counted, so that every answer matters.
            always_update=True,
        )

    @override
    async def _async_setup(self) -> None:
        """Log in."""
        with self._errors_translated():
            self.identity = await self.backend.connect()

    @override
    async def _fetch(self) -> Inventory:
        """Return the chosen part of the server's inventory."""
        self.found = await self.backend.inventory()
        chosen = selected_devices(self.found, self.config_entry.options)
        return self.found.select(chosen)
