"""Which point a call is about: that of an entity or a statistic, or one by its key."""

import voluptuous as vol

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import ServiceCall
from homeassistant.helpers import config_validation as cv, entity_registry as er

from ..backends import BACKENDS
from ..const import CONF_BACKEND, DOMAIN
from ..data import MeteringHubConfigEntry
from ..history.statistic import statistic_prefix
from ..identifiers import point_key_of
from .call import ATTR_ENTRY, entry_of, invalid, named_entry

ATTR_POINT = "point"
ATTR_STATISTIC_ID = "statistic_id"

CHOSEN_POINT = {
    vol.Optional(ATTR_ENTITY_ID): cv.entity_id,
    vol.Optional(ATTR_STATISTIC_ID): cv.string,
    vol.Optional(ATTR_ENTRY): cv.string,
    vol.Optional(ATTR_POINT): cv.string,
}
"""The fields of an action that is about one point."""

_CHOICES = (ATTR_ENTITY_ID, ATTR_STATISTIC_ID, ATTR_POINT)


def chosen_point(call: ServiceCall) -> tuple[MeteringHubConfigEntry, str]:
    """Return the loaded entry and the key of the point that a call is about.

    Whether the server has such a point is not checked. Raises ServiceValidationError
    unless exactly one point is named.
    """
    entry, key = named_point(call)
    return entry_of(call, entry.entry_id), key


def named_point(call: ServiceCall) -> tuple[MeteringHubConfigEntry, str]:
    """Return the same for an entry that may not be loaded; raises the same error."""
    if sum(field in call.data for field in _CHOICES) != 1:
        raise invalid("one_point")
    entry_id = call.data.get(ATTR_ENTRY)
    if ATTR_POINT in call.data:
        if entry_id is None:
            raise invalid("point_of_which_server")
        return named_entry(call, entry_id), call.data[ATTR_POINT]
    chosen: str = call.data.get(ATTR_ENTITY_ID) or call.data[ATTR_STATISTIC_ID]
    # The statistic of a sensor's own states has the id of the entity.
    found = _of_statistic(call, chosen) if ":" in chosen else _of_entity(call, chosen)
    if found is None or entry_id not in (None, found[0].entry_id):
        raise invalid("not_of_metering_hub", chosen=chosen)
    return found


def _of_entity(
    call: ServiceCall, entity_id: str
) -> tuple[MeteringHubConfigEntry, str] | None:
    """Return the entry and point of an entity, if it is one of ours."""
    registered = er.async_get(call.hass).async_get(entity_id)
    if registered is None or registered.platform != DOMAIN:
        return None
    for entry in call.hass.config_entries.async_entries(DOMAIN):
        if entry.entry_id == registered.config_entry_id:
            return entry, point_key_of(entry, registered.unique_id)
    return None


def _of_statistic(
    call: ServiceCall, statistic_id: str
) -> tuple[MeteringHubConfigEntry, str] | None:
    """Return the entry and point of an imported statistic, if it is one of ours."""
    for entry in call.hass.config_entries.async_entries(DOMAIN):
        prefix = statistic_prefix(entry, BACKENDS[entry.data[CONF_BACKEND]])
        if statistic_id.startswith(prefix):
            return entry, statistic_id.removeprefix(prefix)
    return None
