"""Actions of the Metering Hub integration."""

from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util

from .backends import BACKENDS
from .backends.base import BackendSpec, Capability
from .backends.errors import AuthenticationError, BackendError
from .const import CONF_BACKEND, DOMAIN
from .dashboard.energy_dashboard import EntryMeters, async_add_to_dashboard
from .data import MeteringHubConfigEntry
from .errors import HistoryError, as_action_error, as_import_error
from .history.coordinator import HistoryCoordinator
from .history.estimate_source import recorded_source
from .history.gaps import MAX_SPANS, list_gaps
from .history.maths.estimates import Estimator
from .history.quality_report import REPORTED
from .history.readings import (
    LEAD,
    MAX_READINGS,
    StoredHistory,
    read_history,
    readings_end,
)
from .history.rejected import rules_of
from .identifiers import point_key_of
from .live.sending import (
    ATTR_EXTRA_TIME,
    ATTR_TELEGRAM,
    ATTR_TIME,
    READINGS_FIELDS,
    TELEGRAM_FIELDS,
    is_complete,
    read_readings,
)
from .metering.model import Point
from .metering.point_settings import PointSettings

ATTR_END = "end"
ATTR_ENTITIES = "entities"
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


_GAPS_SCHEMA = vol.Schema(
    {
        vol.Optional(ATTR_ENTRY): cv.string,
        vol.Optional(ATTR_ENTITIES): cv.entity_ids,
        vol.Optional(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
    }
)
_TELEGRAM_SCHEMA = vol.Schema({**_ENTRY, **TELEGRAM_FIELDS})
_READINGS_SCHEMA = vol.Schema({**_ENTRY, **READINGS_FIELDS})


async def _import_history(call: ServiceCall) -> ServiceResponse:
    """Re-import the history of an entry; return the rows, and points without any.

    It fails if a part fails, and names that.
    """
    history = _history(call, call.data[ATTR_ENTRY])
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
    history = _history(call, call.data[ATTR_ENTRY])
    point = history.points.get(call.data[ATTR_POINT])
    if point is None:
        raise _invalid("unknown_point", points=", ".join(sorted(history.points)))
    now = dt_util.utcnow()
    start, end = _moment(call, ATTR_START) or now, _moment(call, ATTR_END) or now
    if end <= start:
        raise _invalid("end_before_start")
    is_raw = call.data[ATTR_RESOLUTION] == Resolution.RAW
    found = StoredHistory(start, end, is_raw)
    is_trusted = PointSettings.of(history.config_entry.options, point.key).is_trusted
    with _errors_translated():
        until = end
        estimator = None
        if not is_raw:
            await history.qualities.async_load()
            until = min(now, readings_end(history.qualities, point, end))
            estimator = await _estimator(history, point, start - LEAD, until)
        if not await read_history(
            history.backend,
            _spec(history).earliest,
            point,
            found,
            until=until,
            is_trusted=is_trusted,
            estimator=estimator,
        ):
            raise _invalid("too_many_readings", limit=str(MAX_READINGS))
    return {
        "point": point.key,
        "unit": point.unit,
        "rules": [rule.value for rule in rules_of(point, is_trusted=is_trusted)],
        "rejected": len(found.rejected),
        "readings": found.response(),
    }


async def _estimator(
    history: HistoryCoordinator, point: Point, start: datetime, end: datetime
) -> Estimator | None:
    """Return what estimates the hours of a point as its import did, if it does."""
    scope = await history.scope()
    source = await recorded_source(
        history.hass, history.qualities, scope, point, start, end
    )
    return source.estimator if source else None


async def _get_gaps(call: ServiceCall) -> ServiceResponse:
    """Return the hours of meters that were not measured, and rejected readings."""
    history, keys = _chosen(call)
    now = dt_util.utcnow()
    end = _moment(call, ATTR_END) or now
    start = _moment(call, ATTR_START) or end - REPORTED
    if end <= start:
        raise _invalid("end_before_start")
    await history.qualities.async_load()
    names = (await history.scope()).coded_names
    if keys is not None and (unknown := [key for key in keys if key not in names]):
        raise _invalid("without_quality", points=", ".join(sorted(unknown)))
    gaps = await list_gaps(
        history.qualities,
        history.rejections,
        {key: name for key, name in names.items() if keys is None or key in keys},
        max(start, _spec(history).earliest),
        end,
    )
    if gaps is None:
        raise _invalid("too_many_spans", limit=str(MAX_SPANS))
    return {"points": gaps}


async def _clear_history(call: ServiceCall) -> ServiceResponse:
    """Delete all statistics of an entry; return their IDs once they are gone."""
    history = _history(call, call.data[ATTR_ENTRY])
    with _errors_translated():
        cleared = await history.clear()
    return {"cleared": list(cleared)}


async def _add_to_energy_dashboard(call: ServiceCall) -> ServiceResponse:
    """Add sources to the Energy dashboard; return those added and those skipped."""
    entry = _entry(call, call.data[ATTR_ENTRY])
    history = entry.runtime_data.history
    meters = EntryMeters(
        entry=entry,
        points=entry.runtime_data.inventory.data.points,
        statistic_prefix=history.prefix if history else None,
    )
    with _errors_translated():
        outcome = await async_add_to_dashboard(call.hass, meters, only_new=False)
    return {"added": [*outcome.added], "skipped": dict(outcome.skipped)}


async def _send_telegram(call: ServiceCall) -> ServiceResponse:
    """Hand a raw telegram to a server; return whether it was new to it.

    No error contains the telegram, because it has serial numbers.
    """
    entry = _receiving_entry(call)
    telegram: str = call.data[ATTR_TELEGRAM]
    if not is_complete(telegram):
        raise _invalid("incomplete_telegram")
    with _errors_translated(), _refusal_noticed(call.hass, entry):
        return {"sent": await entry.runtime_data.backend.send_telegram(telegram)}


async def _send_readings(call: ServiceCall) -> ServiceResponse:
    """Hand readings of a P1 port to a server; return whether they were new to it."""
    entry = _receiving_entry(call)
    readings = read_readings(
        call.data, _moment(call, ATTR_TIME), _moment(call, ATTR_EXTRA_TIME)
    )
    with _errors_translated(), _refusal_noticed(call.hass, entry):
        return {"sent": await entry.runtime_data.backend.send_readings(readings)}


def _receiving_entry(call: ServiceCall) -> MeteringHubConfigEntry:
    """Return a loaded entry whose server takes readings.

    Raises ServiceValidationError.
    """
    entry = _entry(call, call.data[ATTR_ENTRY])
    if Capability.RECEIVE not in BACKENDS[entry.data[CONF_BACKEND]].capabilities:
        raise _invalid("takes_no_readings", title=entry.title)
    return entry


def _chosen(call: ServiceCall) -> tuple[HistoryCoordinator, Collection[str] | None]:
    """Return the history of the entry or entities, and the keys of their points.

    The keys are `None` if an entry was given, which means all. Raises
    ServiceValidationError.
    """
    if (ATTR_ENTRY in call.data) == (ATTR_ENTITIES in call.data):
        raise _invalid("entry_or_entities")
    if ATTR_ENTRY in call.data:
        return _history(call, call.data[ATTR_ENTRY]), None
    registry = er.async_get(call.hass)
    registered = [registry.async_get(each) for each in call.data[ATTR_ENTITIES]]
    found = [each for each in registered if each and each.platform == DOMAIN]
    entry_ids = {each.config_entry_id or "" for each in found}
    if len(found) < len(registered) or len(entry_ids) != 1:
        raise _invalid("entry_or_entities")
    history = _history(call, entry_ids.pop())
    entry = history.config_entry
    return history, [point_key_of(entry, each.unique_id) for each in found]


def _spec(history: HistoryCoordinator) -> BackendSpec:
    """Return the spec of the backend that a history comes from."""
    return BACKENDS[history.config_entry.data[CONF_BACKEND]]


def _entry(call: ServiceCall, entry_id: str) -> MeteringHubConfigEntry:
    """Return a loaded entry; raises ServiceValidationError."""
    return async_get_config_entry(call.hass, DOMAIN, entry_id)


def _history(call: ServiceCall, entry_id: str) -> HistoryCoordinator:
    """Return the history of an entry; raises ServiceValidationError if disabled."""
    entry = _entry(call, entry_id)
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


@contextmanager
def _refusal_noticed(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> Iterator[None]:
    """Start a reauthentication if the server refuses the credentials."""
    try:
        yield
    except AuthenticationError:
        entry.async_start_reauth(hass)
        raise


@dataclass(frozen=True, slots=True)
class _Action:
    """An action: what it does, and which fields it has."""

    name: str
    run: Callable[[ServiceCall], Coroutine[object, None, ServiceResponse]]
    schema: vol.Schema
    response: SupportsResponse = SupportsResponse.OPTIONAL


_ACTIONS = (
    _Action("import_history", _import_history, _IMPORT_SCHEMA),
    _Action("get_history", _get_history, _GET_SCHEMA, SupportsResponse.ONLY),
    _Action("get_gaps", _get_gaps, _GAPS_SCHEMA, SupportsResponse.ONLY),
    _Action("clear_history", _clear_history, vol.Schema(_ENTRY)),
    _Action("add_to_energy_dashboard", _add_to_energy_dashboard, vol.Schema(_ENTRY)),
    _Action("send_telegram", _send_telegram, _TELEGRAM_SCHEMA),
    _Action("send_readings", _send_readings, _READINGS_SCHEMA),
)


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    for action in _ACTIONS:
        hass.services.async_register(
            DOMAIN,
            action.name,
            action.run,
            schema=action.schema,
            supports_response=action.response,
        )
