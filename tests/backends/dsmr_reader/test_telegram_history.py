"""Pages of stored telegrams with ties, microseconds and gaps."""

from datetime import datetime, timedelta

import pytest

from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.backends.dsmr_reader.client import TELEGRAMS_AT_ONCE

from .conftest import (
    NOW,
    POWER,
    REGISTERS,
    Connect,
    ServeRows,
    point,
    simulated,
    stored,
)
from .row_server import BEGIN, telegram

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
KEY = "electricity_delivered_1"


async def values(
    backend: DsmrReaderBackend, key: str, start: datetime, end: datetime
) -> list[float]:
    """Return the values of a point as they come."""
    found: list[float] = []
    async for chunk in backend.history([point(key)], start, end):
        found += [float(reading.value) for reading in chunk.readings[key]]
    return found


async def test_pages_ask_for_each_row_once(connect: Connect) -> None:
    connected = await connect(simulated())
    start = NOW - 5 * DAY
    await connected.read(REGISTERS, start, NOW)
    rows = len([time for time in stored(connected) if time >= start])
    pages = [
        r for r in connected.simulator.faults.requests if r.query.get("limit") == "500"
    ]
    assert len(pages) <= rows / (TELEGRAMS_AT_ONCE - 1) * 1.15 + 1
    assert len(connected.simulator.faults.requests) == len(pages) + 1
    assert not any("offset" in request.query for request in pages)


async def test_more_ties_than_a_page_holds(serve_rows: ServeRows) -> None:
    rows = [telegram(BEGIN + n * SECOND, n) for n in range(300)]
    rows += [telegram(BEGIN + 300 * SECOND, n) for n in range(300, 1600)]
    rows += [telegram(BEGIN + n * SECOND, n) for n in range(1600, 2000)]
    server, backend = await serve_rows(rows)
    found = await values(backend, KEY, BEGIN, BEGIN + HOUR)
    assert sorted(set(found)) == list(range(2000))
    assert len(server.queries) < 18


@pytest.mark.parametrize("count", [1, 499, 500, 501, 999, 1000, 1001])
async def test_page_borders(serve_rows: ServeRows, count: int) -> None:
    _, backend = await serve_rows(
        [telegram(BEGIN + n * SECOND, n) for n in range(count)]
    )
    found = await values(backend, KEY, BEGIN, BEGIN + HOUR)
    assert sorted(set(found)) == list(range(count))


async def test_nothing_but_one_moment(serve_rows: ServeRows) -> None:
    _, backend = await serve_rows([telegram(BEGIN, n) for n in range(1200)])
    assert len(set(await values(backend, KEY, BEGIN, BEGIN))) == 1200


async def test_microseconds(serve_rows: ServeRows) -> None:
    step = timedelta(microseconds=333_333)
    _, backend = await serve_rows([telegram(BEGIN + n * step, n) for n in range(1300)])
    start, end = BEGIN + 100 * step, BEGIN + 1200 * step
    found = await values(backend, KEY, start, end)
    assert sorted(set(found)) == list(range(100, 1201))


async def test_long_gap(serve_rows: ServeRows) -> None:
    rows = [telegram(BEGIN - 200 * DAY + n * SECOND, n) for n in range(700)]
    rows += [telegram(BEGIN + n * SECOND, 700 + n) for n in range(700)]
    server, backend = await serve_rows(rows)
    found = await values(backend, KEY, BEGIN - 201 * DAY, BEGIN + HOUR)
    assert sorted(set(found)) == list(range(1400))
    assert len(server.queries) < 40


async def test_power_waits_for_a_third_moment(serve_rows: ServeRows) -> None:
    minutes = [0, 59, 60, 60, 119, 120, 130, 140, 179, 180, 239]
    rows = [telegram(BEGIN + m * timedelta(minutes=1), m) for m in minutes]
    _, backend = await serve_rows(rows)
    found = await values(backend, POWER, BEGIN, BEGIN + 4 * HOUR)
    assert found == [0.12, 0.13, 0.14, 0.179]


async def test_extra_meter_without_own_time(serve_rows: ServeRows) -> None:
    rows = [
        telegram(BEGIN + n * SECOND, n, extra_device_delivered="5.000")
        for n in range(3)
    ]
    _, backend = await serve_rows(rows)
    assert await values(backend, "gas", BEGIN, BEGIN + HOUR) == [5.0] * 3


async def test_extra_meter_that_comes_late_is_read(serve_rows: ServeRows) -> None:
    stamp = (BEGIN + HOUR).isoformat()
    late = telegram(
        BEGIN + 2 * HOUR,
        1,
        extra_device_delivered="7.000",
        extra_device_timestamp=stamp,
    )
    _, backend = await serve_rows([telegram(BEGIN, 0), late])
    assert await values(backend, "gas", BEGIN, BEGIN + HOUR) == [7.0]
