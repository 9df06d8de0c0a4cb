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
    """Everything that a loaded config entry holds.

    `history` is `None` where the person switched it off or the backend has none,
    `push` where the backend cannot tell of changes.
    """

    backend: Backend
    memory: BackendMemory
    inventory: InventoryCoordinator
    readings: ReadingsCoordinator
    registrar: Registrar
    history: HistoryCoordinator | None
    push: PushCoordinator | None


type MeteringHubConfigEntry = ConfigEntry[RuntimeData]
