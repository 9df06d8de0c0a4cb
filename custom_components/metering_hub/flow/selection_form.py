"""The form that selects devices and settings."""

from collections.abc import Mapping

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import BooleanSelector, DateSelector
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..backends.base import BackendSpec
from ..const import (
    CONF_DEVICES,
    CONF_ENERGY_DASHBOARD,
    CONF_HISTORY,
    CONF_HISTORY_START,
    CONF_KNOWN_DEVICES,
    CONF_NEW_DEVICES,
    DOMAIN,
)
from ..metering.meter_roles import (
    CONF_GRID_METERS,
    CONF_SOLAR_METERS,
    keys_of,
    solar_choices,
)
from ..metering.model import Inventory
from ..metering.names import device_paths
from .forms import FormData, choices_selector, fields_schema
from .selection import Options, selected_devices


async def device_names(hass: HomeAssistant, inventory: Inventory) -> dict[str, str]:
    """Return the paths of devices by key, in Home Assistant's language.

    Rooms of the same name are told apart by the buildings that they are in, and devices
    of several houses by the areas that the server has for those.
    """
    texts = await async_get_translations(hass, hass.config.language, "device", {DOMAIN})
    names = {}
    for key, device in inventory.devices.items():
        text_key = f"component.{DOMAIN}.device.{device.translation_key}.name"
        name = device.name or texts.get(text_key) or key
        area = device.suggested_area
        names[key] = f"{name} ({area})" if area else name
    return device_paths(inventory, names)


def selection_schema(
    spec: BackendSpec,
    inventory: Inventory,
    names: Mapping[str, str],
    options: Options,
) -> vol.Schema:
    """Return the selection form; without options, all devices are selected.

    The backend's setup fields are included if the inventory asks for them.
    """
    start = options.get(CONF_HISTORY_START)
    selected = sorted(
        selected_devices(inventory, options),
        key=lambda key: (names.get(key, key).casefold(), key),
    )
    return vol.Schema(
        {
            vol.Required(CONF_DEVICES, default=selected): choices_selector(names),
            _switch(CONF_NEW_DEVICES, options): BooleanSelector(),
            _switch(CONF_HISTORY, options): BooleanSelector(),
            vol.Optional(
                CONF_HISTORY_START,
                description={"suggested_value": start} if start else None,
            ): DateSelector(),
            _switch(CONF_ENERGY_DASHBOARD, options): BooleanSelector(),
            **_meter_fields(inventory, names, options),
        }
    ).extend(_setup_fields(spec, inventory, options).schema)


def _meter_fields(
    inventory: Inventory, names: Mapping[str, str], options: Options
) -> dict[vol.Marker, object]:
    """Return the fields in which the user says where meters are, if there are several.

    A meter is selected only if no other one can be meant.
    """
    if len(inventory.grid_candidates) < 2:
        return {}
    solar = inventory.solar_candidates
    offers: dict[str, tuple[frozenset[str], frozenset[str]]] = {
        CONF_GRID_METERS: (inventory.grid_candidates, frozenset()),
        CONF_SOLAR_METERS: (
            solar_choices(inventory),
            solar if len(solar) == 1 else frozenset(),
        ),
    }
    fields: dict[vol.Marker, object] = {}
    for field, (offered, certain) in offers.items():
        labels = {key: name for key, name in names.items() if key in offered}
        chosen = keys_of(options.get(field, [*certain]))
        marker = vol.Required(field, default=[key for key in labels if key in chosen])
        fields[marker] = choices_selector(labels)
    return fields


def _switch(name: str, options: Options) -> vol.Marker:
    """Return the name and default of a switch, which is on by default."""
    return vol.Required(name, default=bool(options.get(name, True)))


def _setup_fields(
    spec: BackendSpec, inventory: Inventory, options: Options
) -> vol.Schema:
    """Return the form of the setup fields that are undecided, offered or stored."""
    shown = (
        field.with_default(options.get(field.name))
        for field in spec.setup_fields
        if field.name in inventory.undecided
        or inventory.choices.get(field.name)
        or options.get(field.name)
    )
    return fields_schema(shown, inventory.choices)


def selection_errors(user_input: FormData | None) -> dict[str, str]:
    """Return the errors in a submitted selection form, by field."""
    form = user_input or {}
    if {*form.get(CONF_GRID_METERS, ())} & {*form.get(CONF_SOLAR_METERS, ())}:
        return {CONF_SOLAR_METERS: "both_meters"}
    start = form.get(CONF_HISTORY_START)
    # ISO 8601 dates sort chronologically as text.
    if start and start > dt_util.now().date().isoformat():
        return {CONF_HISTORY_START: "start_in_future"}
    return {}


def read_selection(
    user_input: FormData, offered: Inventory, found: Inventory
) -> FormData:
    """Return the options of an entry from a submitted form.

    `offered` has the devices that the form showed. Devices that are only in `found`
    come from the setup fields of the form, so they are selected, too.
    """
    new = found.devices.keys() - offered.devices.keys()
    selected = {*user_input[CONF_DEVICES], *new}
    meters = {
        field: [key for key in user_input[field] if key in selected]
        for field in (CONF_GRID_METERS, CONF_SOLAR_METERS)
        if field in user_input
    }
    return {
        **user_input,
        **meters,
        CONF_DEVICES: sorted(selected),
        CONF_KNOWN_DEVICES: sorted(found.devices),
    }
