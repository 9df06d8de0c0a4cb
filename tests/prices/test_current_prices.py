"""The price of a role at a moment."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.metering.model import (
    Kind,
    Point,
    PricePeriod,
    Quantity,
    Role,
)
from custom_components.metering_hub.prices.current_prices import (
    CurrentPrice,
    current_price,
)
from custom_components.metering_hub.prices.maths.calendar import Calendar
from custom_components.metering_hub.prices.maths.series import PriceSeries
from custom_components.metering_hub.prices.maths.tariff import (
    Base,
    FixedPrice,
    RegisterPrice,
    SourcePrice,
    Tariff,
    TariffRole,
)
from custom_components.metering_hub.prices.price_book import Prices

NOW = datetime(2026, 11, 21, 10, 20, tzinfo=UTC)
YEAR = timedelta(days=365)


def register(key: str, unit: str = "kWh", number: int | None = None) -> Point:
    """Return a register at the grid."""
    return Point(
        key=key,
        device_key="meter",
        quantity=Quantity.ENERGY,
        kind=Kind.REGISTER,
        role=Role.GRID_DELIVERED,
        unit=unit,
        has_history=True,
        tariff_number=number,
    )


GAS = Point(
    key="gas",
    device_key="meter",
    quantity=Quantity.GAS,
    kind=Kind.REGISTER,
    role=Role.GAS,
    unit="m³",
    has_history=True,
)
LOW, HIGH = register("low", number=1), register("high", number=2)


def prices_of(tariff: Tariff | None = None, **contract: float) -> Prices:
    """Return the prices of a tariff, and of a contract by the keys of points."""
    period = PricePeriod(start=NOW - YEAR, end=NOW + YEAR, prices=contract)
    return Prices(
        currency="EUR",
        calendar=Calendar(),
        tariffs=[tariff] if tariff else [],
        periods=[period] if contract else [],
    )


def for_import(
    price: FixedPrice | RegisterPrice | SourcePrice, start: datetime = NOW - YEAR
) -> Tariff:
    """Return a tariff for import per kWh."""
    return Tariff(
        key="tariff",
        name="Tariff",
        base=Base.ENERGY,
        start=start,
        role=TariffRole.IMPORT,
        price=price,
    )


def energy(price: float | None) -> CurrentPrice:
    """Return a price per kWh."""
    return CurrentPrice(base=Base.ENERGY, price=price)


@pytest.mark.parametrize("unit", ["Wh", "kWh", "MWh", "GJ"])
def test_the_price_is_that_of_a_kwh_whatever_the_meter_counts(unit: str) -> None:
    """A sensor of Home Assistant can then take it as its price."""
    prices = prices_of(for_import(FixedPrice(price=0.3)))
    assert current_price(prices, [register("one", unit)], NOW) == energy(0.3)


def test_registers_with_the_same_price() -> None:
    """They have it, whichever of them counts."""
    prices = prices_of(for_import(FixedPrice(price=0.3)))
    points = [LOW, HIGH, register("third", "Wh")]
    assert current_price(prices, points, NOW) == energy(0.3)


def test_registers_with_different_prices_have_none() -> None:
    """Nothing says which of them counts at present."""
    tariff = for_import(RegisterPrice(prices={1: 0.2, 2: 0.3}))
    assert current_price(prices_of(tariff), [LOW, HIGH], NOW) == energy(None)
    assert current_price(prices_of(tariff), [HIGH], NOW) == energy(0.3)
    contract = prices_of(low=0.2, high=0.3)
    assert current_price(contract, [LOW, HIGH], NOW) == energy(None)
    assert current_price(prices_of(low=0.2, high=0.2), [LOW, HIGH], NOW) == energy(0.2)


@pytest.mark.parametrize(("number", "price"), [(1, 0.2), (2, 0.3), (None, None)])
def test_the_register_of_the_tariff_in_force_counts(
    number: int | None, price: float | None
) -> None:
    """Its price is known, and that of a meter without tariffs counts in any."""
    contract = prices_of(low=0.2, high=0.3)
    assert current_price(contract, [LOW, HIGH], NOW, number) == energy(price)
    single = prices_of(single=0.4)
    assert current_price(single, [register("single")], NOW, number) == energy(0.4)


def test_a_register_that_never_has_a_price_does_not_count() -> None:
    """The price is that of the others."""
    assert current_price(prices_of(low=0.2), [LOW, HIGH], NOW) == energy(0.2)
    assert current_price(prices_of(low=0.2), [HIGH], NOW) is None


def test_gas_is_priced_per_cubic_metre_or_per_kwh() -> None:
    """As the contract or the tariff says."""
    volume = current_price(prices_of(gas=1.32), [GAS], NOW)
    assert volume == CurrentPrice(base=Base.VOLUME, price=1.32)
    tariff = Tariff(
        key="gas",
        name="Gas",
        base=Base.ENERGY,
        start=NOW - YEAR,
        role=TariffRole.GAS,
        price=FixedPrice(price=0.12),
        heating_value=10.0,
    )
    assert current_price(prices_of(tariff), [GAS], NOW) == energy(0.12)


def test_prices_that_are_not_known_at_present() -> None:
    """Before a tariff begins, and where a source has none, there is no price."""
    later = for_import(FixedPrice(price=0.3), start=NOW + YEAR)
    assert current_price(prices_of(later), [LOW], NOW) == energy(None)
    source = prices_of(for_import(SourcePrice(source="sensor:one")))
    assert current_price(source, [LOW], NOW) == energy(None)


def test_the_price_of_a_source_is_that_of_the_hour() -> None:
    """A price of 0 or less is one, and an hour without one has none."""
    prices = prices_of(for_import(SourcePrice(source="action:one")))
    first = NOW.replace(minute=0)
    by_hour = (0.1, -0.05, 0.0)
    prices.series["action:one", Base.ENERGY] = PriceSeries(
        prices={first.timestamp() + n * 3600: price for n, price in enumerate(by_hour)}
    )
    for number, price in enumerate((*by_hour, None)):
        moment = NOW + timedelta(hours=number)
        assert current_price(prices, [LOW], moment) == energy(price)
