"""Read the call of an action, and refuse what makes no sense."""

from collections.abc import Callable, Coroutine
from datetime import datetime

import voluptuous as vol

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util

from ..backends import BACKENDS
from ..backends.base import BackendSpec, Capability
from ..const import CONF_BACKEND, DOMAIN
from ..data import MeteringHubConfigEntry
from ..errors import errors_translated
from ..errors.stopping import ended_at_stop
from ..history.coordinator import HistoryCoordinator
from ..identifiers import device_key_of

type Run = Callable[[ServiceCall], Coroutine[object, None, ServiceResponse]]
"""What an action does with its call."""

ATTR_END = "end"
ATTR_ENTRY = "entry"
ATTR_START = "start"

ENTRY = {vol.Required(ATTR_ENTRY): cv.string}
"""The field of an action that is about one config entry."""


def until_stop(run: Run) -> Run:
    """Return an action that ends with an error as soon as Home Assistant stops."""

    async def ended(call: ServiceCall) -> ServiceResponse:
        """Run the action; raises HomeAssistantError at a stop."""
        with errors_translated():
            async with ended_at_stop(call.hass):
                return await run(call)

    return ended


def entry_of(call: ServiceCall, entry_id: str) -> MeteringHubConfigEntry:
    """Return a loaded entry; raises ServiceValidationError."""
    return async_get_config_entry(call.hass, DOMAIN, entry_id)


def named_entry(call: ServiceCall, entry_id: str) -> MeteringHubConfigEntry:
    """Return an entry, loaded or not; raises ServiceValidationError."""
    for entry in call.hass.config_entries.async_entries(DOMAIN):
        if entry.entry_id == entry_id:
            return entry
    return entry_of(call, entry_id)


def device_of(
    call: ServiceCall, device_id: str
) -> tuple[MeteringHubConfigEntry, str] | None:
    """Return the entry of a device, loaded or not, and the device's key.

    It is `None` for a device that is not one of ours.
    """
    registry = dr.async_get(call.hass)
    for entry in call.hass.config_entries.async_entries(DOMAIN):
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
            if device.id == device_id:
                return entry, device_key_of(entry, device.identifiers) or ""
    return None


def is_capable(entry: MeteringHubConfigEntry, capability: Capability) -> bool:
    """Return True if the backend of an entry has a capability."""
    return capability in BACKENDS[entry.data[CONF_BACKEND]].capabilities


def history_of(call: ServiceCall, entry_id: str) -> HistoryCoordinator:
    """Return the history of an entry; raises ServiceValidationError if disabled."""
    entry = entry_of(call, entry_id)
    if (history := entry.runtime_data.history) is None:
        raise invalid("history_switched_off", title=entry.title)
    return history


def spec_of(history: HistoryCoordinator) -> BackendSpec:
    """Return the spec of the backend that a history comes from."""
    return BACKENDS[history.config_entry.data[CONF_BACKEND]]


def moment_of(call: ServiceCall, field: str) -> datetime | None:
    """Return a field of an action in UTC; a value without an offset is local time."""
    moment: datetime | None = call.data.get(field)
    if moment is None:
        return None
    moment = dt_util.as_utc(moment)
    if moment > dt_util.utcnow():
        raise invalid("in_the_future", field=field)
    return moment


def period_of(call: ServiceCall) -> tuple[datetime, datetime]:
    """Return the start and end of a call in UTC; a missing one is now.

    Raises ServiceValidationError if the end is not later.
    """
    now = dt_util.utcnow()
    start, end = moment_of(call, ATTR_START) or now, moment_of(call, ATTR_END) or now
    if end <= start:
        raise invalid("end_before_start")
    return start, end


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for an invalid field of an action."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )
