"""The runtime data of a loaded config entry."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .backends.base import Backend
from .coordinator import InventoryCoordinator
from .dashboard.entry_meters import EntryMeters
from .history.coordinator import HistoryCoordinator
from .live.coordinator import ReadingsCoordinator
from .live.push import PushCoordinator
from .live.sent_values import SentValues
from .memory import BackendMemory
from .registry.registrar import Registrar


@dataclass(kw_only=True)
class RuntimeData:
    """The objects that live as long as a config entry is loaded.

    `history` is `None` if the user disabled it or the backend has no history, `push` if
    the backend does not support push. `sent` are the values that were sent to devices.
    """

    backend: Backend
    memory: BackendMemory
    inventory: InventoryCoordinator
    readings: ReadingsCoordinator
    registrar: Registrar
    history: HistoryCoordinator | None
    push: PushCoordinator | None
    sent: SentValues


type MeteringHubConfigEntry = ConfigEntry[RuntimeData]


def meters_of(entry: MeteringHubConfigEntry) -> EntryMeters:
    """Return the meters of a loaded entry, without those whose kind is in question."""
    inventory, history = entry.runtime_data.inventory, entry.runtime_data.history
    left_out = history.questions if history else {}
    return EntryMeters(
        entry=entry,
        points={
            key: point
            for key, point in inventory.data.points.items()
            if key not in left_out
        },
        forecast=inventory.async_solar_forecast,
        is_settled=lambda: history is None or history.data.is_settled,
        statistic_prefix=history.prefix if history else None,
    )
