"""The classes, units and precision with which Home Assistant shows points."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.number.const import (
    DEVICE_CLASS_UNITS as NUMBER_UNITS,
    NumberDeviceClass,
)
from homeassistant.components.sensor import SensorEntityDescription
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    NON_NUMERIC_DEVICE_CLASSES,
    STATE_CLASS_UNITS,
    UNIT_CONVERTERS,
    SensorDeviceClass,
    SensorStateClass,
)
from homeassistant.components.switch import SwitchDeviceClass
from homeassistant.const import EntityCategory, Platform, UnitOfEnergy

from .identifiers import platform_of
from .metering.model import Category, Kind, Point, Quantity

_STATE_CLASSES: Mapping[Kind, SensorStateClass] = {
    Kind.REGISTER: SensorStateClass.TOTAL_INCREASING,
    Kind.INTERVAL: SensorStateClass.TOTAL,
    Kind.INSTANT: SensorStateClass.MEASUREMENT,
}
_AMOUNTS = frozenset({Kind.REGISTER, Kind.INTERVAL})
_MEASURED = frozenset({Kind.INSTANT})
_NUMBERS = _AMOUNTS | _MEASURED
_STATES = frozenset({Kind.STATE})
_READ_ONLY = frozenset({Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR})
_NUMBER_CLASSES: Mapping[str, NumberDeviceClass] = {
    device_class.value: device_class for device_class in NumberDeviceClass
}


@dataclass(frozen=True, slots=True)
class _DeviceClass:
    """A device class, and the kinds of points that it is used for.

    `other` is the device class for units that `device_class` does not allow.
    """

    device_class: SensorDeviceClass
    kinds: frozenset[Kind]
    other: SensorDeviceClass | None = None


_QUANTITIES: Mapping[Quantity, _DeviceClass] = {
    Quantity.APPARENT_POWER: _DeviceClass(SensorDeviceClass.APPARENT_POWER, _MEASURED),
    Quantity.ATMOSPHERIC_PRESSURE: _DeviceClass(
        SensorDeviceClass.ATMOSPHERIC_PRESSURE, _MEASURED
    ),
    Quantity.AREA: _DeviceClass(SensorDeviceClass.AREA, _MEASURED),
    Quantity.BATTERY: _DeviceClass(SensorDeviceClass.BATTERY, _MEASURED),
    Quantity.CARBON_MONOXIDE: _DeviceClass(SensorDeviceClass.CO, _MEASURED),
    Quantity.CARBON_DIOXIDE: _DeviceClass(SensorDeviceClass.CO2, _MEASURED),
    Quantity.CONDUCTIVITY: _DeviceClass(SensorDeviceClass.CONDUCTIVITY, _MEASURED),
    Quantity.COST: _DeviceClass(SensorDeviceClass.MONETARY, _AMOUNTS),
    Quantity.CURRENT: _DeviceClass(SensorDeviceClass.CURRENT, _MEASURED),
    Quantity.DATA_RATE: _DeviceClass(SensorDeviceClass.DATA_RATE, _MEASURED),
    Quantity.DATA_SIZE: _DeviceClass(SensorDeviceClass.DATA_SIZE, _NUMBERS),
    Quantity.DISTANCE: _DeviceClass(SensorDeviceClass.DISTANCE, _NUMBERS),
    Quantity.DURATION: _DeviceClass(SensorDeviceClass.DURATION, _NUMBERS),
    Quantity.ENERGY: _DeviceClass(SensorDeviceClass.ENERGY, _AMOUNTS),
    Quantity.FREQUENCY: _DeviceClass(SensorDeviceClass.FREQUENCY, _MEASURED),
    Quantity.FUEL: _DeviceClass(
        SensorDeviceClass.VOLUME, _AMOUNTS, SensorDeviceClass.WEIGHT
    ),
    Quantity.GAS: _DeviceClass(
        SensorDeviceClass.GAS, _AMOUNTS, SensorDeviceClass.VOLUME
    ),
    Quantity.HEAT: _DeviceClass(SensorDeviceClass.ENERGY, _AMOUNTS),
    Quantity.HUMIDITY: _DeviceClass(SensorDeviceClass.HUMIDITY, _MEASURED),
    Quantity.ILLUMINANCE: _DeviceClass(SensorDeviceClass.ILLUMINANCE, _MEASURED),
    Quantity.IRRADIANCE: _DeviceClass(SensorDeviceClass.IRRADIANCE, _MEASURED),
    Quantity.MASS: _DeviceClass(SensorDeviceClass.WEIGHT, _NUMBERS),
    Quantity.MOISTURE: _DeviceClass(SensorDeviceClass.MOISTURE, _MEASURED),
    Quantity.OZONE: _DeviceClass(SensorDeviceClass.OZONE, _MEASURED),
    Quantity.PH: _DeviceClass(SensorDeviceClass.PH, _MEASURED),
    Quantity.PM1: _DeviceClass(SensorDeviceClass.PM1, _MEASURED),
    Quantity.PM10: _DeviceClass(SensorDeviceClass.PM10, _MEASURED),
    Quantity.PM25: _DeviceClass(SensorDeviceClass.PM25, _MEASURED),
    Quantity.POWER: _DeviceClass(SensorDeviceClass.POWER, _MEASURED),
    Quantity.POWER_FACTOR: _DeviceClass(SensorDeviceClass.POWER_FACTOR, _MEASURED),
    Quantity.PRECIPITATION: _DeviceClass(SensorDeviceClass.PRECIPITATION, _AMOUNTS),
    Quantity.PRECIPITATION_INTENSITY: _DeviceClass(
        SensorDeviceClass.PRECIPITATION_INTENSITY, _MEASURED
    ),
    Quantity.PRESSURE: _DeviceClass(SensorDeviceClass.PRESSURE, _MEASURED),
    Quantity.REACTIVE_ENERGY: _DeviceClass(SensorDeviceClass.REACTIVE_ENERGY, _AMOUNTS),
    Quantity.REACTIVE_POWER: _DeviceClass(SensorDeviceClass.REACTIVE_POWER, _MEASURED),
    Quantity.SIGNAL_STRENGTH: _DeviceClass(
        SensorDeviceClass.SIGNAL_STRENGTH, _MEASURED
    ),
    Quantity.SOUND_PRESSURE: _DeviceClass(SensorDeviceClass.SOUND_PRESSURE, _MEASURED),
    Quantity.SPEED: _DeviceClass(SensorDeviceClass.SPEED, _MEASURED),
    Quantity.STORED_VOLUME: _DeviceClass(SensorDeviceClass.VOLUME_STORAGE, _MEASURED),
    Quantity.TEMPERATURE: _DeviceClass(SensorDeviceClass.TEMPERATURE, _MEASURED),
    Quantity.TEMPERATURE_DIFFERENCE: _DeviceClass(
        SensorDeviceClass.TEMPERATURE_DELTA, _MEASURED
    ),
    Quantity.TIMESTAMP: _DeviceClass(SensorDeviceClass.TIMESTAMP, _STATES),
    Quantity.VOC: _DeviceClass(SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS, _MEASURED),
    Quantity.VOC_RATIO: _DeviceClass(
        SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS_PARTS, _MEASURED
    ),
    Quantity.VOLTAGE: _DeviceClass(SensorDeviceClass.VOLTAGE, _MEASURED),
    Quantity.VOLUME: _DeviceClass(SensorDeviceClass.VOLUME, _AMOUNTS),
    Quantity.VOLUME_FLOW: _DeviceClass(SensorDeviceClass.VOLUME_FLOW_RATE, _MEASURED),
    Quantity.WATER: _DeviceClass(
        SensorDeviceClass.WATER, _AMOUNTS, SensorDeviceClass.VOLUME
    ),
    Quantity.WIND_DIRECTION: _DeviceClass(SensorDeviceClass.WIND_DIRECTION, _MEASURED),
    Quantity.WIND_SPEED: _DeviceClass(SensorDeviceClass.WIND_SPEED, _MEASURED),
}
_WHOLE = frozenset({Quantity.BATTERY, Quantity.CARBON_DIOXIDE, Quantity.ILLUMINANCE})
"""Quantities shown without decimals, unless the server defines their precision."""

_BINARY_QUANTITIES: Mapping[Quantity, BinarySensorDeviceClass] = {
    Quantity.BATTERY: BinarySensorDeviceClass.BATTERY,
    Quantity.BATTERY_CHARGING: BinarySensorDeviceClass.BATTERY_CHARGING,
    Quantity.CARBON_MONOXIDE: BinarySensorDeviceClass.CO,
    Quantity.COLD: BinarySensorDeviceClass.COLD,
    Quantity.CONNECTIVITY: BinarySensorDeviceClass.CONNECTIVITY,
    Quantity.DOOR: BinarySensorDeviceClass.DOOR,
    Quantity.GAS: BinarySensorDeviceClass.GAS,
    Quantity.LIGHT: BinarySensorDeviceClass.LIGHT,
    Quantity.MOISTURE: BinarySensorDeviceClass.MOISTURE,
    Quantity.MOTION: BinarySensorDeviceClass.MOTION,
    Quantity.OCCUPANCY: BinarySensorDeviceClass.OCCUPANCY,
    Quantity.OPENING: BinarySensorDeviceClass.OPENING,
    Quantity.OUTLET: BinarySensorDeviceClass.POWER,
    Quantity.PROBLEM: BinarySensorDeviceClass.PROBLEM,
    Quantity.RUNNING: BinarySensorDeviceClass.RUNNING,
    Quantity.SAFETY: BinarySensorDeviceClass.SAFETY,
    Quantity.SMOKE: BinarySensorDeviceClass.SMOKE,
    Quantity.SOUND: BinarySensorDeviceClass.SOUND,
    Quantity.TAMPER: BinarySensorDeviceClass.TAMPER,
    Quantity.VIBRATION: BinarySensorDeviceClass.VIBRATION,
    Quantity.WINDOW: BinarySensorDeviceClass.WINDOW,
}
_ANGLES = frozenset({Quantity.ANGLE, Quantity.WIND_DIRECTION})


def sensor_device_class(point: Point) -> SensorDeviceClass | None:
    """Return the device class of a sensor.

    It is `None` if no class allows the unit and the state class, so that the value is
    shown as the server sends it.
    """
    if point.options is not None:
        return SensorDeviceClass.ENUM
    return next((each for each in _device_classes(point) if _allows(each, point)), None)


def _allows(device_class: SensorDeviceClass, point: Point) -> bool:
    """Return True if a device class allows the unit and the state class of a point."""
    if device_class in NON_NUMERIC_DEVICE_CLASSES:
        return sensor_native_unit(point) is None
    units = DEVICE_CLASS_UNITS.get(device_class)
    state_class = sensor_state_class(point)
    return (units is None or point.unit in units) and (
        state_class is None or state_class in DEVICE_CLASS_STATE_CLASSES[device_class]
    )


def number_device_class(point: Point) -> NumberDeviceClass | None:
    """Return the device class of a number, which has the name of the sensor's.

    It is `None` if the class does not allow the unit.
    """
    for each in _device_classes(point):
        device_class = _NUMBER_CLASSES.get(each)
        if device_class is None:
            continue
        units = NUMBER_UNITS.get(device_class)
        if units is None or point.unit in units:
            return device_class
    return None


def _device_classes(point: Point) -> tuple[SensorDeviceClass, ...]:
    """Return the device classes of a point's quantity, regardless of its unit."""
    found = _QUANTITIES.get(point.quantity)
    if found is None or point.kind not in found.kinds:
        return ()
    return (found.device_class, *([found.other] if found.other else []))


def sensor_native_unit(point: Point) -> str | None:
    """Return the unit of a sensor; text has none."""
    return None if point.kind is Kind.STATE else point.unit


def sensor_unit(point: Point) -> str | None:
    """Return the suggested unit of a sensor, or `None` for the server's unit.

    Energy in Wh is shown in kWh, because meter readings have many digits.
    """
    is_energy = sensor_device_class(point) is SensorDeviceClass.ENERGY
    if is_energy and point.unit == UnitOfEnergy.WATT_HOUR:
        return UnitOfEnergy.KILO_WATT_HOUR
    return None


def sensor_precision(point: Point) -> int | None:
    """Return the number of decimals to show; `None` leaves it to Home Assistant.

    The server's number is for its own unit: no decimals of Wh would be whole kWh.
    """
    if point.kind is Kind.STATE or sensor_unit(point) is not None:
        return None
    if point.precision is None and point.quantity in _WHOLE:
        return 0
    return point.precision


def sensor_state_class(point: Point) -> SensorStateClass | None:
    """Return the state class of a sensor, or `None` for text.

    An angle in another unit than degrees has none, because its mean would be wrong, and
    a coordinate has none, because the mean of two places is neither of them.
    """
    if point.options or point.quantity is Quantity.COORDINATE:
        return None
    state_class = _STATE_CLASSES.get(point.kind)
    if point.quantity in _ANGLES and state_class is SensorStateClass.MEASUREMENT:
        # The mean of 359° and 1° must be 0° instead of 180°.
        angle = SensorStateClass.MEASUREMENT_ANGLE
        return angle if point.unit in STATE_CLASS_UNITS[angle] else None
    return state_class


def sensor_description(point: Point) -> SensorEntityDescription:
    """Return the description of a sensor, which the sensors of like points share."""
    return _description(
        point.quantity, point.kind, point.unit, point.precision, point.options
    )


@lru_cache(maxsize=1_000)
def _description(
    quantity: Quantity,
    kind: Kind,
    unit: str | None,
    precision: int | None,
    options: tuple[str, ...] | None,
) -> SensorEntityDescription:
    """Return the description of the sensors of points that have this in common."""
    point = Point(
        key=quantity,
        device_key="",
        quantity=quantity,
        kind=kind,
        unit=unit,
        precision=precision,
        options=options,
    )
    return SensorEntityDescription(
        key=quantity,
        device_class=sensor_device_class(point),
        state_class=sensor_state_class(point),
        native_unit_of_measurement=sensor_native_unit(point),
        suggested_unit_of_measurement=sensor_unit(point),
        suggested_display_precision=sensor_precision(point),
    )


def statistics_unit_class(point: Point) -> str | None:
    """Return the unit class of a point's statistics.

    The Energy dashboard accepts only statistics with a unit class.
    """
    device_class = sensor_device_class(point)
    converter = UNIT_CONVERTERS.get(device_class) if device_class else None
    return converter.UNIT_CLASS if converter else None


def known_units() -> list[str]:
    """Return all units that a device class of Home Assistant allows, sorted."""
    units = {unit for each in DEVICE_CLASS_UNITS.values() for unit in each if unit}
    return sorted(map(str, units), key=str.casefold)


def binary_sensor_device_class(point: Point) -> BinarySensorDeviceClass | None:
    """Return the device class of a binary sensor."""
    return _BINARY_QUANTITIES.get(point.quantity)


def switch_device_class(point: Point) -> SwitchDeviceClass | None:
    """Return the device class of a switch."""
    return SwitchDeviceClass.OUTLET if point.quantity is Quantity.OUTLET else None


def has_device_class(point: Point) -> bool:
    """Return True if Home Assistant can name the entity after its device class."""
    match platform_of(point):
        case Platform.SENSOR:
            return sensor_device_class(point) is not None
        case Platform.NUMBER:
            return number_device_class(point) is not None
        case Platform.BINARY_SENSOR:
            return binary_sensor_device_class(point) is not None
    return False


def entity_category(point: Point) -> EntityCategory | None:
    """Return the entity category of a point.

    Home Assistant allows the configuration category only for entities that can be set.
    """
    if point.category is None:
        return None
    is_query = point.kind is Kind.ACTION and point.category is Category.DIAGNOSTIC
    if is_query or platform_of(point) in _READ_ONLY:
        return EntityCategory.DIAGNOSTIC
    return EntityCategory.CONFIG
