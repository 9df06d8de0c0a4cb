"""The runtime data of a loaded config entry."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .backends.base import Backend
from .coordinator import InventoryCoordinator
from .history.coordinator import HistoryCoordinator
from .live.coordinator import ReadingsCoordinator
from .live.push import PushCoordinator
from .memory import BackendMemory
from .registry import Registrar


@dataclass(kw_only=True)
class RuntimeData:
    """The objects that live as long as a config entry is loaded.

    `history` is `None` if the user disabled it or the backend has no history, `push` if
    the backend does not support push.
    """

    backend: Backend
    memory: BackendMemory
    inventory: InventoryCoordinator
    readings: ReadingsCoordinator
    registrar: Registrar
    history: HistoryCoordinator | None
    push: PushCoordinator | None


type MeteringHubConfigEntry = ConfigEntry[RuntimeData]
