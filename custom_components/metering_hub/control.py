"""What entities that can be set, or make something happen, have in common."""

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

HELD_SECONDS = 15.0
"""How long a written value is shown against readings that still say what was before."""
RE_READ_SECONDS = (4.0, 12.0)
"""When after a write the point is read once more, unless a reading has decided. The
last of these is answered before `HELD_SECONDS` are over."""


class ActingEntity(PointEntity):
    """An entity through which something is sent to a server."""

    async def _send(self, value: Value | None) -> None:
        """Write a value, or do what the point stands for.

        Raises HomeAssistantError that says why the server did not do it; refused
        credentials ask for new ones, too.
        """
        try:
            await self.coordinator.backend.write(self.point, value)
        except BackendError as err:
            if isinstance(err, AuthenticationError):
                self.coordinator.config_entry.async_start_reauth(self.hass)
            raise as_action_error(err) from err


@dataclass(frozen=True, slots=True)
class _Held:
    """A value that was written.

    `asked` is how often readings had been asked for by then: only later ones can know
    of the value. `outdated` is what such a reading may still say for a while.
    """

    value: Value
    asked: int
    outdated: frozenset[Value | None]


class ControlEntity(ActingEntity):
    """An entity through which a point is set.

    A written value is shown at once, and only until a reading decides. A reading that
    was asked for before the write decides nothing. One that says what was there before
    the write may just be early: it decides once `HELD_SECONDS` are over. Any other
    decides at once, be it the written value or a third one.
    """

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Show readings."""
        super().__init__(coordinator, point)
        self._held: _Held | None = None
        self._cancel_timers: list[CALLBACK_TYPE] = []

    def _show(self, value: Value | None) -> bool:
        """Take over a value; tell whether the state is another one now."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Let no timer outlive the entity."""
        await super().async_added_to_hass()
        self.async_on_remove(self._release)

    @override
    def _update_from_reading(self) -> bool:
        """Take over the newest reading, or what was written where that still counts."""
        value = self._read_value()
        if self._held is not None and not self._decides(value, self._held):
            return self._show(self._held.value)
        self._release()
        return self._show(value)

    async def _set(self, value: Value) -> None:
        """Write a value, and show it until a reading decides; raises as `_send`."""
        await self._send(value)
        outdated = {self._read_value()}
        if self._held is not None:
            outdated |= {self._held.value, *self._held.outdated}
        self._release()
        self._held = _Held(value, self.coordinator.read_count, frozenset(outdated))
        self._read_again()
        for seconds in RE_READ_SECONDS:
            self._call_later(seconds, HassJob(self._read_again))
        self._call_later(HELD_SECONDS, HassJob(self._give_up))
        self._handle_coordinator_update()

    def _read_value(self) -> Value | None:
        return self.reading.value if self.reading else None

    def _decides(self, value: Value | None, held: _Held) -> bool:
        """Tell whether a reading's value counts more than the one that was written."""
        return self.coordinator.was_read_after(self.point.key, held.asked) and (
            value == held.value or value not in held.outdated
        )

    def _call_later(self, seconds: float, job: HassJob[[datetime], None]) -> None:
        self._cancel_timers.append(async_call_later(self.hass, seconds, job))

    @callback
    def _read_again(self, _now: datetime | None = None) -> None:
        self.coordinator.async_read_soon([self.point.key])

    @callback
    def _give_up(self, _now: datetime) -> None:
        """Show what the readings say, whatever that is."""
        self._release()
        self._handle_coordinator_update()

    @callback
    def _release(self) -> None:
        """Hold nothing any more."""
        self._held = None
        while self._cancel_timers:
            self._cancel_timers.pop()()
