"""Units of prices."""

import pytest

from custom_components.metering_hub.prices.maths.tariff import Base
from custom_components.metering_hub.prices.units import base_amount, read_price_unit

ENERGY, VOLUME = Base.ENERGY, Base.VOLUME


@pytest.mark.parametrize(
    ("unit", "currency", "base", "factor"),
    [
        ("EUR/kWh", "EUR", ENERGY, 1),
        ("€/kWh", "EUR", ENERGY, 1),
        ("eur / kWh", "EUR", ENERGY, 1),
        ("ct/kWh", "EUR", ENERGY, 0.01),
        ("c/kWh", "AUD", ENERGY, 0.01),
        ("¢/kWh", "USD", ENERGY, 0.01),
        ("EUR/MWh", "EUR", ENERGY, 0.001),
        ("EUR/GJ", "EUR", ENERGY, 0.0036),
        ("EUR/Wh", "EUR", ENERGY, 1000),
        ("p/kWh", "GBP", ENERGY, 0.01),
        ("£/MWh", "GBP", ENERGY, 0.001),
        ("øre/kWh", "NOK", ENERGY, 0.01),
        ("Øre/kWh", "DKK", ENERGY, 0.01),
        ("öre/kWh", "SEK", ENERGY, 0.01),
        ("kr/kWh", "SEK", ENERGY, 1),
        ("gr/kWh", "PLN", ENERGY, 0.01),
        ("zł/kWh", "PLN", ENERGY, 1),
        ("Kč/MWh", "CZK", ENERGY, 0.001),
        ("Rp./kWh", "CHF", ENERGY, 0.01),
        ("$/kWh", "USD", ENERGY, 1),
        ("$/kWh", "CAD", ENERGY, 1),
        ("EUR/m³", "EUR", VOLUME, 1),
        ("EUR/m3", "EUR", VOLUME, 1),
        ("ct/L", "EUR", VOLUME, 10),
    ],
)
def test_a_unit_is_per_kwh_or_cubic_metre(
    unit: str, currency: str, base: Base, factor: float
) -> None:
    found = read_price_unit(unit, currency)
    assert found
    assert found.base is base
    assert found.factor == pytest.approx(factor)


@pytest.mark.parametrize(
    ("unit", "currency"),
    [
        *((unit, "EUR") for unit in ("", "EUR", "/kWh", "EUR/", "EUR/kW", "kWh/EUR")),
        *((unit, "EUR") for unit in ("%/kWh", "EUR/h", "EUR/100 L", "EUR/kWh/a")),
        ("EUR/kWh", "SEK"),
        ("€/kWh", "USD"),
        ("$/kWh", "EUR"),
        ("p/kWh", "EUR"),
        ("c€/kWh", "USD"),
        ("ct/kWh", "GBP"),
        ("öre/kWh", "NOK"),
        ("kr/kWh", "EUR"),
        (None, "EUR"),
    ],
)
def test_an_unknown_unit_or_another_currency_is_refused(
    unit: str | None, currency: str
) -> None:
    assert read_price_unit(unit, currency) is None


@pytest.mark.parametrize(
    ("unit", "base", "heating_value", "amount"),
    [
        ("kWh", ENERGY, None, 1),
        ("Wh", ENERGY, None, 0.001),
        ("MWh", ENERGY, None, 1000),
        ("GJ", ENERGY, None, 277.7777778),
        ("m³", VOLUME, None, 1),
        ("L", VOLUME, None, 0.001),
        ("m³", ENERGY, 10.3, 10.3),
        ("L", ENERGY, 10, 0.01),
        ("kWh", VOLUME, 10, 0.1),
        ("MJ", VOLUME, 10, 1 / 36),
        ("m³", ENERGY, None, None),
        ("kWh", VOLUME, None, None),
        ("kW", ENERGY, None, None),
        ("kg", VOLUME, 10, None),
        (None, ENERGY, 10, None),
    ],
)
def test_a_meters_unit_is_as_many_kwh_or_cubic_metres(
    unit: str | None, base: Base, heating_value: float | None, amount: float | None
) -> None:
    found = base_amount(unit, base, heating_value)
    assert found == (None if amount is None else pytest.approx(amount, rel=1e-6))
