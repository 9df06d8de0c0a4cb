"""What happens to the history and its data, told to whoever listens."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial

from homeassistant.core import callback

from ...errors.isolation import succeeds

type Detail = str | int | float | datetime
"""One detail of an event; moments are aware."""

type EventListener = Callable[[HistoryEventType, Mapping[str, Detail]], None]
"""Called with the type and the details of an event."""


class HistoryEventType(StrEnum):
    """The types of events, as they appear in Home Assistant."""

    IMPORT_FAILED = "import_failed"
    READING_REJECTED = "reading_rejected"
    METER_EXCHANGED = "meter_exchanged"
    TARIFF_CHANGED = "tariff_changed"
    DATA_LATE = "data_late"
    HOLE_FILLED = "hole_filled"
    WARNING = "warning"


class HistoryEvents:
    """Pass the events of one config entry on to its listeners."""

    def __init__(self) -> None:
        """Initialize without a listener."""
        self._listeners: list[EventListener] = []
        self._failing: set[EventListener] = set()

    @callback
    def listen(self, listener: EventListener) -> Callable[[], None]:
        """Call a listener with each event from now on; return what ends that."""
        self._listeners.append(listener)

        def stop() -> None:
            """Tell the listener nothing any more."""
            self._listeners.remove(listener)
            self._failing.discard(listener)

        return stop

    @callback
    def fire(self, event_type: HistoryEventType, **details: Detail) -> None:
        """Tell all listeners of an event; details never contain secrets."""
        for listener in [*self._listeners]:
            if succeeds(
                partial(listener, event_type, details),
                "A listener to the events of the history",
                was_failing=listener in self._failing,
            ):
                self._failing.discard(listener)
            else:
                self._failing.add(listener)
