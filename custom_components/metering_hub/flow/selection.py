"""What a person chose to see of a server."""

from collections.abc import Mapping

from ..backends.base import BackendSpec, Settings
from ..const import CONF_DEVICES, CONF_KNOWN_DEVICES, CONF_NEW_DEVICES
from ..metering.model import Inventory

type Options = Mapping[str, object]


def selected_devices(inventory: Inventory, options: Options) -> frozenset[str]:
    """Return the keys of the devices to show.

    Besides the ticked ones these are, if new devices are to be followed, those that
    did not exist when the person chose.
    """
    ticked = _keys(options.get(CONF_DEVICES))
    follow = options.get(CONF_NEW_DEVICES, True)
    known = _keys(options.get(CONF_KNOWN_DEVICES))
    return frozenset(
        key
        for key in inventory.devices
        if key in ticked or (follow and key not in known)
    )


def setup_settings(spec: BackendSpec, options: Options) -> Settings:
    """Return the values of a backend's set-up fields out of an entry's options."""
    return {
        field.name: value
        for field in spec.setup_fields
        if isinstance(value := options.get(field.name), str | bool | list)
    }


def _keys(value: object) -> frozenset[str]:
    return frozenset(value) if isinstance(value, list | tuple) else frozenset()
