"""Which series are loaded, and which tariff takes its prices from which of them."""

from datetime import datetime

from freezegun.api import FrozenDateTimeFactory

from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.prices.maths.calendar import Calendar
from custom_components.metering_hub.prices.maths.tariff import (
    Base,
    SourcePrice,
    Tariff,
    TariffRole,
)
from custom_components.metering_hub.prices.price_book import Prices, load_series
from custom_components.metering_hub.prices.source import MeasuredHours
from homeassistant.core import HomeAssistant

from .price_sources import HOUR, NOW

START = NOW.replace(minute=0) - 48 * HOUR
SOURCE = SourcePrice(source="sensor:sensor.price")


def point(role: Role, quantity: Quantity, unit: str) -> Point:
    """Return a point at the grid."""
    return Point(
        key=role,
        device_key="meter",
        quantity=quantity,
        kind=Kind.REGISTER,
        unit=unit,
        role=role,
        has_history=True,
    )


POWER = point(Role.GRID_DELIVERED, Quantity.ENERGY, "kWh")
GAS = point(Role.GAS, Quantity.GAS, "m³")


def tariff(role: TariffRole, base: Base, **more: object) -> Tariff:
    """Return a tariff with the prices of the sensor."""
    values: dict = {
        "key": role,
        "name": role,
        "base": base,
        "start": START,
        "role": role,
        "price": SOURCE,
    }
    return Tariff(**values | more)


class Recorder:
    """A recorded sensor, and the spans that were read of it."""

    def __init__(self) -> None:
        """Initialize without reads."""
        self.spans: list[tuple[datetime, datetime]] = []

    async def read(
        self, _hass: HomeAssistant, _sensor: str, start: datetime, end: datetime
    ) -> MeasuredHours:
        """Return the same price in all hours."""
        self.spans.append((start, end))
        count = (end - start) // HOUR
        rows = [Row(start + number * HOUR, mean=0.25) for number in range(count)]
        return MeasuredHours(unit="EUR/kWh", hours=rows)


async def test_one_source_of_two_bases(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A price per kWh is none per m³."""
    freezer.move_to(NOW)
    prices = Prices(
        currency="EUR",
        calendar=Calendar(),
        tariffs=[
            tariff(TariffRole.IMPORT, Base.ENERGY),
            tariff(TariffRole.GAS, Base.VOLUME),
        ],
    )
    recorder = Recorder()
    assert await load_series(hass, prices, [POWER, GAS], START, NOW, recorder.read)
    power, gas = prices.of(POWER), prices.of(GAS)
    assert power is not None
    assert gas is not None
    assert power.at(START) == 0.25
    assert gas.at(START) is None


async def test_hours_that_no_tariff_needs_are_not_read(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """An action would be asked in vain."""
    freezer.move_to(NOW)
    first, last = START + 5 * HOUR, START + 9 * HOUR
    prices = Prices(
        currency="EUR",
        calendar=Calendar(),
        tariffs=[tariff(TariffRole.IMPORT, Base.ENERGY, start=first, end=last)],
    )
    recorder = Recorder()
    await load_series(hass, prices, [POWER], START, NOW, recorder.read)
    await load_series(hass, prices, [POWER], last, NOW, recorder.read)
    assert recorder.spans == [(first, last)]
    power = prices.of(POWER)
    assert power is not None
    assert power.at(first) is None
