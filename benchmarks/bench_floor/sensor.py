"""Plain sensors."""

from collections.abc import Sequence

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.hass_dict import HassKey

from . import DOMAIN, PLAN, Plan

SENSORS: HassKey[Sequence[PlainSensor]] = HassKey("bench_floor_sensors")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the described sensors."""
    sensors = [PlainSensor(plan) for plan in hass.data[PLAN]]
    hass.data[SENSORS] = sensors
    async_add_entities(sensors)


class PlainSensor(SensorEntity):
    """A sensor whose value is set by the benchmark."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_native_value: float | None = 0.0

    def __init__(self, plan: Plan) -> None:
        """Initialize the sensor from its description."""
        self._attr_unique_id = plan.key
        self._attr_name = plan.name
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, plan.device)}, name=plan.device
        )
        if plan.device_class is not None:
            self._attr_device_class = SensorDeviceClass(plan.device_class)
        if plan.state_class is not None:
            self._attr_state_class = SensorStateClass(plan.state_class)
        self._attr_native_unit_of_measurement = plan.unit
        self._attr_suggested_display_precision = plan.precision
        self._attr_entity_registry_enabled_default = plan.enabled

    @callback
    def show(self, value: float) -> None:
        """Write a value."""
        self._attr_native_value = value
        self.async_write_ha_state()
