"""The one table that says how Home Assistant shows each quantity."""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.components.binary_sensor import BinarySensorDeviceClass  # type: ignore[attr-defined]  # Moved after 2026.9.
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_UNITS,
    SensorDeviceClass,
    SensorStateClass,
)
from homeassistant.const import EntityCategory

from .model import Category, Kind, Point, Quantity

_STATE_CLASSES: Mapping[Kind, SensorStateClass] = {
    Kind.REGISTER: SensorStateClass.TOTAL_INCREASING,
    Kind.INTERVAL: SensorStateClass.TOTAL,
    Kind.INSTANT: SensorStateClass.MEASUREMENT,
}
_AMOUNTS = frozenset({Kind.REGISTER, Kind.INTERVAL})
_MEASURED = frozenset({Kind.INSTANT})
_ENTITY_CATEGORIES: Mapping[Category, EntityCategory] = {
    Category.DIAGNOSTIC: EntityCategory.DIAGNOSTIC,
    Category.CONFIG: EntityCategory.CONFIG,
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """A device class, and the kinds of points that it suits."""

    device_class: SensorDeviceClass
    kinds: frozenset[Kind]


_QUANTITIES: Mapping[Quantity, _Shown] = {
    Quantity.APPARENT_POWER: _Shown(SensorDeviceClass.APPARENT_POWER, _MEASURED),
    Quantity.COST: _Shown(SensorDeviceClass.MONETARY, _AMOUNTS),
    Quantity.CURRENT: _Shown(SensorDeviceClass.CURRENT, _MEASURED),
    Quantity.ENERGY: _Shown(SensorDeviceClass.ENERGY, _AMOUNTS),
    Quantity.FREQUENCY: _Shown(SensorDeviceClass.FREQUENCY, _MEASURED),
    Quantity.GAS: _Shown(SensorDeviceClass.GAS, _AMOUNTS),
    Quantity.HEAT: _Shown(SensorDeviceClass.ENERGY, _AMOUNTS),
    Quantity.POWER: _Shown(SensorDeviceClass.POWER, _MEASURED),
    Quantity.POWER_FACTOR: _Shown(SensorDeviceClass.POWER_FACTOR, _MEASURED),
    Quantity.REACTIVE_ENERGY: _Shown(SensorDeviceClass.REACTIVE_ENERGY, _AMOUNTS),
    Quantity.REACTIVE_POWER: _Shown(SensorDeviceClass.REACTIVE_POWER, _MEASURED),
    Quantity.TEMPERATURE: _Shown(SensorDeviceClass.TEMPERATURE, _MEASURED),
    Quantity.VOLTAGE: _Shown(SensorDeviceClass.VOLTAGE, _MEASURED),
    Quantity.VOLUME_FLOW: _Shown(SensorDeviceClass.VOLUME_FLOW_RATE, _MEASURED),
    Quantity.WATER: _Shown(SensorDeviceClass.WATER, _AMOUNTS),
}
_BINARY_QUANTITIES: Mapping[Quantity, BinarySensorDeviceClass] = {
    Quantity.CONNECTIVITY: BinarySensorDeviceClass.CONNECTIVITY,
    Quantity.PROBLEM: BinarySensorDeviceClass.PROBLEM,
}


def sensor_device_class(point: Point) -> SensorDeviceClass | None:
    """Return the device class of a sensor.

    There is none for a unit that the class does not allow: the value is shown as the
    server gives it, rather than not at all.
    """
    if point.options is not None:
        return SensorDeviceClass.ENUM
    shown = _QUANTITIES.get(point.quantity)
    if shown is None or point.kind not in shown.kinds:
        return None
    units = DEVICE_CLASS_UNITS.get(shown.device_class)
    return shown.device_class if units is None or point.unit in units else None


def sensor_state_class(point: Point) -> SensorStateClass | None:
    """Return the state class of a sensor; words have none."""
    return _STATE_CLASSES.get(point.kind)


def binary_sensor_device_class(point: Point) -> BinarySensorDeviceClass | None:
    """Return the device class of a binary sensor."""
    return _BINARY_QUANTITIES.get(point.quantity)


def entity_category(point: Point) -> EntityCategory | None:
    """Return where on the device's page an entity stands."""
    return _ENTITY_CATEGORIES[point.category] if point.category else None
