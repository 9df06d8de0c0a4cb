"""Sensors of the Metering Hub integration."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..data import MeteringHubConfigEntry
from ..entity import async_add_point_entities, async_remove_own_entity
from .cost_sensors import COST_SENSOR_KEYS, async_add_cost_sensors
from .entry_sensors import HISTORY_SENSORS, HistorySensor, UpdateModeSensor
from .point_sensors import make_point_sensor

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a sensor for each register, amount, measurement and state.

    An entry whose history is imported has sensors of it and of its costs.
    """
    await async_add_point_entities(
        entry, Platform.SENSOR, async_add_entities, make_point_sensor
    )
    if (history := entry.runtime_data.history) is not None:
        async_add_entities(HistorySensor(history, each) for each in HISTORY_SENSORS)
        await async_add_cost_sensors(hass, entry, history, async_add_entities)
    else:
        for key in (*(each.key for each in HISTORY_SENSORS), *COST_SENSOR_KEYS):
            async_remove_own_entity(hass, entry, Platform.SENSOR, key)
    if (push := entry.runtime_data.push) is not None:
        async_add_entities([UpdateModeSensor(push)])
