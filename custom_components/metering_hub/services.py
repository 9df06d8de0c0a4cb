"""Actions of the Metering Hub integration."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum

import voluptuous as vol

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util

from .backends import BACKENDS
from .backends.errors import BackendError
from .const import CONF_BACKEND, DOMAIN
from .dashboard.energy_dashboard import EntryMeters, async_add_to_dashboard
from .data import MeteringHubConfigEntry
from .errors import HistoryError, as_action_error, as_import_error
from .history.coordinator import HistoryCoordinator
from .history.readings import MAX_READINGS, StoredHistory, read_history
from .history.rejected import rules_of
from .metering.point_settings import PointSettings

ATTR_END = "end"
ATTR_ENTRY = "entry"
ATTR_POINT = "point"
ATTR_RESOLUTION = "resolution"
ATTR_START = "start"

_ENTRY = {vol.Required(ATTR_ENTRY): cv.string}


class Resolution(StrEnum):
    """The resolution of the readings that get_history returns."""

    HOURLY = "hourly"
    RAW = "raw"


_IMPORT_SCHEMA = vol.Schema({**_ENTRY, vol.Optional(ATTR_START): cv.datetime})
_GET_SCHEMA = vol.Schema(
    {
        **_ENTRY,
        vol.Required(ATTR_POINT): cv.string,
        vol.Required(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_RESOLUTION, default=Resolution.HOURLY.value): vol.In(
            [resolution.value for resolution in Resolution]
        ),
    }
)


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        "import_history",
        _import_history,
        schema=_IMPORT_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )
    hass.services.async_register(
        DOMAIN,
        "get_history",
        _get_history,
        schema=_GET_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN,
        "clear_history",
        _clear_history,
        schema=vol.Schema(_ENTRY),
        supports_response=SupportsResponse.OPTIONAL,
    )
    hass.services.async_register(
        DOMAIN,
        "add_to_energy_dashboard",
        _add_to_energy_dashboard,
        schema=vol.Schema(_ENTRY),
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _import_history(call: ServiceCall) -> ServiceResponse:
    """Re-import the history of an entry; return the rows, and points without any.

    It fails if a part fails, and names that.
    """
    history = _history(call)
    start = _moment(call, ATTR_START)
    try:
        outcome = await history.reimport(start)
    except (BackendError, HistoryError) as err:
        raise as_import_error(err) from err
    return {
        "rows": dict(outcome.written),
        "without_readings": [*sorted(outcome.without_readings)],
    }


async def _get_history(call: ServiceCall) -> ServiceResponse:
    """Return the history of a point from the server, and what the rules reject."""
    history = _history(call)
    point = history.points.get(call.data[ATTR_POINT])
    if point is None:
        raise _invalid("unknown_point", points=", ".join(sorted(history.points)))
    now = dt_util.utcnow()
    start, end = _moment(call, ATTR_START) or now, _moment(call, ATTR_END) or now
    if end <= start:
        raise _invalid("end_before_start")
    is_raw = call.data[ATTR_RESOLUTION] == Resolution.RAW
    found = StoredHistory(start, end, is_raw)
    entry = history.config_entry
    earliest = BACKENDS[entry.data[CONF_BACKEND]].earliest
    is_trusted = PointSettings.of(entry.options, point.key).is_trusted
    with _errors_translated():
        if not await read_history(
            history.backend, earliest, point, found, is_trusted=is_trusted
        ):
            raise _invalid("too_many_readings", limit=str(MAX_READINGS))
    return {
        "point": point.key,
        "unit": point.unit,
        "rules": [rule.value for rule in rules_of(point, is_trusted=is_trusted)],
        "rejected": len(found.rejected),
        "readings": found.response(),
    }


async def _clear_history(call: ServiceCall) -> ServiceResponse:
    """Delete all statistics of an entry; return their IDs once they are gone."""
    history = _history(call)
    with _errors_translated():
        cleared = await history.clear()
    return {"cleared": list(cleared)}


async def _add_to_energy_dashboard(call: ServiceCall) -> ServiceResponse:
    """Add sources to the Energy dashboard; return those added and those skipped."""
    entry = _entry(call)
    history = entry.runtime_data.history
    meters = EntryMeters(
        entry=entry,
        points=entry.runtime_data.inventory.data.points,
        statistic_prefix=history.prefix if history else None,
    )
    with _errors_translated():
        outcome = await async_add_to_dashboard(call.hass, meters, only_new=False)
    return {"added": [*outcome.added], "skipped": dict(outcome.skipped)}


def _entry(call: ServiceCall) -> MeteringHubConfigEntry:
    """Return the loaded entry of an action; raises ServiceValidationError."""
    return async_get_config_entry(call.hass, DOMAIN, call.data[ATTR_ENTRY])


def _history(call: ServiceCall) -> HistoryCoordinator:
    """Return the history of the entry; raises ServiceValidationError if disabled."""
    entry = _entry(call)
    if (history := entry.runtime_data.history) is None:
        raise _invalid("history_switched_off", title=entry.title)
    return history


def _moment(call: ServiceCall, field: str) -> datetime | None:
    """Return a field of an action in UTC; a value without an offset is local time."""
    moment: datetime | None = call.data.get(field)
    if moment is None:
        return None
    moment = dt_util.as_utc(moment)
    if moment > dt_util.utcnow():
        raise _invalid("in_the_future", field=field)
    return moment


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for an invalid field of an action."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


@contextmanager
def _errors_translated() -> Iterator[None]:
    """Map the errors of a backend or of the history to those of an action."""
    try:
        yield
    except (BackendError, HistoryError) as err:
        raise as_action_error(err) from err
