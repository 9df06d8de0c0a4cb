"""The floor: the same sensors, which only write prepared values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import cast

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .bench_floor import PLAN, Plan
from .bench_floor.sensor import SENSORS, PlainSensor


def plans(hass: HomeAssistant, entities: Collection[er.RegistryEntry]) -> list[Plan]:
    """Return plain sensors that look like these entities to Home Assistant."""
    return [plan_of(hass, entity) for entity in entities]


def plan_of(hass: HomeAssistant, entity: er.RegistryEntry) -> Plan:
    """Return a plain sensor that looks like an entity to Home Assistant."""
    state = hass.states.get(entity.entity_id)
    attributes = state.attributes if state else {}
    options = entity.options.get("sensor")
    precision = options.get("suggested_display_precision") if options else None
    return Plan(
        key=entity.unique_id,
        device=entity.device_id or "",
        name=entity.original_name or entity.entity_id,
        device_class=_device_class(entity, attributes),
        state_class=_text(attributes.get("state_class")),
        unit=_text(attributes.get("unit_of_measurement")),
        precision=cast("int | None", precision),
        enabled=not entity.disabled,
    )


def _device_class(
    entity: er.RegistryEntry, attributes: Mapping[str, object]
) -> str | None:
    """Return the device class of the plain sensor that stands for an entity.

    A binary sensor becomes a plain sensor, which cannot have its device class. A time
    becomes a number, because Home Assistant would log an error for each plain number
    that is to be a time.
    """
    found = _text(attributes.get("device_class"))
    has_own = entity.domain == "sensor" and found != SensorDeviceClass.TIMESTAMP
    return found if has_own else None


def _text(value: object) -> str | None:
    """Return an attribute as plain text, which needs no module of ours to be read."""
    return None if value is None else str(value)


@dataclass(slots=True)
class Floor:
    """An entry with plain sensors; `sensors` are those that are enabled."""

    entry: ConfigEntry
    sensors: Sequence[PlainSensor]
    values: count[int]

    async def write(self, number: int | None = None) -> None:
        """Write a new value to the first `number` sensors, or to all."""
        value = float(next(self.values))
        for sensor in self.sensors[:number]:
            sensor.show(value)


async def add_floor(hass: HomeAssistant, planned: Sequence[Plan]) -> Floor:
    """Add an entry with plain sensors."""
    hass.data[PLAN] = planned
    hass.data.pop(SENSORS, None)
    step = await hass.config_entries.flow.async_init(
        "bench_floor", context={"source": SOURCE_USER}
    )
    await hass.async_block_till_done()
    entry = step.get("result")
    if not isinstance(entry, ConfigEntry):
        raise TypeError(f"the floor: {step}")
    sensors = hass.data[SENSORS]
    added = zip(sensors, planned, strict=True)
    return Floor(entry, [each for each, plan in added if plan.enabled], count(1))
