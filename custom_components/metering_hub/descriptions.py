"""The one table that says how Home Assistant shows each quantity."""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.components.binary_sensor import BinarySensorDeviceClass  # type: ignore[attr-defined]  # Moved after 2026.9.
from homeassistant.components.number.const import (
    DEVICE_CLASS_UNITS as NUMBER_UNITS,
    NumberDeviceClass,
)
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_UNITS,
    UNIT_CONVERTERS,
    SensorDeviceClass,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, Platform, UnitOfEnergy

from .identifiers import platform_of
from .metering.model import Kind, Point, Quantity

_STATE_CLASSES: Mapping[Kind, SensorStateClass] = {
    Kind.REGISTER: SensorStateClass.TOTAL_INCREASING,
    Kind.INTERVAL: SensorStateClass.TOTAL,
    Kind.INSTANT: SensorStateClass.MEASUREMENT,
}
_AMOUNTS = frozenset({Kind.REGISTER, Kind.INTERVAL})
_MEASURED = frozenset({Kind.INSTANT})
_SAID = frozenset({Kind.STATE})
_READ_ONLY = frozenset({Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR})
_NUMBER_CLASSES: Mapping[str, NumberDeviceClass] = {
    device_class.value: device_class for device_class in NumberDeviceClass
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """A device class, and the kinds of points that it suits."""

    device_class: SensorDeviceClass
    kinds: frozenset[Kind]


_QUANTITIES: Mapping[Quantity, _Shown] = {
    Quantity.APPARENT_POWER: _Shown(SensorDeviceClass.APPARENT_POWER, _MEASURED),
    Quantity.ATMOSPHERIC_PRESSURE: _Shown(
        SensorDeviceClass.ATMOSPHERIC_PRESSURE, _MEASURED
    ),
    Quantity.BATTERY: _Shown(SensorDeviceClass.BATTERY, _MEASURED),
    Quantity.CARBON_DIOXIDE: _Shown(SensorDeviceClass.CO2, _MEASURED),
    Quantity.COST: _Shown(SensorDeviceClass.MONETARY, _AMOUNTS),
    Quantity.CURRENT: _Shown(SensorDeviceClass.CURRENT, _MEASURED),
    Quantity.DISTANCE: _Shown(SensorDeviceClass.DISTANCE, _MEASURED),
    Quantity.DURATION: _Shown(SensorDeviceClass.DURATION, _MEASURED),
    Quantity.ENERGY: _Shown(SensorDeviceClass.ENERGY, _AMOUNTS),
    Quantity.FREQUENCY: _Shown(SensorDeviceClass.FREQUENCY, _MEASURED),
    Quantity.GAS: _Shown(SensorDeviceClass.GAS, _AMOUNTS),
    Quantity.HEAT: _Shown(SensorDeviceClass.ENERGY, _AMOUNTS),
    Quantity.HUMIDITY: _Shown(SensorDeviceClass.HUMIDITY, _MEASURED),
    Quantity.ILLUMINANCE: _Shown(SensorDeviceClass.ILLUMINANCE, _MEASURED),
    Quantity.IRRADIANCE: _Shown(SensorDeviceClass.IRRADIANCE, _MEASURED),
    Quantity.MOISTURE: _Shown(SensorDeviceClass.MOISTURE, _MEASURED),
    Quantity.PM1: _Shown(SensorDeviceClass.PM1, _MEASURED),
    Quantity.PM10: _Shown(SensorDeviceClass.PM10, _MEASURED),
    Quantity.PM25: _Shown(SensorDeviceClass.PM25, _MEASURED),
    Quantity.POWER: _Shown(SensorDeviceClass.POWER, _MEASURED),
    Quantity.POWER_FACTOR: _Shown(SensorDeviceClass.POWER_FACTOR, _MEASURED),
    Quantity.PRECIPITATION: _Shown(SensorDeviceClass.PRECIPITATION, _AMOUNTS),
    Quantity.PRESSURE: _Shown(SensorDeviceClass.PRESSURE, _MEASURED),
    Quantity.REACTIVE_ENERGY: _Shown(SensorDeviceClass.REACTIVE_ENERGY, _AMOUNTS),
    Quantity.REACTIVE_POWER: _Shown(SensorDeviceClass.REACTIVE_POWER, _MEASURED),
    Quantity.SIGNAL_STRENGTH: _Shown(SensorDeviceClass.SIGNAL_STRENGTH, _MEASURED),
    Quantity.SOUND_PRESSURE: _Shown(SensorDeviceClass.SOUND_PRESSURE, _MEASURED),
    Quantity.TEMPERATURE: _Shown(SensorDeviceClass.TEMPERATURE, _MEASURED),
    Quantity.TEMPERATURE_DIFFERENCE: _Shown(
        SensorDeviceClass.TEMPERATURE_DELTA, _MEASURED
    ),
    Quantity.TIMESTAMP: _Shown(SensorDeviceClass.TIMESTAMP, _SAID),
    Quantity.VOC: _Shown(SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS, _MEASURED),
    Quantity.VOC_RATIO: _Shown(
        SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS_PARTS, _MEASURED
    ),
    Quantity.VOLTAGE: _Shown(SensorDeviceClass.VOLTAGE, _MEASURED),
    Quantity.VOLUME_FLOW: _Shown(SensorDeviceClass.VOLUME_FLOW_RATE, _MEASURED),
    Quantity.WATER: _Shown(SensorDeviceClass.WATER, _AMOUNTS),
    Quantity.WIND_DIRECTION: _Shown(SensorDeviceClass.WIND_DIRECTION, _MEASURED),
    Quantity.WIND_SPEED: _Shown(SensorDeviceClass.WIND_SPEED, _MEASURED),
}
_WHOLE = frozenset({Quantity.BATTERY, Quantity.CARBON_DIOXIDE, Quantity.ILLUMINANCE})
"""Quantities whose decimals say nothing, unless a server tells how many there are."""

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
    if (device_class := _device_class(point)) is None:
        return None
    units = DEVICE_CLASS_UNITS.get(device_class)
    return device_class if units is None or point.unit in units else None


def number_device_class(point: Point) -> NumberDeviceClass | None:
    """Return the device class of a number, which is called like a sensor's.

    As for a sensor, there is none for a unit that the class does not allow.
    """
    device_class = _NUMBER_CLASSES.get(_device_class(point) or "")
    if device_class is None:
        return None
    units = NUMBER_UNITS.get(device_class)
    return device_class if units is None or point.unit in units else None


def _device_class(point: Point) -> SensorDeviceClass | None:
    """Return the device class that the table has for a point, whatever its unit."""
    shown = _QUANTITIES.get(point.quantity)
    if shown is None or point.kind not in shown.kinds:
        return None
    return shown.device_class


def sensor_unit(point: Point) -> str | None:
    """Return the unit to show a sensor in at first, `None` for the server's own.

    A meter position of many digits is easier to read in kWh than in Wh.
    """
    is_energy = sensor_device_class(point) is SensorDeviceClass.ENERGY
    if is_energy and point.unit == UnitOfEnergy.WATT_HOUR:
        return UnitOfEnergy.KILO_WATT_HOUR
    return None


def sensor_precision(point: Point) -> int | None:
    """Return how many decimals to show, in the server's unit; `None` for all."""
    if point.precision is None and point.quantity in _WHOLE:
        return 0
    return point.precision


def sensor_state_class(point: Point) -> SensorStateClass | None:
    """Return the state class of a sensor; words have none."""
    state_class = _STATE_CLASSES.get(point.kind)
    is_angle = point.quantity is Quantity.WIND_DIRECTION
    if is_angle and state_class is SensorStateClass.MEASUREMENT:
        # The mean of 359° and 1° is 0°, not 180°.
        return SensorStateClass.MEASUREMENT_ANGLE
    return state_class


def statistics_unit_class(point: Point) -> str | None:
    """Return the family of units that a point's statistics can be converted within.

    The Energy dashboard offers only statistics that have one.
    """
    device_class = sensor_device_class(point)
    converter = UNIT_CONVERTERS.get(device_class) if device_class else None
    return converter.UNIT_CLASS if converter else None


def binary_sensor_device_class(point: Point) -> BinarySensorDeviceClass | None:
    """Return the device class of a binary sensor."""
    return _BINARY_QUANTITIES.get(point.quantity)


def entity_category(point: Point) -> EntityCategory | None:
    """Return where on the device's page an entity stands.

    Only what can be set is part of the configuration, and all of it is: Home Assistant
    refuses a sensor that says otherwise.
    """
    if point.category is None:
        return None
    if platform_of(point) in _READ_ONLY:
        return EntityCategory.DIAGNOSTIC
    return EntityCategory.CONFIG
