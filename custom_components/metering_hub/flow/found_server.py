"""Hand over what a config flow has found to the config entry that it creates.

Otherwise the entry would log in again, and repeat all requests of the inventory a
moment after the form was submitted.
"""

from dataclasses import dataclass
import time

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..backends.base import Backend, Identity
from ..backends.common.bounds import time_limit
from ..const import DOMAIN
from ..metering.inventory import Inventory

NEW_FOR = 300.0
"""The seconds for which an inventory is new: users read a form before they submit it,
and may meanwhile change something on the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundServer:
    """A backend that has logged in to a server, and has read its inventory.

    The inventory was requested at `began`, in seconds of the monotonic clock.
    """

    backend: Backend
    identity: Identity
    inventory: Inventory
    began: float

    @property
    def is_new(self) -> bool:
        """Return True if an entry need not read the inventory again."""
        return time.monotonic() - self.began < NEW_FOR


_FOUND: HassKey[dict[str, FoundServer]] = HassKey(f"{DOMAIN}_found")
"""What finished config flows have found, by the unique id of the entry."""


async def async_read_inventory(backend: Backend) -> Inventory:
    """Return the inventory of a server, within the time that its backend needs.

    Raises BackendError.
    """
    async with time_limit(backend.inventory_limit, "the inventory"):
        return await backend.inventory()


async def async_find(backend: Backend, identity: Identity) -> FoundServer:
    """Return what a server has, to which the backend has logged in.

    Raises BackendError.
    """
    began = time.monotonic()
    inventory = await async_read_inventory(backend)
    return FoundServer(
        backend=backend, identity=identity, inventory=inventory, began=began
    )


@callback
def async_hand_over(hass: HomeAssistant, unique_id: str, found: FoundServer) -> None:
    """Keep what a config flow has found until its entry is set up."""
    hass.data.setdefault(_FOUND, {})[unique_id] = found


@callback
def async_take_over[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data]
) -> FoundServer | None:
    """Return what the config flow of an entry has found, when it is first set up."""
    return hass.data.get(_FOUND, {}).pop(entry.unique_id or "", None)
