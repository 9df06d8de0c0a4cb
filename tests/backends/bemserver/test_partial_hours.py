"""Hours of sums that lack values are marked, with few requests more."""

from datetime import datetime, timedelta

from custom_components.metering_hub.metering.model import PARTIAL
from simulators.bemserver import CLEAN, RAW
from simulators.bemserver.store import Gap

from .conftest import NOW, Campus, Connect

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
THIS_HOUR = NOW.replace(minute=0)
KEY = "timeseries_1_amount"
SUMS = ("sum", "hour")
AGGREGATE = "/timeseries_data/aggregate"


async def partial_hours(
    campus: Campus, start: datetime, key: str = KEY
) -> list[datetime]:
    """Return the hours that are marked as partial, except for the current one."""
    readings = (await campus.history([key], start))[key]
    assert {reading.quality for reading in readings} <= {None, PARTIAL}
    return [r.time for r in readings if r.quality and r.time != THIS_HOUR]


def delete(campus: Campus, start: datetime, end: datetime, series: int = 1) -> None:
    """Delete values of a series in both states."""
    for state in (RAW, CLEAN):
        store = campus.simulator.store
        store.delete(campus.simulator.world.series[series], state, start, end)


async def settled(campus: Campus) -> Campus:
    """Return a campus after its values until now have arrived."""
    await campus.history([KEY], NOW - 2 * DAY)
    campus.count_requests()
    return campus


async def test_the_current_hour_is_partial(campus: Campus) -> None:
    [*past, current] = (await campus.history([KEY], NOW - DAY))[KEY]
    assert current.time == THIS_HOUR
    assert current.quality == PARTIAL
    assert [r.quality for r in past[:-2]] == [None] * (len(past) - 2)


async def test_an_outage(campus: Campus) -> None:
    """Its first and last hour are partial; the hours between have no sum."""
    start = THIS_HOUR - 20 * HOUR
    gap = Gap(start + 2 * QUARTER, start + 3 * HOUR + QUARTER)
    campus.simulator.gaps.append(gap)
    assert await partial_hours(campus, NOW - DAY) == [start, start + 3 * HOUR]


async def test_late_values_complete_an_hour(campus: Campus) -> None:
    start = THIS_HOUR - 10 * HOUR
    gap = Gap(start, start + QUARTER, until=NOW + HOUR)
    campus.simulator.gaps.append(gap)
    assert await partial_hours(campus, NOW - DAY) == [start]
    campus.clock.forward(hours=2)
    readings = (await campus.history([KEY], NOW - DAY))[KEY]
    assert next(r for r in readings if r.time == start).quality is None


async def test_deleted_values(campus: Campus) -> None:
    start = THIS_HOUR - 30 * HOUR
    delete(campus, start + QUARTER, start + 2 * QUARTER)
    assert await partial_hours(campus, NOW - 2 * DAY) == [start]


async def test_a_check_after_a_restart_knows_what_is_usual(campus: Campus) -> None:
    """Even if it only reads an hour that lacks values."""
    await settled(campus)
    delete(campus, THIS_HOUR - 2 * HOUR, THIS_HOUR - HOUR - 2 * QUARTER)
    await campus.restart()
    await campus.read_inventory()
    start, end = THIS_HOUR - 2 * HOUR, THIS_HOUR - HOUR
    [reading] = (await campus.history([KEY], start, end))[KEY]
    assert reading.quality == PARTIAL


async def test_a_check_takes_one_request_more(campus: Campus) -> None:
    """Points whose hours have no quality take none."""
    await settled(campus)
    await campus.history([KEY], NOW - 2 * DAY)
    assert campus.count_requests(AGGREGATE) == 2
    await campus.history(["timeseries_16"], NOW - 2 * DAY)
    assert campus.count_requests(AGGREGATE) == 3


async def test_a_long_history_takes_few_requests_more(connect: Connect) -> None:
    """One by day, and of the spans of sums only those with a day that lacks values."""
    campus = await connect(years=0.3)
    await campus.read_inventory()
    keys = [
        point.key
        for point in campus.series()
        if point.key.endswith("_amount") and point.has_history and not point.interval
    ]
    await campus.poll()
    await campus.history(keys, NOW - HOUR)
    campus.count_requests()
    start = THIS_HOUR - 100 * DAY
    lost = THIS_HOUR - 50 * DAY
    delete(campus, lost, lost + QUARTER)
    past = await campus.history(keys, start)
    marked = [r.time for r in past[KEY] if r.quality and r.time < NOW - DAY]
    assert marked == [lost]
    requests = campus.simulator.faults.requests
    asked = [
        (request.query["aggregation"], request.query["bucket_width_unit"])
        for request in requests
        if request.path.endswith(AGGREGATE)
    ]
    assert asked.count(("count", "day")) == 1
    # Each span of sums is one request.
    assert len({r.query["start_time"] for r in requests}) == asked.count(SUMS) >= 5
    # The first span shows what is usual, and today always lacks values.
    assert asked.count(("count", "hour")) == 3
