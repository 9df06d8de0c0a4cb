"""How much is asked of a server: figures that must not grow."""

from collections import Counter
from datetime import timedelta

from yarl import URL

from custom_components.metering_hub.backends.bemserver.batching import (
    MAX_IDS,
    MAX_ROWS,
    MAX_URL,
    id_chunks,
)
from simulators.bemserver import BemserverSimulator

from .conftest import NOW, Campus, Connect


async def steady(connect: Connect, series: int) -> Campus:
    """Return a campus of so many series that has been polled before."""
    campus = await connect(series=series)
    await campus.look()
    await campus.poll()
    campus.clock.forward(minutes=1)
    await campus.poll()
    campus.asked()
    return campus


async def test_500_series_take_10_requests(connect: Connect) -> None:
    """Whatever their kinds and states: energies, meters, powers, one that is Raw."""
    campus = await steady(connect, 500)
    assert len(campus.series()) == 500
    for _ in range(5):
        campus.clock.forward(minutes=1)
        latest = await campus.poll()
        assert campus.asked() <= 10
        assert not latest.failed
    assert len(latest.readings) == 499  # One never has any data.


async def test_2000_series_take_40_requests(connect: Connect) -> None:
    campus = await steady(connect, 2000)
    campus.clock.forward(minutes=1)
    latest = await campus.poll()
    assert campus.asked() <= 40
    assert len(latest.readings) == 1999


async def test_no_request_is_too_long_or_too_large(connect: Connect) -> None:
    """URLs have at most 1,500 bytes, 50 series, and two requests run at a time."""
    campus = await steady(connect, 500)
    campus.clock.forward(minutes=61)
    requests = campus.simulator.faults.requests
    await campus.poll()
    base = URL("http://bemserver.example.com/api/v0")
    for request in requests:
        url = base.joinpath(request.path.lstrip("/")).with_query(request.query)
        assert len(str(url)) <= MAX_URL
        assert len(request.query.getall("timeseries", [])) <= MAX_IDS


async def test_today_costs_one_more_request_an_hour(campus: Campus) -> None:
    """The server's sums are asked for with a new hour, not at every poll."""
    keys = [f"timeseries_{number}_amount" for number in (1, 10, 40, 51, 60)]
    await campus.poll(*keys)
    campus.asked()
    sums = []
    for _ in range(40):
        campus.clock.forward(minutes=3)
        await campus.poll(*keys)
        sums.append(campus.asked("/timeseries_data/aggregate"))
    # Two hours went by, and there are two time zones.
    assert [count for count in sums if count] == [2, 2]


async def test_silent_series_are_not_looked_for_at_every_poll(campus: Campus) -> None:
    """What has no data for a month is asked about once an hour."""
    await campus.poll("timeseries_49_amount")
    assert campus.asked() >= 2
    for _ in range(5):
        campus.clock.forward(minutes=10)
        await campus.poll("timeseries_49_amount")
    assert campus.asked() == 0
    campus.clock.forward(minutes=11)
    await campus.poll("timeseries_49_amount")
    assert campus.asked() >= 2


async def test_inventory_of_2000_series(connect: Connect) -> None:
    """The first one also learns the kinds; an hour later, it is under 30 requests.

    100 series come on a page, and their 1,600 places on other pages, so that the first
    inventory cannot do with fewer than 37 requests.
    """
    campus = await connect(series=2000)
    campus.asked()
    inventory = await campus.look()
    assert sum(key.startswith("timeseries_") for key in inventory.points) == 2000
    assert campus.asked() <= 100
    for _ in range(3):
        campus.clock.forward(hours=1)
        again = await campus.look()
        assert campus.asked() < 30
        assert again == inventory


async def test_every_page_is_looked_at_in_the_end(connect: Connect) -> None:
    """What changes on a page in the middle is found within some hours."""
    campus = await connect(series=2000)
    await campus.look()
    campus.simulator.world.series[1999].name = "Meter 00999"
    campus.simulator.world.series[1999].unit = "Wh"
    key = next(k for k in campus.inventory.points if k.startswith("timeseries_1999"))
    for _ in range(8):
        campus.clock.forward(hours=1)
        await campus.look()
    assert campus.point(key).unit == "Wh"


async def test_most_of_a_large_campaign_is_not_shown_unasked(
    connect: Connect,
) -> None:
    """Linked energy, and a hundred series of each device."""
    campus = await connect(series=2000)
    inventory = await campus.look()
    enabled = Counter(
        point.device_key for point in campus.series() if point.enabled_default
    )
    linked = {point.device_key for point in campus.series() if point.role}
    for device, count in enabled.items():
        assert count <= 100 + 12 * (device in linked)
    assert sum(enabled.values()) < len(inventory.points) * 0.7


async def test_what_stands_is_not_sent_again(campus: Campus) -> None:
    """An hour later the server says 304 to most of the catalogue."""
    campus.clock.forward(hours=1)
    await campus.look()
    conditions = [
        "If-None-Match" in request.headers
        for request in campus.simulator.faults.requests
        if request.method == "GET"
    ]
    # The places of series have no tag.
    assert conditions.count(False) == 5


async def test_series_of_a_user_in_two_groups_count_once(campus: Campus) -> None:
    """The server repeats rows, and fills pages with them."""
    before = campus.inventory
    group = campus.simulator.groups[0]
    again = type(group)(9, "Also", set(group.users), set(group.campaigns), {1, 2})
    campus.simulator.groups.append(again)
    campus.clock.forward(hours=1)
    assert await campus.look() == before


def test_chunks_are_bounded_in_all_ways() -> None:
    """By the number of series, by the length of the URL, by the values to come."""
    assert [len(c) for c in id_chunks(range(120), length=200)] == [50, 50, 20]
    long_ids = range(10**30, 10**30 + 50)
    assert max(map(len, id_chunks(long_ids, length=300))) == 27
    chunks = id_chunks(range(50), length=200, rows=lambda _: MAX_ROWS / 10)
    assert [len(c) for c in chunks] == [10] * 5
    assert id_chunks([1], length=200, rows=lambda _: 10 * MAX_ROWS) == [(1,)]
    assert id_chunks([], length=200) == []


async def test_a_proxy_with_a_short_limit(connect: Connect) -> None:
    """The documented deployment answers 502 to URLs of 1,800 bytes."""
    campus = await connect(series=500)
    campus.simulator.url_limit = 1500
    await campus.look()
    latest = await campus.poll()
    assert not latest.failed


def test_the_simulator_begins_before_the_window() -> None:
    """The figures are of a campus with more than a week of data."""
    start = BemserverSimulator(1, 0.03, clock=lambda: NOW).store.start
    assert NOW - start > timedelta(days=8)
