"""Reading lists page by page, and only what may have changed."""

from .conftest import Campus, Connect


async def test_inventory_of_2000_series(connect: Connect) -> None:
    """The first one also detects kinds; later ones take fewer than 30 requests.

    Pages have 100 rows, and the series have 1,600 places on other pages, so the first
    inventory takes at least 37 requests.
    """
    campus = await connect(series=2000)
    campus.count_requests()
    inventory = await campus.read_inventory()
    assert sum(key.startswith("timeseries_") for key in inventory.points) == 2000
    assert campus.count_requests() <= 135
    for _ in range(3):
        campus.clock.forward(hours=1)
        again = await campus.read_inventory()
        assert campus.count_requests() < 30
        assert again == inventory


async def test_every_page_is_read_again_within_hours(connect: Connect) -> None:
    """A change on a page in the middle is found."""
    campus = await connect(series=2000)
    await campus.read_inventory()
    campus.simulator.world.series[1999].name = "Meter 00999"
    campus.simulator.world.series[1999].unit = "Wh"
    key = next(k for k in campus.inventory.points if k.startswith("timeseries_1999"))
    for _ in range(8):
        campus.clock.forward(hours=1)
        await campus.read_inventory()
    assert campus.point(key).unit == "Wh"


async def test_unchanged_lists_are_not_sent_again(campus: Campus) -> None:
    """An hour later, the server answers 304 to most requests for the catalogue."""
    campus.clock.forward(hours=1)
    await campus.read_inventory()
    conditions = [
        "If-None-Match" in request.headers
        for request in campus.simulator.faults.requests
        if request.method == "GET"
    ]
    # The places of series have no tag.
    assert conditions.count(False) == 5


async def test_series_of_a_user_in_two_groups_count_once(campus: Campus) -> None:
    """The server repeats rows, which also fill the pages."""
    before = campus.inventory
    group = campus.simulator.groups[0]
    again = type(group)(9, "Also", set(group.users), set(group.campaigns), {1, 2})
    campus.simulator.groups.append(again)
    campus.clock.forward(hours=1)
    assert await campus.read_inventory() == before
