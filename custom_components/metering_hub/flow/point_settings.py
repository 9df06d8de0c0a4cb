"""The forms for what the user says about single points."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import BooleanSelector, Selector

from ..descriptions import known_units, sensor_device_class
from ..metering.model import Kind, Point, Quantity, Role
from ..metering.point_settings import (
    CONF_FACTOR,
    CONF_HAS_SENSOR,
    CONF_KIND,
    CONF_QUANTITY,
    CONF_ROLE,
    CONF_TRUSTED,
    CONF_UNIT,
    NO_ROLE,
    PointSettings,
    trusted_keys,
)
from ..metering.scaling import UNSCALED
from ..registry.names import full_name
from .forms import (
    FormData,
    choice_selector,
    choices_selector,
    named_selector,
    number_selector,
)
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
    *(Role.BATTERY_CHARGE, Role.BATTERY_DISCHARGE),
    *(Role.GAS, Role.WATER, Role.HOME, Role.DEVICE),
)
"""The roles of what is counted."""

LEVEL_ROLES = (Role.BATTERY_LEVEL,)
"""The roles of a battery's level, which may be that of the device itself."""

_NUMERIC = frozenset({*KINDS, Kind.UNDECIDED})


def point_names[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], points: Iterable[Point]
) -> dict[str, str]:
    """Return the names of the measured points by key, sorted by name.

    The names are those of the entities, and include the names of their devices. Sums
    of others are left out: they are what the backend says.
    """
    names = {
        point.key: full_name(hass, entry, point)
        for point in points
        if point.kind in _NUMERIC and not point.sum_of
    }
    return dict(sorted(names.items(), key=lambda item: (item[1].casefold(), item[0])))


def register_names(
    points: Mapping[str, Point], names: Mapping[str, str]
) -> dict[str, str]:
    """Return the names of the registers among points, by key."""
    return {
        key: name for key, name in names.items() if points[key].kind is Kind.REGISTER
    }


def is_part_of_sum(point: Point, points: Iterable[Point]) -> bool:
    """Return True if the backend adds a point up to another one.

    The sum is made of the server's own values, so a part cannot have a factor.
    """
    return any(point.key in each.sum_of for each in points)


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


def choices_schema(
    point: Point, settings: PointSettings, *, has_kind: bool, has_factor: bool
) -> vol.Schema:
    """Return the form in which the user says what a point is.

    A backend that does not follow the choice of a kind is not offered one. What can be
    set has neither a kind nor a role of its own, but may be shown by a sensor, too.
    """
    stored = settings.stored
    offers: dict[str, tuple[str, Iterable[str]]] = {
        CONF_KIND: (KIND_NAMES, KINDS),
        CONF_QUANTITY: (QUANTITY_NAMES, QUANTITIES),
        CONF_UNIT: (UNIT_NAMES, known_units()),
        CONF_ROLE: (
            ROLE_NAMES,
            (
                NO_ROLE,
                *(LEVEL_ROLES if point.quantity is Quantity.BATTERY else ROLES),
            ),
        ),
    }
    if not has_kind or point.writable:
        del offers[CONF_KIND]
    if point.writable:
        del offers[CONF_ROLE]
    fields: dict[vol.Marker, Selector[Any]] = {
        vol.Required(name, default=str(stored.get(name, AUTOMATIC))): named_selector(
            names, [AUTOMATIC, *choices, str(stored.get(name, AUTOMATIC))]
        )
        for name, (names, choices) in offers.items()
    }
    if has_factor:
        suggested = {"suggested_value": settings.factor}
        fields[vol.Optional(CONF_FACTOR, description=suggested)] = number_selector()
    if point.writable:
        marker = vol.Required(CONF_HAS_SENSOR, default=settings.has_sensor)
        fields[marker] = BooleanSelector()
    return vol.Schema(fields)


def read_choices(user_input: FormData, before: PointSettings) -> PointSettings:
    """Return the settings of a point from a submitted form; other ones stay."""
    # A form without a kind or a role leaves the one that is stored.
    stored = before.stored
    kept = {name: stored.get(name) for name in (CONF_KIND, CONF_ROLE)}
    submitted = {**kept, **user_input}
    chosen = {name: value for name, value in submitted.items() if value != AUTOMATIC}
    kind, quantity = chosen.get(CONF_KIND), chosen.get(CONF_QUANTITY)
    role, factor = chosen.get(CONF_ROLE), chosen.get(CONF_FACTOR)
    return replace(
        before,
        kind=Kind(kind) if kind else None,
        quantity=Quantity(quantity) if quantity else None,
        role=Role(role) if role and role != NO_ROLE else None,
        unit=chosen.get(CONF_UNIT),
        is_roleless=role == NO_ROLE,
        factor=None if factor == UNSCALED else factor,
        has_sensor=bool(chosen.get(CONF_HAS_SENSOR)),
    )


def choices_errors(point: Point, settings: PointSettings) -> dict[str, str]:
    """Return the error in what the user says of a point, by field, if there is one.

    Home Assistant must have such a unit of the chosen quantity, and what is multiplied
    must have a unit: it is no number of pulses any more.
    """
    unit = settings.unit or point.read_unit
    if settings.factor is not None and settings.factor <= 0:
        return {CONF_FACTOR: "factor_not_positive"}
    if settings.factor is not None and not unit:
        return {CONF_UNIT: "factor_without_unit"}
    if settings.quantity in (None, Quantity.OTHER):
        return {}
    counted = replace(
        point,
        kind=Kind.REGISTER,
        quantity=settings.quantity or point.quantity,
        unit=unit,
    )
    if sensor_device_class(counted) is not None:
        return {}
    return {CONF_UNIT: "unit_does_not_fit"}
