"""Energy contracts as price periods."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from custom_components.metering_hub.backends.errors import NotFoundError
from custom_components.metering_hub.metering.model import PricePeriod
from simulators.dsmr_reader import Contract
from simulators.faults import Fault, html_error

from .conftest import Connect, Connected, simulated

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
END = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc, arg-type]


async def prices(
    connect: Connect, *contracts: Contract, **knobs: object
) -> tuple[Connected, list[PricePeriod]]:
    connected = await connect(simulated(**knobs))  # type: ignore[arg-type]
    connected.simulator.prices = list(contracts)
    return connected, list(await connected.backend.prices(START, END))


def electricity(start: date, end: date, price: str) -> Contract:
    return Contract(start=start, end=end, electricity_delivered_1_price=price)


def edges(periods: list[PricePeriod]) -> list[tuple[datetime, datetime]]:
    return [(period.start, period.end) for period in periods]


async def test_all_prices_of_a_contract(connect: Connect) -> None:
    connected = await connect(simulated())
    periods = await connected.backend.prices(START, END)
    assert periods == [
        PricePeriod(
            start=utc(2026, 1, 9, 23),
            end=utc(2026, 11, 20, 23),
            prices={
                "electricity_delivered_1": 0.24153,
                "electricity_delivered_2": 0.26271,
                "electricity_returned_1": 0.07,
                "electricity_returned_2": 0.07,
                "gas": 1.32456,
            },
            fixed_daily=0.412345,
        )
    ]


async def test_years_and_days_are_local(connect: Connect) -> None:
    connected = await connect(simulated())
    found = await connected.backend.prices(utc(2025, 6, 1), utc(2026, 7, 1, 22))
    assert edges(list(found)) == [
        (utc(2025, 5, 31, 22), utc(2025, 12, 31, 23)),
        (utc(2025, 12, 31, 23), utc(2026, 7, 1, 22)),
    ]


async def test_one_day(connect: Connect) -> None:
    connected = await connect(simulated())
    found = await connected.backend.prices(utc(2026, 3, 29, 5), utc(2026, 3, 29, 6))
    assert edges(list(found)) == [(utc(2026, 3, 28, 23), utc(2026, 3, 29, 22))]
    assert not await connected.backend.prices(END, END)


async def test_changes_and_gaps_in_mid_month(connect: Connect) -> None:
    _, periods = await prices(
        connect,
        electricity(date(2026, 8, 1), date(2026, 8, 14), "0.300000"),
        electricity(date(2026, 5, 13), date(2026, 5, 20), "0.200000"),
        electricity(date(2026, 5, 21), date(2026, 7, 1), "0.250000"),
    )
    assert edges(periods) == [
        (utc(2026, 5, 12, 22), utc(2026, 5, 20, 22)),
        (utc(2026, 5, 20, 22), utc(2026, 7, 1, 22)),
        (utc(2026, 7, 31, 22), utc(2026, 8, 14, 22)),
    ]
    assert [p.prices for p in periods] == [
        {"electricity_delivered_1": price} for price in (0.2, 0.25, 0.3)
    ]
    assert {p.fixed_daily for p in periods} == {None}


async def test_electricity_and_gas_of_different_suppliers(connect: Connect) -> None:
    year = {"start": date(2026, 1, 1), "end": date(2026, 12, 31)}
    _, periods = await prices(
        connect,
        Contract(**year, electricity_delivered_2_price="0.250000"),
        Contract(**year, gas_price="1.250000", fixed_daily_cost="0.500000"),
    )
    (period,) = periods
    assert period.prices == {"electricity_delivered_2": 0.25, "gas": 1.25}
    assert period.fixed_daily == 0.5


@pytest.mark.parametrize(("second", "price"), [("0.300000", None), ("0.200000", 0.2)])
async def test_overlap(connect: Connect, second: str, price: float | None) -> None:
    _, periods = await prices(
        connect,
        electricity(date(2026, 2, 1), date(2026, 4, 30), "0.200000"),
        electricity(date(2026, 4, 1), date(2026, 6, 30), second),
        Contract(start=date(2026, 4, 10), end=date(2026, 4, 11), gas_price="1.000000"),
    )
    key = "electricity_delivered_1"
    by_start = {p.start: p.prices for p in periods}
    assert by_start[utc(2026, 1, 31, 23)] == {key: 0.2}
    assert by_start[utc(2026, 4, 30, 22)] == {key: float(second)}
    both = {key: price} if price else {}
    assert by_start[utc(2026, 4, 9, 22)] == {**both, "gas": 1.0}
    assert by_start.get(utc(2026, 4, 11, 22), {}) == both
    for before, after in pairwise(periods):
        assert before.end <= after.start


async def test_no_contract(connect: Connect) -> None:
    assert (await prices(connect))[1] == []


async def test_server_without_contracts(connect: Connect) -> None:
    connected, periods = await prices(connect, version="5.2.0")
    assert periods == []
    assert connected.take_request_count() == 0


async def test_contracts_that_are_not_found(connect: Connect) -> None:
    """A 404 of a version that has contracts does not mean that there are none."""
    connected = await connect(simulated())
    connected.simulator.faults.add(Fault(html_error(404), path="supplier-prices"))
    with pytest.raises(NotFoundError):
        await connected.backend.prices(START, END)


@pytest.mark.parametrize("extra", ["heat", "water", "none"])
async def test_gas_price_is_for_gas_only(connect: Connect, extra: str) -> None:
    connected = await connect(simulated(extra_device=extra))
    (period,) = await connected.backend.prices(START, END)
    assert len(period.prices) == 4
    assert not {"gas", extra} & set(period.prices)


async def test_many_contracts(connect: Connect) -> None:
    first = date(2024, 1, 1)
    connected = await connect(simulated())
    connected.simulator.prices = [
        electricity(first + n * DAY, first + n * DAY, f"0.{100000 + n}")
        for n in range(1050)
    ]
    found = await connected.backend.prices(utc(2024, 1, 1), utc(2026, 11, 20))
    assert len(found) == 1050
    assert connected.take_request_count() == 3


async def test_a_contract_without_an_end(connect: Connect) -> None:
    """Before, the day after the year 9999 was an OverflowError."""
    always = electricity(date(2025, 1, 1), date(9999, 12, 31), "0.25")
    _, periods = await prices(connect, always)
    assert edges(periods) == [(utc(2026, 1, 9, 23), utc(2026, 11, 20, 23))]
    assert periods[0].prices["electricity_delivered_1"] == 0.25
