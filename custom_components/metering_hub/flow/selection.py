"""The user's selection of devices and settings."""

from collections.abc import Mapping

from ..backends.base import BackendSpec, Settings
from ..const import CONF_DEVICES, CONF_KNOWN_DEVICES, CONF_NEW_DEVICES
from ..metering.inventory import Inventory
from ..metering.meter_roles import keys_of

type Options = Mapping[str, object]


def selected_devices(inventory: Inventory, options: Options) -> frozenset[str]:
    """Return the keys of the selected devices.

    If new devices are added automatically, this includes devices that did not exist
    when the user made the selection.
    """
    selected = keys_of(options.get(CONF_DEVICES))
    add_new = options.get(CONF_NEW_DEVICES, True)
    known = keys_of(options.get(CONF_KNOWN_DEVICES))
    return frozenset(
        key
        for key in inventory.devices
        if key in selected or (add_new and key not in known)
    )


def setup_settings(spec: BackendSpec, options: Options) -> Settings:
    """Return the values of a backend's setup fields from the options of an entry."""
    return {
        field.name: value
        for field in spec.setup_fields
        if isinstance(value := options.get(field.name), str | bool | list)
    }
