"""What numbers measure, in the units and words that people type."""

import pytest

from custom_components.metering_hub.backends.milesight.units import measurement_of
from custom_components.metering_hub.metering.model import Kind, Quantity, Role

REGISTER, INSTANT = Kind.REGISTER, Kind.INSTANT


@pytest.mark.parametrize(
    ("unit", "name", "quantity", "kind", "role", "shown"),
    [
        ("KWh", "Wallbox", Quantity.ENERGY, REGISTER, Role.DEVICE, "kWh"),
        ("MWh", "Verbrauch", Quantity.ENERGY, REGISTER, Role.DEVICE, "MWh"),
        ("kWh", "Heat pump", Quantity.ENERGY, REGISTER, Role.DEVICE, "kWh"),
        ("kWh", "Einspeisung", Quantity.ENERGY, REGISTER, None, "kWh"),
        ("kWh", "PV yield", Quantity.ENERGY, REGISTER, None, "kWh"),
        ("kWh", "Gasverbrauch", Quantity.ENERGY, REGISTER, Role.GAS, "kWh"),
        ("MWh", "Wärme", Quantity.HEAT, REGISTER, None, "MWh"),
        ("GJ", "Energy", Quantity.HEAT, REGISTER, None, "GJ"),
        ("m3", "Wasserzähler", Quantity.WATER, REGISTER, Role.WATER, "m³"),
        ("L", "Eau froide", Quantity.WATER, REGISTER, Role.WATER, "L"),
        ("m³", "Gasmeter", Quantity.GAS, REGISTER, Role.GAS, "m³"),
        ("m³", "Meterstand", Quantity.VOLUME, REGISTER, None, "m³"),
        ("L", "Water tank", Quantity.STORED_VOLUME, INSTANT, None, "L"),
        ("L", "Buffer", Quantity.STORED_VOLUME, INSTANT, None, "L"),
        ("m3/h", "Flow", Quantity.VOLUME_FLOW, INSTANT, None, "m³/h"),
        ("L/min", "Flow", Quantity.VOLUME_FLOW, INSTANT, None, "L/min"),
        ("MW", "Plant", Quantity.POWER, INSTANT, None, "MW"),
        ("kV", "Feeder", Quantity.VOLTAGE, INSTANT, None, "kV"),
        ("bar", "Boiler", Quantity.PRESSURE, INSTANT, None, "bar"),
        ("mbar", "Luftdruck", Quantity.ATMOSPHERIC_PRESSURE, INSTANT, None, "mbar"),
        ("dB", "Noise", Quantity.SOUND_PRESSURE, INSTANT, None, "dB"),
        ("dB", "Attenuation", Quantity.OTHER, INSTANT, None, "dB"),
        ("W/m2", "Sun", Quantity.IRRADIANCE, INSTANT, None, "W/m²"),
        ("µS/cm", "Water", Quantity.CONDUCTIVITY, INSTANT, None, "μS/cm"),
        ("Lux", "Hall", Quantity.ILLUMINANCE, INSTANT, None, "lx"),
        ("mm/h", "Rain", Quantity.PRECIPITATION_INTENSITY, INSTANT, None, "mm/h"),
        ("kg", "Scale", Quantity.MASS, INSTANT, None, "kg"),
        ("°C", "Tolerance", Quantity.TEMPERATURE_DIFFERENCE, INSTANT, None, "°C"),
        ("K", "Spread", Quantity.TEMPERATURE_DIFFERENCE, INSTANT, None, "K"),
        ("furlong", "Track", Quantity.OTHER, INSTANT, None, "furlong"),
    ],
)
def test_unit_and_name_say_what_is_measured(  # One per column.
    unit: str,
    name: str,
    quantity: Quantity,
    kind: Kind,
    role: Role | None,
    shown: str,
) -> None:
    found = measurement_of(unit, "value", name)
    assert (found.quantity, found.kind, found.role) == (quantity, kind, role)
    assert found.unit == shown


@pytest.mark.parametrize(
    ("device", "quantity"),
    [("Water meter", Quantity.WATER), ("Gaszähler", Quantity.GAS)],
)
def test_device_says_what_a_volume_is_of(device: str, quantity: Quantity) -> None:
    assert measurement_of("m³", "total", "Total", device).quantity is quantity


def test_device_does_not_say_what_an_energy_is_of() -> None:
    """A plug at the heating's pump counts electricity."""
    found = measurement_of("kWh", "power_consumption", "", "Heating")
    assert (found.quantity, found.role) == (Quantity.ENERGY, Role.DEVICE)


@pytest.mark.parametrize(
    "identifier", ["water_conv", "pulse_conv", "pulse_conversion_settings.water"]
)
def test_coefficient_is_no_counter(identifier: str) -> None:
    assert measurement_of(None, identifier).kind is INSTANT
    assert measurement_of(None, identifier).quantity is Quantity.OTHER
