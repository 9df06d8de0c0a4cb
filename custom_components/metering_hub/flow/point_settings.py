"""The form for what the user says about single points."""

from collections.abc import Iterable, Mapping

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..metering.model import Kind, Point
from ..metering.point_settings import CONF_TRUSTED, trusted_keys
from ..registry import registered_entity
from .forms import choices_selector
from .selection import Options


def register_names[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], points: Iterable[Point]
) -> dict[str, str]:
    """Return the names of the registers among points by key, sorted by name.

    The names are those of the entities, and include the names of their devices. Totals
    are left out, because they are trusted if one of their parts is.
    """
    names = {}
    for point in points:
        if point.kind is not Kind.REGISTER or point.sum_of:
            continue
        entity = registered_entity(hass, entry, point)
        names[point.key] = (
            er.async_get_full_entity_name(hass, entity)
            if entity
            else point.name or point.key
        )
    return dict(sorted(names.items(), key=lambda item: (item[1].casefold(), item[0])))


def points_schema(names: Mapping[str, str], options: Options) -> vol.Schema:
    """Return the form in which the user selects the trusted registers."""
    trusted = trusted_keys(options)
    selected = [key for key in names if key in trusted]
    return vol.Schema(
        {vol.Required(CONF_TRUSTED, default=selected): choices_selector(names)}
    )
