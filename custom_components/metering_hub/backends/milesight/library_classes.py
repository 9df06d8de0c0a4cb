"""The readings of the device library that are named after their device class.

Source: docs/wire/milesight.md, Names and labels.
"""

from dataclasses import dataclass

from ...metering.model import Quantity


@dataclass(frozen=True, slots=True)
class ClassName:
    """A point that is named after its device class.

    `name` is Home Assistant's English name of the class, `identifiers` are those of
    the entities, and `names` the names that they have by default.
    """

    quantity: Quantity
    name: str
    identifiers: frozenset[str]
    names: frozenset[str]


def _class(quantity: Quantity, name: str, identifiers: str, *names: str) -> ClassName:
    """Return a row of the table of classes; `identifiers` are words."""
    known = frozenset(each.casefold() for each in names)
    return ClassName(quantity, name, frozenset(identifiers.split()), known)


CLASS_NAMES: tuple[ClassName, ...] = (
    _class(
        Quantity.ATMOSPHERIC_PRESSURE,
        "Atmospheric pressure",
        "pressure",
        "Barometric Pressure",
        "Pressure",
    ),
    _class(Quantity.BATTERY, "Battery", "battery", "Battery", "Battery Level"),
    _class(Quantity.CARBON_DIOXIDE, "Carbon dioxide", "co2", "CO2", "CO₂"),
    _class(Quantity.CURRENT, "Current", "current", "Current"),
    _class(Quantity.DISTANCE, "Distance", "distance", "Distance"),
    _class(
        Quantity.ENERGY,
        "Energy",
        "power_consumption energy",
        "Power Consumption",
        "Energy",
    ),
    _class(Quantity.DOOR, "Door", "magnet magnet_status", "Magnet", "Magnet Status"),
    _class(Quantity.FREQUENCY, "Frequency", "frequency", "Frequency"),
    _class(Quantity.GAS, "Gas", "gas_status", "GAS Status"),
    _class(Quantity.HUMIDITY, "Humidity", "humidity", "Humidity"),
    _class(
        Quantity.ILLUMINANCE,
        "Illuminance",
        "illuminance light lux Lux light_intensity",
        "Illuminance",
        "Light",
        "Lux",
        "Light Intensity",
    ),
    _class(
        Quantity.LIGHT,
        "Light",
        "daylight illuminance_status",
        "Daylight",
        "Illuminance Status",
    ),
    _class(Quantity.MOISTURE, "Moisture", "leakage_status", "Leakage Status"),
    _class(
        Quantity.MOISTURE,
        "Moisture",
        "soil_moisture moisture",
        "Soil Moisture",
        "Moisture",
    ),
    _class(Quantity.MOTION, "Motion", "pir", "PIR"),
    _class(
        Quantity.OCCUPANCY,
        "Occupancy",
        "occupancy occupancy_status",
        "Occupancy",
        "Occupancy Status",
    ),
    _class(Quantity.PM1, "PM1", "pm1_0 pm1", "PM1.0", "PM1"),
    _class(Quantity.PM10, "PM10", "pm10", "PM10"),
    _class(Quantity.PM25, "PM2.5", "pm2_5", "PM2.5"),
    _class(
        Quantity.POWER,
        "Power",
        "active_power electric_power power",
        "Active Power",
        "Electric Power",
        "Power",
    ),
    _class(Quantity.POWER_FACTOR, "Power factor", "power_factor", "Power Factor"),
    _class(
        Quantity.PRESSURE,
        "Pressure",
        "pressure pipe_pressure",
        "Pressure",
        "Pipe Pressure",
    ),
    _class(Quantity.SIGNAL_STRENGTH, "Signal strength", "rssi", "RSSI"),
    _class(Quantity.TAMPER, "Tamper", "tamper_status", "Tamper Status"),
    _class(
        Quantity.TEMPERATURE,
        "Temperature",
        "temperature",
        "Temperature",
        "Ambient Temperature",
    ),
    _class(Quantity.VOC, "Volatile organic compounds", "tvoc", "TVOC"),
    _class(Quantity.VOC_RATIO, "Volatile organic compounds parts", "tvoc", "TVOC"),
    _class(Quantity.VOLTAGE, "Voltage", "voltage", "Voltage"),
    _class(Quantity.WINDOW, "Window", "window_detection", "Window Detection"),
    _class(
        Quantity.WIND_DIRECTION, "Wind direction", "wind_direction", "Wind Direction"
    ),
    _class(Quantity.WIND_SPEED, "Wind speed", "wind_speed", "Wind Speed"),
)
"""The readings that are called no more than what they measure."""
