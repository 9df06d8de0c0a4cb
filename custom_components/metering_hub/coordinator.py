"""The base of all backend coordinators, and the coordinator of the inventory."""

from abc import abstractmethod
import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
import time
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .backends.base import Backend, BackendSpec, Identity
from .backends.common.bounds import CONNECT_LIMIT, time_limit
from .backends.errors import (
    AuthenticationError,
    BackendError,
    UnsupportedError,
    forget_frames,
)
from .const import DOMAIN, LOGGER
from .errors import HistoryError, as_update_error, async_error_text
from .errors.isolation import IsolatingCoordinator
from .failures.failures import Failures, async_failures_of, async_remove_failures
from .failures.kinds import ACCESS, SERVER, kind_of
from .flow.found_server import FoundServer, async_read_inventory
from .flow.selection import selected_devices
from .identifiers import log_name
from .metering.chosen_points import with_choices
from .metering.inventory import Inventory
from .metering.meter_roles import with_meter_roles
from .metering.names import short_names

INVENTORY_INTERVAL = timedelta(hours=1)

USUAL_PAUSE = timedelta(minutes=5)
"""How long before a denied access the last answer may have been. After a longer pause,
Home Assistant itself has not been running."""

LEAST_RETRY = timedelta(minutes=1)
"""The shortest time after which an inventory that failed is repeated: it may take many
requests."""

FORECAST_DAYS = 3
"""How many local days a solar forecast covers, beginning with today."""


class BackendCoordinator[Data](IsolatingCoordinator[Data]):
    """A coordinator that gets its data from a backend.

    Backend errors become Home Assistant's, and a server that is set up in an
    unsupported way becomes a repair issue.
    """

    config_entry: ConfigEntry
    failure_kind = SERVER
    """What a failure of the whole server is for this coordinator."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        backend: Backend,
        failures: Failures,
        *,
        subject: str,
        interval: timedelta,
        always_update: bool,
    ) -> None:
        """Initialize the coordinator; `subject` is what it fetches, for the log."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{log_name(entry)} {subject}",
            update_interval=interval,
            always_update=always_update,
        )
        self.backend = backend
        self.failures = failures
        self._subject = subject
        self._worked_at: datetime | None = None

    @abstractmethod
    async def _fetch(self) -> Data:
        """Fetch the data from the backend; raises BackendError."""

    @override
    async def _async_update_data(self) -> Data:
        """Fetch the data; raises ConfigEntryAuthFailed or UpdateFailed."""
        with self._errors_translated():
            try:
                data = await self._fetch()
            except BackendError as err:
                await self._report_failure(err)
                raise
        self._note_success()
        return data

    async def _report_failure(self, error: BackendError) -> None:
        """Record a failure of the server, which becomes a repair issue in time.

        A user may have been denied access right after the last answer.
        """
        kind = kind_of(error)
        if kind is not ACCESS:
            self.failures.clear(ACCESS, self._subject)
        if kind is not SERVER:
            self.failures.clear(self.failure_kind, self._subject)
        if kind is None:
            return
        earliest = None
        if kind is ACCESS and self._worked_at and self.update_interval:
            last = dt_util.utcnow() - max(2 * self.update_interval, USUAL_PAUSE)
            earliest = max(self._worked_at, last)
        reason = await async_error_text(self.hass, error)
        shown = self.failure_kind if kind is SERVER else kind
        self.failures.report(shown, self._subject, reason, earliest=earliest)

    @callback
    def _note_success(self) -> None:
        """Note that the server has answered, which ends its failure."""
        self._worked_at = dt_util.utcnow()
        self.failures.clear(ACCESS, self._subject)
        self.failures.clear(self.failure_kind, self._subject)

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        """Raise Home Assistant's errors instead of BackendError and HistoryError."""
        try:
            yield
        except HistoryError as err:
            forget_frames(err)
            raise as_update_error(err) from err
        except BackendError as err:
            if isinstance(err, UnsupportedError):
                create_unsupported_issue(self.hass, self.config_entry, err.reason)
            forget_frames(err)
            raise as_update_error(err) from err
        delete_unsupported_issue(self.hass, self.config_entry)


def create_unsupported_issue(
    hass: HomeAssistant, entry: ConfigEntry, reason: str
) -> None:
    """Create a repair issue for a setting that the user must change on the server.

    `reason` is the translation key of the issue.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"unsupported_{entry.entry_id}",
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=reason,
        translation_placeholders={"title": entry.title},
    )


def delete_unsupported_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the repair issue of a config entry, if it exists."""
    ir.async_delete_issue(hass, DOMAIN, f"unsupported_{entry.entry_id}")


class InventoryCoordinator(BackendCoordinator[Inventory]):
    """Fetch the inventory of the server once an hour.

    The data is the part that the user selected; `found` is the whole inventory, which
    was requested at `began`, in seconds of the monotonic clock. During a renewal, which
    may follow a minute after the last inventory, `is_renewal` is True.
    `point_names` are the names of points beside those of their devices, by key.
    """

    identity: Identity
    found: Inventory
    point_names: Mapping[str, str]
    began = 0.0
    is_renewal = False

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        backend: Backend,
        failures: Failures,
        *,
        retry_interval: timedelta,
        first: FoundServer | None,
    ) -> None:
        """Initialize the coordinator; one that fails is repeated sooner.

        `first` is what the config flow has found a moment ago.
        """
        super().__init__(
            hass,
            entry,
            backend,
            failures,
            subject="inventory",
            interval=INVENTORY_INTERVAL,
            # The registrar counts how often in a row a device is missing.
            always_update=True,
        )
        self._retry_interval = max(retry_interval, LEAST_RETRY)
        self._first = first

    @override
    async def _async_setup(self) -> None:
        """Log in to the server, unless the config flow did."""
        if self._first is not None:
            self.identity = self._first.identity
            return
        with self._errors_translated():
            try:
                async with time_limit(CONNECT_LIMIT, "the login"):
                    self.identity = await self.backend.connect()
            except BackendError as err:
                await self._report_failure(err)
                raise

    @override
    async def _fetch(self) -> Inventory:
        """Return the selected part of the server's inventory."""
        options = self.config_entry.options
        found = await self._read_inventory()
        selected = selected_devices(found, options)
        found = with_meter_roles(found, selected, options)
        self.found = with_choices(found, options)
        self.point_names = short_names(self.found)
        return self.found.select(selected)

    async def _read_inventory(self) -> Inventory:
        """Return the server's inventory: first that of the config flow, if it is new.

        Raises BackendError.
        """
        first, self._first = self._first, None
        if first is not None:
            # Where nothing is requested, nothing else gives other tasks their turn.
            await asyncio.sleep(0)
            self.began = first.began
            return first.inventory
        self.began = time.monotonic()
        self.update_interval = self._retry_interval
        found = await async_read_inventory(self.backend)
        self.update_interval = INVENTORY_INTERVAL
        return found

    async def async_renew(self) -> None:
        """Read the inventory before its time, because it is outdated."""
        self.is_renewal = True
        try:
            await self.async_refresh()
        finally:
            self.is_renewal = False

    async def async_rename(self, key: str, name: str) -> None:
        """Give a device another name on the server; a failure is logged."""
        try:
            await self.backend.rename_device(key, name)
        except BackendError as err:
            if isinstance(err, AuthenticationError):
                self.config_entry.async_start_reauth(self.hass)
            name = log_name(self.config_entry)
            LOGGER.warning("%s: a device was not renamed: %s", name, err)

    async def async_solar_forecast(self) -> Mapping[datetime, float]:
        """Return the expected production in Wh by the start of the UTC hour.

        It is empty if there is none, or if the server does not answer: the Energy
        dashboard asks again each time that it is opened.
        """
        today = dt_util.start_of_local_day()
        end = dt_util.start_of_local_day(today.date() + timedelta(days=FORECAST_DAYS))
        try:
            return await self.backend.solar_forecast(
                self.data.points.values(), dt_util.as_utc(today), dt_util.as_utc(end)
            )
        except BackendError as err:
            LOGGER.debug("%s: no solar forecast: %s", log_name(self.config_entry), err)
            return {}


async def async_make_inventory(
    hass: HomeAssistant,
    entry: ConfigEntry,
    backend: Backend,
    spec: BackendSpec,
    first: FoundServer | None,
) -> InventoryCoordinator:
    """Return the coordinator of an inventory, which knows what failed before."""
    failures = await async_failures_of(hass, entry)
    return InventoryCoordinator(
        hass,
        entry,
        backend,
        failures,
        retry_interval=spec.poll_interval,
        first=first,
    )


async def async_remove_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove the repair issues of an entry that is removed, and what failed in it."""
    delete_unsupported_issue(hass, entry)
    await async_remove_failures(hass, entry)
