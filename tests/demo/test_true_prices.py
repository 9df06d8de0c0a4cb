"""The demo's own prices are right, worked out by hand."""

from datetime import datetime

import pytest

from demo.price_sensor import price_at
from demo.tariffs import TARIFFS
from demo.true_prices import ZONE, TruePrices
from simulators.dsmr_reader import default_contracts


def prices_of(backend: str) -> TruePrices:
    """Return the prices of a server in 2026."""
    return TruePrices(
        tariffs=[each for each in TARIFFS if each.backend == backend],
        contracts=default_contracts(2026) if backend == "dsmr_reader" else (),
    )


@pytest.mark.parametrize(
    ("backend", "key", "unit", "local", "price"),
    [
        ("besmart", "sensor_263429_582029_signal_32", "kWh", "2026-05-01T12", 0.2891),
        ("besmart", "sensor_263429_582029_signal_34", "Wh", "2026-05-01T12", 0.000082),
        # 11.5 and 3.5 ct, and 6 more in a winter evening, with 21 % on top.
        ("bemserver", "timeseries_1_amount", "kWh", "2026-05-04T12", 0.1815),
        ("bemserver", "timeseries_1_amount", "kWh", "2026-12-04T19", 0.2541),
        ("bemserver", "timeseries_1_amount", "kWh", "2026-12-04T20", 0.1815),
        ("bemserver", "timeseries_1_amount", "kWh", "2026-05-04T06", 0.142175),
        ("bemserver", "timeseries_1_amount", "kWh", "2026-05-03T12", 0.142175),
        ("bemserver", "timeseries_7_amount", "kWh", "2026-05-03T12", 0.62 / 10.55),
        ("bemserver", "timeseries_9_amount", "MWh", "2026-05-03T12", 92.0),
        ("bemserver", "timeseries_2_amount", "kWh", "2026-05-03T12", None),
        # Contracts that were not there yet, and what goes before and after them.
        ("dsmr_reader", "electricity_returned_1", "kWh", "2024-12-31T23", None),
        ("dsmr_reader", "electricity_returned_1", "kWh", "2025-01-01T00", 0.31),
        ("dsmr_reader", "electricity_delivered_2", "kWh", "2025-07-01T00", 0.33),
        ("dsmr_reader", "electricity_delivered_2", "kWh", "2026-09-01T00", 0.2478),
        ("dsmr_reader", "gas", "m³", "2024-12-31T23", 0.1134 * 9.77),
        ("dsmr_reader", "gas", "m³", "2025-01-01T00", 1.45),
    ],
)
def test_a_price_is_what_the_contract_says(
    backend: str, key: str, unit: str, local: str, price: float | None
) -> None:
    hour = datetime.fromisoformat(f"{local}:00").replace(tzinfo=ZONE)
    found = prices_of(backend).at(key, unit, hour)
    assert found == (None if price is None else pytest.approx(price, abs=1e-12))


def test_a_dynamic_price_has_its_tax_and_vat() -> None:
    hour = datetime(2025, 6, 30, 23, tzinfo=ZONE)
    market = price_at(hour)
    assert market is not None
    found = prices_of("dsmr_reader").at("electricity_delivered_1", "kWh", hour)
    assert found == pytest.approx((market / 1000 + 0.1016) * 1.21)


@pytest.mark.parametrize(
    ("backend", "day", "cost"),
    [
        ("besmart", "2026-02-03", 14.5 / 28),
        ("bemserver", "2026-02-03", 0.85),
        ("milesight", "2026-02-03", None),
        ("dsmr_reader", "2025-06-30", 5.99 / 30),
        ("dsmr_reader", "2025-07-01", 0.35),
        ("dsmr_reader", "2026-10-01", 0.412345),
    ],
)
def test_a_fixed_cost_is_that_of_the_day(
    backend: str, day: str, cost: float | None
) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZONE)
    found = prices_of(backend).of_day(midnight)
    assert found == (None if cost is None else pytest.approx(cost))
