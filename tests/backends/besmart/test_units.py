"""Names, units and kinds of signals."""

from dataclasses import replace

import pytest

from custom_components.metering_hub.backends.besmart.models import (
    SensorId,
    SignalId,
    SignalType,
)
from custom_components.metering_hub.backends.besmart.points import (
    make_point,
    sensor_of,
    signal_of,
)
from custom_components.metering_hub.backends.besmart.units import (
    KNOWN,
    normal_unit,
    unit_factor,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role

SENSOR = SensorId(1, 2)
UNKNOWN = SignalType(
    moid=451,
    symbol="X",
    description="Coś nowego",
    unit="kW.h",
    is_incremental=None,
    obis=None,
)


def point(
    moid: int,
    type_: SignalType | None = None,
    unit: str | None = None,
    only_grows: bool | None = None,
) -> Point:
    """Return the point of a signal."""
    return make_point(
        SignalId(SENSOR, moid), type_, unit=unit, only_grows=only_grows, taken=set()
    )


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("kW.h", "kWh"),
        ("kWh", "kWh"),
        ("KWH", "kWh"),
        ("MW.h", "MWh"),
        ("kvar.h", "kvarh"),
        ("kV.A.h", "kVAh"),
        ("W", "W"),
        ("mV", "mV"),
        ("m3", "m³"),
        ("C", "°C"),
        ("°C", "°C"),
        (" K ", "K"),
        ("%", "%"),
        ("", None),
        (".", None),
        (None, None),
        ("furlong", "furlong"),
    ],
)
def test_units_are_spelt_as_home_assistant_does(
    text: str | None, unit: str | None
) -> None:
    assert normal_unit(text) == unit


@pytest.mark.parametrize(
    ("unit", "wanted", "factor"),
    [
        ("kWh", "kWh", 1),
        ("MWh", "kWh", 1000),
        ("Wh", "kWh", 0.001),
        ("kW", "kWh", None),
        ("kvarh", "kWh", None),
        ("K", "°C", None),
        ("furlong", "furlong", 1),
        (None, None, 1),
        (None, "kWh", None),
    ],
)
def test_units_are_converted_within_their_family(
    unit: str | None, wanted: str | None, factor: float | None
) -> None:
    assert unit_factor(unit, wanted) == factor


@pytest.mark.parametrize(
    ("moid", "quantity", "kind", "unit", "role"),
    [
        (32, Quantity.ENERGY, Kind.REGISTER, "kWh", Role.GRID_DELIVERED),
        (34, Quantity.ENERGY, Kind.REGISTER, "kWh", Role.GRID_RETURNED),
        (36, Quantity.REACTIVE_ENERGY, Kind.REGISTER, "kvarh", None),
        (42, Quantity.REACTIVE_ENERGY, Kind.REGISTER, "kvarh", None),
        (44, Quantity.APPARENT_ENERGY, Kind.REGISTER, "kVAh", None),
        (46, Quantity.APPARENT_ENERGY, Kind.REGISTER, "kVAh", None),
        (53, Quantity.VOLTAGE, Kind.INSTANT, "V", None),
        (58, Quantity.CURRENT, Kind.INSTANT, "A", None),
        (70, Quantity.POWER, Kind.INSTANT, "kW", None),
        (103, Quantity.FREQUENCY, Kind.INSTANT, "Hz", None),
        (139, Quantity.TEMPERATURE, Kind.INSTANT, "K", None),
    ],
)
def test_known_signals_need_no_list_of_types(
    moid: int, quantity: Quantity, kind: Kind, unit: str, role: Role | None
) -> None:
    found = point(moid)
    assert (found.quantity, found.kind, found.unit) == (quantity, kind, unit)
    assert found.role is role
    assert found.translation_key is not None
    assert found.has_history is not KNOWN[moid].per_minute


def test_solar_power_or_energy_by_its_unit() -> None:
    power = point(70, unit="kW")
    assert (power.kind, power.role) == (Kind.INSTANT, None)
    energy = point(70, unit="kWh")
    assert (energy.kind, energy.role) == (Kind.INTERVAL, Role.SOLAR)
    assert energy.interval is not None
    assert energy.interval.total_seconds() == 900
    counted = point(70, replace(UNKNOWN, moid=70, is_incremental=True))
    assert (counted.kind, counted.role) == (Kind.REGISTER, Role.SOLAR)


def test_the_unit_of_the_data_counts_more_than_that_of_the_type() -> None:
    assert point(32, replace(UNKNOWN, moid=32), unit="MWh").unit == "MWh"
    assert point(32, replace(UNKNOWN, moid=32)).unit == "kWh"


def test_a_known_number_with_another_meaning_is_what_the_server_says() -> None:
    found = point(32, replace(UNKNOWN, moid=32, unit="m3", is_incremental=False))
    assert found.translation_key is None
    assert (found.name, found.unit) == ("Coś nowego", "m³")
    assert (found.kind, found.quantity) == (Kind.INSTANT, Quantity.COUNT)
    assert found.role is None


@pytest.mark.parametrize(
    ("changes", "grows", "kind", "has_history"),
    [
        ({"is_incremental": True}, False, Kind.REGISTER, True),
        ({"obis": "1.8.1"}, False, Kind.REGISTER, True),
        ({"obis": "1-0:2.8.0"}, None, Kind.REGISTER, True),
        ({"is_incremental": False}, True, Kind.INTERVAL, True),
        ({"obis": "1.7.0"}, True, Kind.REGISTER, True),
        ({}, True, Kind.REGISTER, True),
        ({}, False, Kind.INTERVAL, True),
        # As long as nobody can tell, it is shown, but nothing is counted.
        ({}, None, Kind.INSTANT, False),
        ({"unit": "kW"}, True, Kind.INSTANT, True),
        ({"unit": None}, None, Kind.INSTANT, True),
    ],
)
def test_what_is_a_register(
    changes: dict[str, object], grows: bool | None, kind: Kind, has_history: bool
) -> None:
    found = point(451, replace(UNKNOWN, **changes), only_grows=grows)  # type: ignore[arg-type]  # Fields.
    assert found.kind is kind
    assert found.has_history is has_history


def test_obis_codes_tell_the_direction() -> None:
    delivered = point(451, replace(UNKNOWN, obis="1-0:1.8.0"))
    assert delivered.role is Role.GRID_DELIVERED
    # A tariff's register is a part of the total.
    assert point(451, replace(UNKNOWN, obis="1.8.1")).role is None


def test_names_of_a_device_differ() -> None:
    taken: set[str] = set()
    names = [
        make_point(
            SignalId(SENSOR, moid), type_, unit=None, only_grows=None, taken=taken
        ).name
        for moid, type_ in (
            (451, UNKNOWN),
            (452, replace(UNKNOWN, moid=452)),
            (453, replace(UNKNOWN, moid=453, description=None)),
            (454, None),
        )
    ]
    assert names == ["Coś nowego", "Coś nowego (452)", "X", "Signal 454"]


def test_keys_lead_back_to_their_signals() -> None:
    found = point(32)
    assert found.key == "sensor_1_2_signal_32"
    assert signal_of(found) == SignalId(SENSOR, 32)
    assert sensor_of(found) == SENSOR
    delay = replace(found, key="sensor_1_2_data_delay")
    assert signal_of(delay) is None
    assert sensor_of(delay) == SENSOR
