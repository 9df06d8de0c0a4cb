"""What the backend keeps over restarts: ids of series and times, nothing personal."""

from ..base import Memory
from ..common.http import Json
from .complete_hours import CompleteHours
from .data_states import DataStates
from .history_start import HistoryStarts
from .kinds import SeriesKinds


class ServerMemory:
    """Restores and remembers what was found out about series."""

    def __init__(
        self,
        states: DataStates,
        kinds: SeriesKinds,
        starts: HistoryStarts,
        complete: CompleteHours,
    ) -> None:
        """Initialize with the parts that have something to keep."""
        self._parts = (states, kinds, starts, complete)

    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned; it may be of an older version."""
        for part in self._parts:
            part.restore(memory)

    def remember(self) -> Memory:
        """Return what all parts have to keep."""
        memory: dict[str, Json] = {}
        for part in self._parts:
            memory |= part.remember()
        return memory
