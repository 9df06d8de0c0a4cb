"""Rename devices on the server when the user does."""

from collections.abc import Callable, Container, Coroutine

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import CONF_RENAME_DEVICES
from ..identifiers import device_key_of, log_name


def async_follow_names[Data](
    hass: HomeAssistant,
    entry: ConfigEntry[Data],
    known: Callable[[], Container[str]],
    rename: Callable[[str, str], Coroutine[None, None, None]],
) -> None:
    """Rename devices on the server when the user does, if that is wanted.

    `known` returns the keys of the devices, and `rename` gives one a name. The
    registrar takes over what the server says, which is another name in the registry:
    neither change leads to the other one.
    """
    if not entry.options.get(CONF_RENAME_DEVICES, False):
        return

    @callback
    def follow(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        """Rename a device of the entry that the user has renamed."""
        if event.data["action"] != "update":
            return
        if "name_by_user" not in event.data["changes"]:
            return
        device = dr.async_get(hass).async_get(event.data["device_id"])
        if device is None or entry.entry_id not in device.config_entries:
            return
        key = device_key_of(entry, device.identifiers)
        name = device.name_by_user
        if key is None or not name or name == device.name:
            return
        if key in known():
            entry.async_create_background_task(
                hass, rename(key, name), f"{log_name(entry)} rename"
            )

    entry.async_on_unload(
        hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, follow)
    )
