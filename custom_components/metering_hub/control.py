"""Send values to a server: base classes of entities, and groups of settings."""

from collections.abc import Mapping
from typing import override

from homeassistant.core import HomeAssistant

from .data import MeteringHubConfigEntry
from .entity import PointEntity
from .errors import errors_translated, refusal_noticed
from .errors.stopping import ended_at_stop
from .live.coordinator import ReadingsCoordinator
from .live.sent_values import Delivery
from .live.written_value import WrittenValue
from .metering.inventory import SettingGroup
from .metering.model import Point, Value
from .metering.scaling import unscaled

ATTR_DELIVERY = "delivery"

NAMED_BY_SERVER = "setting"
"""The translation key of what the server names, for the names of attributes."""


async def async_send_group(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    group: SettingGroup,
    values: Mapping[str, Value],
) -> None:
    """Write values of a group, by the keys of its fields, and read them again.

    Raises BackendError. Rejected credentials also start a reauthentication.
    """
    runtime = entry.runtime_data
    with refusal_noticed(hass, entry):
        await runtime.backend.write_group(group, values)
    secrets = {field.key for field in group.fields if field.is_secret}
    for key, value in values.items():
        runtime.sent.note(
            key, None if key in secrets else value, runtime.readings.read_count
        )
    runtime.readings.async_read_soon(values)


class CommandEntity(PointEntity):
    """An entity that sends something to a server."""

    async def _send(self, value: Value | None) -> None:
        """Write a value, or trigger the action of the point (with `None`).

        Raises HomeAssistantError if the server did not accept it. Rejected credentials
        also start a reauthentication.
        """
        entry = self.coordinator.config_entry
        if value is not None:
            value = unscaled(value, self.point.factor)
        with errors_translated(), refusal_noticed(self.hass, entry):
            async with ended_at_stop(self.hass):
                await self.coordinator.backend.write(self.point, value)


class ControlEntity(CommandEntity):
    """An entity that sets a point, and shows the written value at once."""

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize without a written value."""
        super().__init__(coordinator, point)
        self._sent = coordinator.config_entry.runtime_data.sent
        self._delivery: Delivery | None = None
        self._written = WrittenValue(
            coordinator, point.key, self._handle_coordinator_update
        )
        if self._sent.is_needed and point.translation_key is None:
            self._attr_translation_key = NAMED_BY_SERVER

    def _show(self, value: Value | None) -> bool:
        """Set the attributes to a value; return True if they changed."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Follow what is sent, and cancel the timers when the entity is removed."""
        await super().async_added_to_hass()
        self.async_on_remove(self._written.release)
        if self._sent.is_needed:
            key, listener = self.point.key, self._handle_coordinator_update
            self.async_on_remove(self._sent.listen(key, listener))

    @override
    def _update_from_reading(self) -> bool:
        """Show the latest reading, or the written value while that takes precedence."""
        is_delivery_changed = self._show_delivery()
        return self._show(self._written.current()) or is_delivery_changed

    def _show_delivery(self) -> bool:
        """Show whether the device has what was sent; return True if that changed."""
        delivery = self._sent.delivery(
            self.point.key, self.reading, self.coordinator.was_read_after
        )
        if delivery is self._delivery:
            return False
        self._delivery = delivery
        self._attr_extra_state_attributes = (
            {} if delivery is None else {ATTR_DELIVERY: delivery.value}
        )
        return True

    async def _set(self, value: Value) -> None:
        """Write a value and show it; raises the errors of `_send`."""
        await self._send(value)
        self._note_sent(value)
        self._written.write(value)
        self._handle_coordinator_update()

    def _note_sent(self, value: Value | None) -> None:
        """Note that a value was sent, `None` for a secret."""
        self._sent.note(self.point.key, value, self.coordinator.read_count)
