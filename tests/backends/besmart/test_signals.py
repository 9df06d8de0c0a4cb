"""Names, units, kinds and roles of known and unknown types of signals."""

from dataclasses import replace

import pytest

from custom_components.metering_hub.backends.besmart.signals import KNOWN_SIGNALS
from custom_components.metering_hub.metering.model import Kind, Quantity, Role

from .conftest import UNKNOWN_TYPE, signal_point


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
    found = signal_point(moid)
    assert (found.quantity, found.kind, found.unit) == (quantity, kind, unit)
    assert found.role is role
    assert found.translation_key is not None
    assert found.has_history is not KNOWN_SIGNALS[moid].per_minute


def test_solar_power_or_energy_by_its_unit() -> None:
    power = signal_point(70, unit="kW")
    assert (power.kind, power.role) == (Kind.INSTANT, None)
    energy = signal_point(70, unit="kWh")
    assert (energy.kind, energy.role) == (Kind.INTERVAL, Role.SOLAR)
    assert energy.interval is not None
    assert energy.interval.total_seconds() == 900
    counted = signal_point(70, replace(UNKNOWN_TYPE, moid=70, is_incremental=True))
    assert (counted.kind, counted.role) == (Kind.REGISTER, Role.SOLAR)


def test_the_unit_of_the_data_takes_precedence() -> None:
    assert signal_point(32, replace(UNKNOWN_TYPE, moid=32), unit="MWh").unit == "MWh"
    assert signal_point(32, replace(UNKNOWN_TYPE, moid=32)).unit == "kWh"


def test_a_known_number_with_another_meaning_follows_the_server() -> None:
    found = signal_point(
        32, replace(UNKNOWN_TYPE, moid=32, unit="m3", is_incremental=False)
    )
    assert found.translation_key is None
    assert (found.name, found.unit) == ("Coś nowego", "m³")
    assert (found.kind, found.quantity) == (Kind.INSTANT, Quantity.VOLUME)
    assert found.role is None


R, A, UNDECIDED = Kind.REGISTER, Kind.INTERVAL, Kind.UNDECIDED


@pytest.mark.parametrize(
    ("changes", "verdict", "kind"),
    [
        ({"is_incremental": True}, A, R),
        ({"obis": "1.8.1"}, A, R),
        ({"obis": "1-0:2.8.0"}, None, R),
        ({"is_incremental": False}, R, A),
        ({"obis": "1.7.0"}, R, R),
        ({}, R, R),
        ({}, A, A),
        ({}, None, UNDECIDED),
        # Water is counted, whatever is known of its values.
        ({"unit": "m3", "description": "Woda"}, R, R),
        ({"unit": "m3", "description": "Woda"}, A, A),
        ({"unit": "m3", "description": "Woda"}, None, UNDECIDED),
        # A tank has a level in m³.
        ({"unit": "m3"}, R, R),
        ({"unit": "m3"}, A, UNDECIDED),
        ({"unit": "m3"}, None, UNDECIDED),
        ({"unit": "szt"}, R, R),
        ({"unit": "szt"}, A, Kind.INSTANT),
        ({"unit": None}, None, Kind.INSTANT),
        ({"unit": "kW"}, R, Kind.INSTANT),
    ],
)
def test_registers(
    changes: dict[str, object], verdict: Kind | None, kind: Kind
) -> None:
    """What the server reports counts before what the values seem to be."""
    type_ = replace(UNKNOWN_TYPE, **changes)  # type: ignore[arg-type]  # Fields.
    found = signal_point(451, type_, verdict=verdict)
    assert found.kind is kind
    assert found.has_history is (kind is not UNDECIDED)


def test_obis_codes_determine_the_role() -> None:
    delivered = signal_point(451, replace(UNKNOWN_TYPE, obis="1-0:1.8.0"))
    assert delivered.role is Role.GRID_DELIVERED
    # The register of a tariff is part of the total.
    assert signal_point(451, replace(UNKNOWN_TYPE, obis="1.8.1")).role is None
