"""History compared with what the simulator stores, and its cost."""

from datetime import UTC, datetime, timedelta
import tracemalloc

import pytest

from custom_components.metering_hub.backends.errors import (
    NotFoundError,
    ProtocolError,
    ServerFaultError,
)
from custom_components.metering_hub.metering.model import Kind
from simulators.bemserver import CLEAN, RAW
from simulators.faults import Answer, Fault, html_error

from .conftest import NOW, Campus, Connect

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_history_of_each_kind(campus: Campus) -> None:
    """Hourly sums, raw positions, means with extremes; none outside of the period."""
    start = NOW.replace(minute=0) - 3 * DAY
    keys = ["timeseries_1_amount", "timeseries_13_register", "timeseries_16"]
    past = await campus.history(keys, start)
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


async def test_a_period_that_starts_within_an_hour(campus: Campus) -> None:
    """The first incomplete hour has no sum, but positions."""
    start = NOW - 2 * HOUR - timedelta(minutes=5)
    past = await campus.history(
        ["timeseries_1_amount", "timeseries_13_register"], start
    )
    assert past["timeseries_1_amount"][0].time == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert past["timeseries_13_register"][0].time == NOW - 2 * HOUR
    assert past["timeseries_13_register"][-1].time == NOW


async def test_a_day_that_started_before_the_period(campus: Campus) -> None:
    """Its hours extend into the period."""
    start = datetime(2026, 11, 18, 12, tzinfo=UTC)
    [readings] = (await campus.history(["timeseries_61_amount"], start)).values()
    assert readings[0].time <= start - 12 * HOUR
    assert [r.time.hour for r in readings] == [0] * len(readings)


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
async def test_nights_on_which_clocks_change(connect: Connect, night: str) -> None:
    """Local hours are missing or repeated; in UTC, there is a row for each."""
    campus = await connect(years=0.8)
    await campus.read_inventory()
    start = datetime.fromisoformat(f"{night}T00:00:00+00:00")
    key = "timeseries_1_amount"
    [readings] = (await campus.history([key], start, start + 4 * HOUR)).values()
    assert [r.time for r in readings] == [start + n * HOUR for n in range(4)]


async def test_a_deleted_series_does_not_stop_the_others(campus: Campus) -> None:
    """It counts as failed; the others of its batch have readings."""
    campus.simulator.world.delete_series(16)
    keys = ["timeseries_16", "timeseries_18"]
    past = await campus.history(keys, NOW - DAY)
    assert past["timeseries_16"] == []
    assert len(past["timeseries_18"]) == 24
    points = [campus.point(key) for key in keys]
    async for chunk in campus.backend.history(points, NOW - DAY, NOW):
        assert chunk.failed.keys() == {"timeseries_16"}


@pytest.mark.parametrize(
    "answer",
    [
        html_error(404),
        Answer(200, "null", "application/json"),
        Answer(200, "{}", "application/json"),
        Answer(200, "", "text/csv"),
        Answer(200, "Datetime,999\n", "text/csv"),
    ],
)
async def test_nonsense_is_not_an_empty_history(campus: Campus, answer: Answer) -> None:
    """An answer without the columns of the series is a failure."""
    keys = ["timeseries_1_amount", "timeseries_13_register", "timeseries_16"]
    await campus.history(keys, NOW - HOUR)
    campus.simulator.faults.add(Fault(answer, "/timeseries_data/"))
    for key in keys:
        with pytest.raises((NotFoundError, ProtocolError)):
            await campus.history([key], NOW - DAY)


async def test_a_failure_in_the_middle_is_no_gap(campus: Campus) -> None:
    """A gap in the statistics would never be filled."""
    fault = Fault(html_error(500), "/timeseries_data/aggregate", skip=1)
    campus.simulator.faults.add(fault)
    with pytest.raises(ServerFaultError):
        await campus.history(["timeseries_1_amount", "timeseries_16"], NOW - DAY)


async def test_raw_values_are_read_if_there_are_no_clean_ones(connect: Connect) -> None:
    campus = await connect()
    campus.simulator.without_clean()
    await campus.read_inventory()
    start = NOW.replace(minute=0) - DAY
    [readings] = (await campus.history(["timeseries_1_amount"], start)).values()
    amount = campus.simulator.amount(1, start, NOW, RAW)
    assert sum(float(r.value) for r in readings) == pytest.approx(amount)


async def test_answers_are_bounded(connect: Connect) -> None:
    """They have at most 20,000 values, whatever the period and the number of series."""
    campus = await connect(years=0.2, series=200)
    await campus.read_inventory()
    keys = [p.key for p in campus.series() if p.has_history][:120]
    await campus.history(keys[:1], NOW - HOUR)
    await campus.backend.history_start([campus.point(key) for key in keys])
    campus.count_requests()
    await campus.history(keys, NOW - 30 * DAY)
    assert campus.simulator.faults.requests
    for request in campus.simulator.faults.requests:
        start, end = (
            datetime.fromisoformat(request.query[name])
            for name in ("start_time", "end_time")
        )
        unit = request.query.get("bucket_width_unit")
        step = {"hour": HOUR, "day": DAY, None: timedelta(minutes=15)}[unit]
        values = (end - start) / step * len(request.query.getall("timeseries"))
        assert values <= 21_000


async def test_a_year_of_fifty_series_needs_little_memory(connect: Connect) -> None:
    """Less than 50 MB: one chunk is imported while the next one is requested."""
    campus = await connect(years=0.3)
    await campus.read_inventory()
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


async def test_a_corrected_hour(campus: Campus) -> None:
    at = NOW.replace(minute=0) - 5 * HOUR
    for state in (RAW, CLEAN):
        campus.simulator.store.correct(
            campus.simulator.world.series[1], state, {at: 77.0}
        )
    [readings] = (await campus.history(["timeseries_1_amount"], at)).values()
    expected = campus.simulator.amount(1, at, at + HOUR)
    assert readings[0].value == pytest.approx(expected)
