"""Units are recognized by what they mean, however they are spelled."""

import json

import pytest

from custom_components.metering_hub.backends.common.unit_meaning import UnitVocabulary
from custom_components.metering_hub.backends.common.unit_words import UNIT_WORDS
from custom_components.metering_hub.backends.common.units import (
    Family,
    canonical_unit,
    family_of,
    is_difference,
    unit_factor,
)
from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS
from homeassistant.components.sensor.const import DEVICE_CLASS_UNITS

from ...captures import FIXTURES

PINT_SPELLINGS: dict[str, list[str]] = json.loads(
    (FIXTURES / "units" / "pint_spellings.json").read_text(encoding="utf-8")
)
"""Spellings that pint 0.25.3 accepts as a unit, by Home Assistant's spelling."""


def test_every_spelling_of_pint_is_recognized() -> None:
    found = {
        spelling: canonical_unit(spelling)
        for spellings in PINT_SPELLINGS.values()
        for spelling in spellings
    }
    expected = {
        spelling: unit
        for unit, spellings in PINT_SPELLINGS.items()
        for spelling in spellings
    }
    assert len(expected) > 700
    assert found == expected


def test_units_of_home_assistant_stay() -> None:
    units = {
        str(unit)
        for table in (DEVICE_CLASS_UNITS, NUMBER_UNITS)
        for units in table.values()
        for unit in units
        if unit is not None
    }
    assert {unit: canonical_unit(unit) for unit in units} == {
        unit: unit for unit in units
    }


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("kW.h", "kWh"),
        ("KWH", "kWh"),
        ("kwh", "kWh"),
        ("Mwh", "MWh"),
        ("kV.A.h", "kVAh"),
        ("kVArh", "kvarh"),
        ("kilovolt_ampere_reactive", "kvar"),
        ("cubic_meter", "m³"),
        ("m3", "m³"),
        ("M3", "m³"),
        ("Nm3", "m³"),
        ("Nm³/h", "m³/h"),
        ("m.s-1", "m/s"),
        ("m·s⁻¹", "m/s"),
        ("W/(m2)", "W/m²"),
        ("watt per square meter", "W/m²"),
        ("\u00b5g/m^3", "μg/m³"),
        ("%RH", "%"),
        ("%r.h.", "%"),
        ("\u2103", "°C"),
        ("º C", "°C"),
        ("hz", "Hz"),
        ("L/m²", "mm"),
        ("stere", "m³"),
    ],
)
def test_spellings_that_pint_does_not_know(text: str, unit: str) -> None:
    assert canonical_unit(text) == unit


@pytest.mark.parametrize(
    "text",
    [
        *("mw", "mwh", "MWH", "mj", "C", "c", "a", "k", "Mm", "Nm", "furlong", "kWp"),
        *("1/h", "m³)", "m4", "m**0", "kWh/100km", "EUR", "/h", "per"),
    ],
)
def test_an_ambiguous_or_unknown_unit_stays(text: str) -> None:
    assert canonical_unit(text) == text


@pytest.mark.parametrize("text", [None, "", " ", ".", "dimensionless"])
def test_no_unit(text: str | None) -> None:
    assert canonical_unit(text) is None


def test_every_word_is_a_unit() -> None:
    vocabulary = UnitVocabulary()
    words = [
        word for each in UNIT_WORDS for word in f"{each.symbols} {each.names}".split()
    ]
    assert [word for word in words if vocabulary.parse(word) is None] == []


def test_prefixes_keep_their_case() -> None:
    units = ("mW", "MW", "mV", "MV", "mm", "km", "Mcal", "mWh", "MWh")
    assert tuple(canonical_unit(unit) for unit in units) == units


def test_differences_of_temperatures() -> None:
    assert canonical_unit("delta_degC") == "°C"
    assert is_difference("delta_degC")
    assert is_difference("ΔT°F")
    assert not is_difference("degC")
    assert not is_difference("deltoid")


@pytest.mark.parametrize(
    ("unit", "wanted", "factor"),
    [
        ("kWh", "kWh", 1),
        ("MWh", "kWh", 1000),
        ("Wh", "kWh", 0.001),
        ("GJ", "MJ", 1000),
        ("MJ", "kWh", 1 / 3.6),
        ("L", "m³", 0.001),
        ("m³/h", "L/min", 1000 / 60),
        ("kW", "kWh", None),
        ("kvarh", "kWh", None),
        ("VA", "W", None),
        ("K", "°C", None),
        ("furlong", "furlong", 1),
        ("furlong", "m", None),
        (None, None, 1),
        (None, "kWh", None),
    ],
)
def test_units_are_converted_within_their_family(
    unit: str | None, wanted: str | None, factor: float | None
) -> None:
    assert unit_factor(unit, wanted) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("unit", "family"),
    [
        ("MWh", Family.ENERGY),
        ("GJ", Family.HEAT),
        ("kcal", Family.HEAT),
        ("BTU", Family.HEAT),
        ("thm", Family.HEAT),
        ("kvarh", Family.REACTIVE_ENERGY),
        ("kVAh", Family.APPARENT_ENERGY),
        ("ft³", Family.VOLUME),
        ("CCF", Family.VOLUME),
        ("t", Family.MASS),
        ("W", Family.OTHER),
        ("m³/h", Family.OTHER),
        (None, Family.OTHER),
        ("furlong", Family.OTHER),
    ],
)
def test_families(unit: str | None, family: Family) -> None:
    assert family_of(unit) is family
