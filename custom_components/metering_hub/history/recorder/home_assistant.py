"""Home Assistant's recorder, as imports use it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from homeassistant.core import HomeAssistant

from ..batches import Batch
from ..maths.rows import Row
from ..maths.standing import Run
from .access import Barrier, running_recorder, wait_until_stored
from .batches import find_missing, queue_batch
from .joined import make_room
from .recorded_hours import recorded_runs
from .recorder import last_rows, row_before, rows_during
from .writes import tell_written


class HomeAssistantRecorder:
    """The `Recorder` of an import in Home Assistant."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize; the recorder is only asked for when it is needed."""
        self._hass = hass

    @property
    def retry_wait(self) -> float:
        """Return the seconds after which it connects to its database again.

        Raises RecorderError if it is not running, and StoppingError.
        """
        return running_recorder(self._hass).db_retry_wait

    async def last_rows(self, statistic_id: str, count: int) -> Sequence[Row]:
        """Return the last `count` rows; raises RecorderError and StoppingError."""
        return await last_rows(self._hass, statistic_id, count)

    async def row_before(self, statistic_id: str, moment: datetime) -> Row | None:
        """Return the row before a moment; raises RecorderError and StoppingError."""
        return await row_before(self._hass, statistic_id, moment)

    async def rows_during(
        self, statistic_id: str, start: datetime, end: datetime
    ) -> Sequence[Row]:
        """Return rows in [start, end); raises RecorderError and StoppingError."""
        return await rows_during(self._hass, statistic_id, start, end)

    async def runs(self, statistic_id: str, begin: datetime | None) -> Sequence[Run]:
        """Return the runs of hours; raises RecorderError and StoppingError."""
        return await recorded_runs(self._hass, statistic_id, begin)

    async def make_room(self, statistic_id: str, start: datetime) -> None:
        """Cut joined rows from `start` on; raises RecorderError and StoppingError."""
        await make_room(self._hass, statistic_id, start)

    def queue(self, batch: Batch) -> None:
        """Queue rows; raises RecorderError and StoppingError."""
        queue_batch(self._hass, batch)

    def barrier(self) -> Barrier:
        """Queue a mark; raises RecorderError and StoppingError."""
        return Barrier(self._hass)

    async def find_missing(self, batches: Collection[Batch]) -> Sequence[Batch]:
        """Return what is not stored; raises RecorderError and StoppingError."""
        return await find_missing(self._hass, batches)

    async def wait_until_stored(self) -> None:
        """Wait for what is queued; raises RecorderError and StoppingError."""
        await wait_until_stored(self._hass)

    def tell_written(self, statistic_ids: Collection[str]) -> None:
        """Tell what of the entry depends on these statistics that they changed."""
        tell_written(self._hass, statistic_ids)
