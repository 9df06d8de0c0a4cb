"""The forms for what the user says about single points."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..descriptions import known_units, sensor_device_class
from ..metering.model import Kind, Point, Quantity, Role
from ..metering.point_settings import (
    CONF_KIND,
    CONF_QUANTITY,
    CONF_ROLE,
    CONF_TRUSTED,
    CONF_UNIT,
    NO_ROLE,
    PointSettings,
    trusted_keys,
)
from ..registry import full_name
from .forms import FormData, choice_selector, choices_selector
from .selection import Options

CONF_POINT = "point"
"""The field in which the user selects the point that there is more to say of."""

AUTOMATIC = "automatic"
"""The choice to leave something to the backend."""

KIND_NAMES = "point_kind"
QUANTITY_NAMES = "point_quantity"
ROLE_NAMES = "point_role"
UNIT_NAMES = "point_unit"

KINDS = (Kind.REGISTER, Kind.INTERVAL, Kind.INSTANT)
QUANTITIES = (
    *(Quantity.ENERGY, Quantity.HEAT, Quantity.GAS, Quantity.WATER),
    *(Quantity.FUEL, Quantity.VOLUME, Quantity.OTHER),
)
"""The quantities that are counted in several units, or in none."""

ROLES = (
    *(Role.GRID_DELIVERED, Role.GRID_RETURNED, Role.SOLAR),
    *(Role.GAS, Role.WATER, Role.DEVICE),
)
"""The roles of what is counted."""

_NUMERIC = frozenset({*KINDS, Kind.UNDECIDED})


def point_names[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], points: Iterable[Point]
) -> dict[str, str]:
    """Return the names of the measured points by key, sorted by name.

    The names are those of the entities, and include the names of their devices. What
    can be set and sums of others are left out: they are what the backend says.
    """
    names = {
        point.key: full_name(hass, entry, point)
        for point in points
        if point.kind in _NUMERIC and not point.sum_of and not point.writable
    }
    return dict(sorted(names.items(), key=lambda item: (item[1].casefold(), item[0])))


def register_names(
    points: Mapping[str, Point], names: Mapping[str, str]
) -> dict[str, str]:
    """Return the names of the registers among points, by key."""
    return {
        key: name for key, name in names.items() if points[key].kind is Kind.REGISTER
    }


def points_schema(
    registers: Mapping[str, str], names: Mapping[str, str], options: Options
) -> vol.Schema:
    """Return the form in which the user selects trusted registers, and a point."""
    trusted = trusted_keys(options)
    selected = [key for key in registers if key in trusted]
    fields: dict[vol.Marker, object] = {
        vol.Optional(CONF_POINT): choice_selector(names),
    }
    if registers:
        marker = vol.Required(CONF_TRUSTED, default=selected)
        fields = {marker: choices_selector(registers), **fields}
    return vol.Schema(fields)


def choices_schema(settings: PointSettings, *, has_kind: bool) -> vol.Schema:
    """Return the form in which the user says what a point is.

    A backend that does not follow the choice of a kind is not offered one.
    """
    stored = settings.stored
    offers: dict[str, tuple[str, Iterable[str]]] = {
        CONF_KIND: (KIND_NAMES, KINDS),
        CONF_QUANTITY: (QUANTITY_NAMES, QUANTITIES),
        CONF_UNIT: (UNIT_NAMES, known_units()),
        CONF_ROLE: (ROLE_NAMES, (NO_ROLE, *ROLES)),
    }
    if not has_kind:
        del offers[CONF_KIND]
    return vol.Schema(
        {
            vol.Required(name, default=str(stored.get(name, AUTOMATIC))): _selector(
                names, [AUTOMATIC, *choices, str(stored.get(name, AUTOMATIC))]
            )
            for name, (names, choices) in offers.items()
        }
    )


def _selector(names: str, choices: Iterable[str]) -> SelectSelector:
    """Return the selector of a choice, which a text may name in each language.

    A stored choice stays valid, even if it is offered no longer.
    """
    return SelectSelector(
        SelectSelectorConfig(
            options=[*dict.fromkeys(map(str, choices))],
            translation_key=names,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def read_choices(user_input: FormData, before: PointSettings) -> PointSettings:
    """Return the settings of a point from a submitted form; other ones stay."""
    # A form without a kind leaves the one that is stored.
    submitted = {CONF_KIND: before.kind, **user_input}
    chosen = {name: value for name, value in submitted.items() if value != AUTOMATIC}
    kind, quantity = chosen.get(CONF_KIND), chosen.get(CONF_QUANTITY)
    role = chosen.get(CONF_ROLE)
    return replace(
        before,
        kind=Kind(kind) if kind else None,
        quantity=Quantity(quantity) if quantity else None,
        role=Role(role) if role and role != NO_ROLE else None,
        unit=chosen.get(CONF_UNIT),
        is_roleless=role == NO_ROLE,
    )


def unit_errors(point: Point, settings: PointSettings) -> dict[str, str]:
    """Return an error if Home Assistant has no such unit of the chosen quantity."""
    if settings.quantity in (None, Quantity.OTHER):
        return {}
    counted = replace(
        point,
        kind=Kind.REGISTER,
        quantity=settings.quantity or point.quantity,
        unit=settings.unit or point.read_unit,
    )
    if sensor_device_class(counted) is not None:
        return {}
    return {CONF_UNIT: "unit_does_not_fit"}
