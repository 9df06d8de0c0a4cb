"""Base classes of entities that send commands or values to a server."""

from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.core import CALLBACK_TYPE, HassJob, callback
from homeassistant.helpers.event import async_call_later

from .backends.errors import AuthenticationError, BackendError
from .entity import PointEntity
from .errors import as_action_error
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point, Value

OPTIMISTIC_SECONDS = 15.0
"""How long a written value is shown while readings still have the previous value."""
READ_AGAIN_SECONDS = (4.0, 12.0)
"""Delays after a write before the point is read again, unless a reading has confirmed
or replaced the value. The last of these reads ends before `OPTIMISTIC_SECONDS`."""


class CommandEntity(PointEntity):
    """An entity that sends something to a server."""

    async def _send(self, value: Value | None) -> None:
        """Write a value, or trigger the action of the point (with `None`).

        Raises HomeAssistantError if the server did not accept it. Rejected credentials
        also start a reauthentication.
        """
        try:
            await self.coordinator.backend.write(self.point, value)
        except BackendError as err:
            if isinstance(err, AuthenticationError):
                self.coordinator.config_entry.async_start_reauth(self.hass)
            raise as_action_error(err) from err


@dataclass(frozen=True, slots=True)
class _OptimisticValue:
    """A written value that no reading has confirmed yet.

    `read_count` is the number of read requests before the write: only later ones can
    have the value. `outdated` are the previous values, which they may still have.
    """

    value: Value
    read_count: int
    outdated: frozenset[Value | None]


class ControlEntity(CommandEntity):
    """An entity that sets a point.

    A written value is shown at once, until a reading replaces it. Readings that were
    requested before the write are ignored. A reading with a previous value may be too
    early, so it counts only after `OPTIMISTIC_SECONDS`. Any other value counts at once.
    """

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize without a written value."""
        super().__init__(coordinator, point)
        self._optimistic: _OptimisticValue | None = None
        self._cancel_timers: list[CALLBACK_TYPE] = []

    def _show(self, value: Value | None) -> bool:
        """Set the attributes to a value; return True if they changed."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Cancel the timers when the entity is removed."""
        await super().async_added_to_hass()
        self.async_on_remove(self._release)

    @override
    def _update_from_reading(self) -> bool:
        """Show the latest reading, or the written value while that takes precedence."""
        value, optimistic = self._read_value(), self._optimistic
        if optimistic is not None and not self._replaces(value, optimistic):
            return self._show(optimistic.value)
        self._release()
        return self._show(value)

    async def _set(self, value: Value) -> None:
        """Write a value and show it; raises the errors of `_send`."""
        await self._send(value)
        outdated = {self._read_value()}
        if self._optimistic is not None:
            outdated |= {self._optimistic.value, *self._optimistic.outdated}
        self._release()
        self._optimistic = _OptimisticValue(
            value, self.coordinator.read_count, frozenset(outdated)
        )
        self._read_again()
        for seconds in READ_AGAIN_SECONDS:
            self._call_later(seconds, HassJob(self._read_again))
        self._call_later(OPTIMISTIC_SECONDS, HassJob(self._give_up))
        self._handle_coordinator_update()

    def _read_value(self) -> Value | None:
        """Return the value of the latest reading."""
        return self.reading.value if self.reading else None

    def _replaces(self, value: Value | None, written: _OptimisticValue) -> bool:
        """Return True if the value of a reading replaces the written one."""
        is_later = self.coordinator.was_read_after(self.point.key, written.read_count)
        return is_later and (value == written.value or value not in written.outdated)

    def _call_later(self, seconds: float, job: HassJob[[datetime], None]) -> None:
        """Start a timer that `_release` cancels."""
        self._cancel_timers.append(async_call_later(self.hass, seconds, job))

    @callback
    def _read_again(self, _now: datetime | None = None) -> None:
        """Request a new reading of the point."""
        self.coordinator.async_read_soon([self.point.key])

    @callback
    def _give_up(self, _now: datetime) -> None:
        """Show the latest reading, although it does not have the written value."""
        self._release()
        self._handle_coordinator_update()

    @callback
    def _release(self) -> None:
        """Drop the written value and cancel the timers."""
        self._optimistic = None
        while self._cancel_timers:
            self._cancel_timers.pop()()
