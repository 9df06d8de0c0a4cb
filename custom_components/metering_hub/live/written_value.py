"""Values that were written to a server, until its readings confirm or replace them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HassJob, callback
from homeassistant.helpers.event import async_call_later

from ..metering.model import Value
from .coordinator import ReadingsCoordinator

OPTIMISTIC_SECONDS = 15.0
"""How long a written value is shown while readings still have the previous value."""
READ_AGAIN_SECONDS = (4.0, 12.0)
"""Delays after a write before the point is read again, unless a reading has confirmed
or replaced the value. The last of these reads ends before `OPTIMISTIC_SECONDS`."""


@dataclass(frozen=True, slots=True)
class _OptimisticValue:
    """A written value that no reading has confirmed yet.

    `read_count` is the number of read requests before the write: only later ones can
    have the value. `outdated` are the previous values, which they may still have.
    """

    value: Value
    read_count: int
    outdated: frozenset[Value | None]


class WrittenValue:
    """The value of a point: the latest reading, or what was written since then.

    A written value is shown at once, until a reading replaces it. Readings that were
    requested before the write are ignored. A reading with a previous value may be too
    early, so it counts only after `OPTIMISTIC_SECONDS`. Any other value counts at once.
    """

    def __init__(
        self, coordinator: ReadingsCoordinator, key: str, show: Callable[[], None]
    ) -> None:
        """Initialize without a written value; `show` is called when it is given up."""
        self._coordinator = coordinator
        self._key = key
        self._show = show
        self._optimistic: _OptimisticValue | None = None
        self._cancel_timers: list[CALLBACK_TYPE] = []

    @callback
    def current(self) -> Value | None:
        """Return the value to show; a written one is dropped when it is replaced."""
        value, optimistic = self._read_value(), self._optimistic
        if optimistic is not None and not self._replaces(value, optimistic):
            return optimistic.value
        self.release()
        return value

    @callback
    def write(self, value: Value) -> None:
        """Show a value that the server has accepted, and read the point again soon."""
        outdated = {self._read_value()}
        if self._optimistic is not None:
            outdated |= {self._optimistic.value, *self._optimistic.outdated}
        self.release()
        self._optimistic = _OptimisticValue(
            value, self._coordinator.read_count, frozenset(outdated)
        )
        self._read_again()
        for seconds in READ_AGAIN_SECONDS:
            self._call_later(seconds, HassJob(self._read_again))
        self._call_later(OPTIMISTIC_SECONDS, HassJob(self._give_up))

    @callback
    def release(self) -> None:
        """Drop the written value and cancel the timers."""
        self._optimistic = None
        while self._cancel_timers:
            self._cancel_timers.pop()()

    def _read_value(self) -> Value | None:
        """Return the value of the latest reading."""
        reading = self._coordinator.data.readings.get(self._key)
        return reading.value if reading else None

    def _replaces(self, value: Value | None, written: _OptimisticValue) -> bool:
        """Return True if the value of a reading replaces the written one."""
        is_later = self._coordinator.was_read_after(self._key, written.read_count)
        return is_later and (value == written.value or value not in written.outdated)

    def _call_later(self, seconds: float, job: HassJob[[datetime], None]) -> None:
        """Start a timer that `release` cancels."""
        self._cancel_timers.append(
            async_call_later(self._coordinator.hass, seconds, job)
        )

    @callback
    def _read_again(self, _now: datetime | None = None) -> None:
        """Request a new reading of the point."""
        self._coordinator.async_read_soon([self._key])

    @callback
    def _give_up(self, _now: datetime) -> None:
        """Show the latest reading, although it does not have the written value."""
        self.release()
        self._show()
