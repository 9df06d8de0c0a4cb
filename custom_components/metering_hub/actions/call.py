"""Read the call of an action, and map what goes wrong to errors of actions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import voluptuous as vol

from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util

from ..backends import BACKENDS
from ..backends.base import BackendSpec
from ..backends.errors import BackendError
from ..const import CONF_BACKEND, DOMAIN
from ..data import MeteringHubConfigEntry
from ..errors import HistoryError, as_action_error
from ..history.coordinator import HistoryCoordinator

ATTR_END = "end"
ATTR_ENTRY = "entry"
ATTR_START = "start"

ENTRY = {vol.Required(ATTR_ENTRY): cv.string}
"""The field of an action that is about one config entry."""


def entry_of(call: ServiceCall, entry_id: str) -> MeteringHubConfigEntry:
    """Return a loaded entry; raises ServiceValidationError."""
    return async_get_config_entry(call.hass, DOMAIN, entry_id)


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


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for an invalid field of an action."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


@contextmanager
def errors_translated() -> Iterator[None]:
    """Map the errors of a backend or of the history to those of an action."""
    try:
        yield
    except (BackendError, HistoryError) as err:
        raise as_action_error(err) from err
