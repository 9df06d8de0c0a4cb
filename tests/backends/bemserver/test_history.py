"""The past of series against what the simulator stores, and what it costs."""

from datetime import UTC, datetime, timedelta
import tracemalloc

import pytest

from custom_components.metering_hub.backends.bemserver.csv_table import read_table
from custom_components.metering_hub.backends.errors import ServerFaultError
from custom_components.metering_hub.metering.model import Kind
from simulators.bemserver import CLEAN, RAW
from simulators.faults import Fault, html_error

from .conftest import NOW, Campus, Connect

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_each_kind_is_read_its_way(campus: Campus) -> None:
    """Sums of hours, raw positions, means with extremes; none outside of the span."""
    start = NOW.replace(minute=0) - 3 * DAY
    keys = ["timeseries_1_amount", "timeseries_13_register", "timeseries_16"]
    past = await campus.past(keys, start)
    amounts, positions, powers = past.values()
    assert [r.time for r in amounts] == [start + n * HOUR for n in range(73)]
    for reading in amounts:
        amount = campus.simulator.amount(1, reading.time, reading.time + HOUR)
        assert reading.value == pytest.approx(amount, abs=1e-9)
    assert len(positions) == 3 * 96 + 3
    for reading in positions:
        assert reading.value == campus.simulator.position(13, reading.time)
        assert reading.extremes is None
    assert [r.time for r in powers] == [start + n * HOUR for n in range(73)]
    for reading in powers:
        lowest, highest = reading.extremes or (0, 0)
        assert lowest <= float(reading.value) <= highest


async def test_a_span_that_begins_within_an_hour(campus: Campus) -> None:
    """Of an hour that began before, no sum is given; positions are."""
    start = NOW - 2 * HOUR - timedelta(minutes=5)
    past = await campus.past(["timeseries_1_amount", "timeseries_13_register"], start)
    assert past["timeseries_1_amount"][0].time == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert past["timeseries_13_register"][0].time == NOW - 2 * HOUR
    assert past["timeseries_13_register"][-1].time == NOW


async def test_a_day_that_began_before_the_span_is_given(campus: Campus) -> None:
    """Its hours reach into the span."""
    start = datetime(2026, 11, 18, 12, tzinfo=UTC)
    [readings] = (await campus.past(["timeseries_61_amount"], start)).values()
    assert readings[0].time <= start - 12 * HOUR
    assert [r.time.hour for r in readings] == [0] * len(readings)


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
async def test_nights_on_which_clocks_change(connect: Connect, night: str) -> None:
    """Local hours are missing or double; in UTC there is a row for each."""
    campus = await connect(years=0.8)
    await campus.look()
    start = datetime.fromisoformat(f"{night}T00:00:00+00:00")
    key = "timeseries_1_amount"
    [readings] = (await campus.past([key], start, start + 4 * HOUR)).values()
    assert [r.time for r in readings] == [start + n * HOUR for n in range(4)]


async def test_first_readings_are_asked_for_once(campus: Campus) -> None:
    """They cost the server its whole history; a restart does not forget them."""
    points = [campus.point("timeseries_1_amount"), campus.point("timeseries_53")]
    start = campus.simulator.store.start
    assert await campus.backend.history_start(points) == start
    assert campus.asked("/timeseries_data/stats") == 1
    campus.backend.restore(campus.backend.remember())
    await campus.backend.connect()
    await campus.look()
    assert await campus.backend.history_start(points) == start
    assert campus.asked("/timeseries_data/stats") == 0


async def test_series_without_data_are_asked_for_once_a_day(campus: Campus) -> None:
    points = [campus.point("timeseries_49_amount")]
    assert await campus.backend.history_start(points) is None
    asked = campus.asked("/timeseries_data/stats")
    assert asked == 2  # In Clean, and in Raw.
    campus.clock.forward(hours=23)
    assert await campus.backend.history_start(points) is None
    assert campus.asked("/timeseries_data/stats") == 0
    campus.clock.forward(hours=1)
    assert await campus.backend.history_start(points) is None
    assert campus.asked("/timeseries_data/stats") == 2


async def test_a_deleted_series_does_not_stop_the_others(campus: Campus) -> None:
    """It has no readings; the others of its request do."""
    campus.simulator.world.delete_series(16)
    keys = ["timeseries_16", "timeseries_18"]
    past = await campus.past(keys, NOW - DAY)
    assert past["timeseries_16"] == []
    assert len(past["timeseries_18"]) == 24


async def test_a_failure_in_the_middle_is_no_gap(campus: Campus) -> None:
    """Half a span, written as if it were the whole, would never be mended."""
    fault = Fault(html_error(500), "/timeseries_data/aggregate", skip=1)
    campus.simulator.faults.add(fault)
    with pytest.raises(ServerFaultError):
        await campus.past(["timeseries_1_amount", "timeseries_16"], NOW - DAY)


async def test_raw_is_read_where_there_is_no_clean(connect: Connect) -> None:
    campus = await connect()
    campus.simulator.without_clean()
    await campus.look()
    start = NOW.replace(minute=0) - DAY
    [readings] = (await campus.past(["timeseries_1_amount"], start)).values()
    amount = campus.simulator.amount(1, start, NOW, RAW)
    assert sum(float(r.value) for r in readings) == pytest.approx(amount)


async def test_answers_are_bounded(connect: Connect) -> None:
    """At most 20,000 values each, however long the span, however many series."""
    campus = await connect(years=0.2, series=200)
    await campus.look()
    keys = [p.key for p in campus.series() if p.has_history][:120]
    await campus.past(keys[:1], NOW - HOUR)
    await campus.backend.history_start([campus.point(key) for key in keys])
    campus.asked()
    await campus.past(keys, NOW - 30 * DAY)
    assert campus.simulator.faults.requests
    for request in campus.simulator.faults.requests:
        start, end = (
            datetime.fromisoformat(request.query[name])
            for name in ("start_time", "end_time")
        )
        step = HOUR if "aggregation" in request.query else timedelta(minutes=15)
        values = (end - start) / step * len(request.query.getall("timeseries"))
        assert values <= 21_000


async def test_a_year_of_fifty_series_needs_little_memory(connect: Connect) -> None:
    """Below 50 MB above idle: a chunk that is given and one that is on its way."""
    campus = await connect(years=0.3)
    await campus.look()
    points = [
        point
        for point in campus.series()
        if point.has_history and point.kind is not Kind.INSTANT
    ][:50]
    assert len(points) >= 45
    await campus.backend.history_start(points)
    rows = 0
    tracemalloc.start()
    async for chunk in campus.backend.history(points, NOW - 60 * DAY, NOW):
        rows += sum(map(len, chunk.readings.values()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows > 100_000
    # The simulator, in the same process, needs some of it.
    assert peak < 50e6


async def test_a_corrected_hour_is_as_it_is_now(campus: Campus) -> None:
    at = NOW.replace(minute=0) - 5 * HOUR
    for state in (RAW, CLEAN):
        campus.simulator.store.correct(
            campus.simulator.world.series[1], state, {at: 77.0}
        )
    [readings] = (await campus.past(["timeseries_1_amount"], at)).values()
    expected = campus.simulator.amount(1, at, at + HOUR)
    assert readings[0].value == pytest.approx(expected)


async def test_a_table_is_read_with_all_its_oddities() -> None:
    """Empty cells, naive times, endless numbers, foreign columns, short lines."""
    text = """Datetime,1,13,x
2026-11-21T01:30:00+0100,4.1,,5
2026-11-21T01:45:00+0100,inf,7,5
2026-11-21T02:00:00,1,2,3
nonsense
2026-11-21T02:00:00+0100,x,8.5
"""
    first = datetime(2026, 11, 21, 0, 30, tzinfo=UTC).timestamp()
    assert await read_table(text) == {
        1: {first: 4.1},
        13: {first + 15 * 60: 7.0, first + 30 * 60: 8.5},
    }
    assert await read_table("") == {}
    assert await read_table("Datetime,49,1\n") == {}
