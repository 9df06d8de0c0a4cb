"""The form that selects devices and settings."""

from collections.abc import Mapping

import voluptuous as vol

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import BooleanSelector, DateSelector, TextSelector
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..backends.base import BackendSpec, Capability
from ..const import (
    CONF_ALL_SENSORS,
    CONF_DEVICES,
    CONF_ENERGY_DASHBOARD,
    CONF_HISTORY,
    CONF_HISTORY_START,
    CONF_KNOWN_DEVICES,
    CONF_NEW_DEVICES,
    CONF_RENAME_DEVICES,
    DOMAIN,
)
from ..metering.inventory import Inventory
from ..metering.meter_roles import (
    CONF_BATTERY_METERS,
    CONF_GRID_METERS,
    CONF_SOLAR_METERS,
    METER_FIELDS,
    keys_of,
    solar_choices,
)
from ..metering.model import Kind
from ..metering.names import device_paths
from .forms import FormData, choices_selector, fields_schema
from .selection import Options, selected_devices


async def device_names(hass: HomeAssistant, inventory: Inventory) -> dict[str, str]:
    """Return the paths of devices by key, in Home Assistant's language.

    Rooms of the same name are told apart by the buildings that they are in, and devices
    of several houses by the areas that the server has for those. Devices without a
    reading that is shown come last: a list of hundreds begins with the useful ones.
    """
    texts = await async_get_translations(hass, hass.config.language, "device", {DOMAIN})
    names = {}
    for key, device in inventory.devices.items():
        text_key = f"component.{DOMAIN}.device.{device.translation_key}.name"
        name = device.name or texts.get(text_key) or key
        area = device.suggested_area
        names[key] = f"{name} ({area})" if area and area != name else name
    paths = device_paths(inventory, names)
    readable = _readable_devices(inventory)
    return dict(sorted(paths.items(), key=lambda item: item[0] not in readable))


def _readable_devices(inventory: Inventory) -> frozenset[str]:
    """Return the keys of the devices with a reading that is shown by default."""
    return frozenset(
        point.device_key
        for point in inventory.points.values()
        if point.enabled_default and point.kind is not Kind.ACTION
    )


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
    selected = selected_devices(inventory, options)
    in_order = [key for key in names if key in selected]
    return vol.Schema(
        {
            vol.Required(CONF_DEVICES, default=in_order): choices_selector(names),
            _switch(CONF_NEW_DEVICES, options): BooleanSelector(),
            _switch(CONF_HISTORY, options): BooleanSelector(),
            vol.Optional(
                CONF_HISTORY_START,
                description={"suggested_value": start} if start else None,
            ): DateSelector(),
            _switch(CONF_ENERGY_DASHBOARD, options): BooleanSelector(),
            _switch(CONF_ALL_SENSORS, options, default=False): BooleanSelector(),
            **_rename_field(spec, options),
            **_meter_fields(inventory, names, options),
        }
    ).extend(_setup_fields(spec, inventory, options).schema)


def name_field(suggested: str) -> dict[vol.Marker, TextSelector]:
    """Return the field for the name of a new server."""
    field = vol.Optional(CONF_NAME, description={"suggested_value": suggested})
    return {field: TextSelector()}


def _meter_fields(
    inventory: Inventory, names: Mapping[str, str], options: Options
) -> dict[vol.Marker, object]:
    """Return the fields in which the user says where meters are, if there are several.

    A meter is selected only if no other one can be meant. A single one is asked about
    only if it may be a consumer.
    """
    if len(inventory.grid_candidates) < (1 if inventory.meters_are_consumers else 2):
        return {}
    solar = inventory.solar_candidates
    offers: dict[str, tuple[frozenset[str], frozenset[str]]] = {
        CONF_GRID_METERS: (inventory.grid_candidates, frozenset()),
        CONF_SOLAR_METERS: (
            solar_choices(inventory),
            solar if len(solar) == 1 else frozenset(),
        ),
        CONF_BATTERY_METERS: (inventory.grid_candidates, frozenset()),
    }
    fields: dict[vol.Marker, object] = {}
    for field, (offered, certain) in offers.items():
        labels = {key: name for key, name in names.items() if key in offered}
        chosen = keys_of(options.get(field, [*certain]))
        marker = vol.Required(field, default=[key for key in labels if key in chosen])
        fields[marker] = choices_selector(labels)
    return fields


def _rename_field(
    spec: BackendSpec, options: Options
) -> dict[vol.Marker, BooleanSelector]:
    """Return the switch for renaming, if the server can rename its devices."""
    if Capability.RENAME not in spec.capabilities:
        return {}
    return {_switch(CONF_RENAME_DEVICES, options, default=False): BooleanSelector()}


def _switch(name: str, options: Options, *, default: bool = True) -> vol.Marker:
    """Return the name of a switch, and its stored position or else its default."""
    return vol.Required(name, default=bool(options.get(name, default)))


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
    placed: set[str] = set()
    for name in METER_FIELDS:
        if not placed.isdisjoint(form.get(name, ())):
            return {name: "both_meters"}
        placed.update(form.get(name, ()))
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
        for field in METER_FIELDS
        if field in user_input
    }
    return {
        **user_input,
        **meters,
        CONF_DEVICES: sorted(selected),
        CONF_KNOWN_DEVICES: sorted(found.devices),
    }
