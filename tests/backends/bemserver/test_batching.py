"""Batches of series: their size, and series that the server refuses."""

import pytest
from yarl import URL

from custom_components.metering_hub.backends.bemserver.batching import (
    MAX_IDS,
    MAX_ROWS,
    MAX_URL,
    make_batches,
)
from custom_components.metering_hub.backends.errors import AuthenticationError

from .conftest import Campus, Connect, connect_and_poll


async def test_an_unknown_series_of_a_batch(campus: Campus) -> None:
    """The server names it; the others are requested again without it, once."""
    for number in (16, 18):
        campus.simulator.world.delete_series(number)
    latest = await campus.poll()
    assert set(latest.failed) == {"timeseries_16", "timeseries_18"}
    assert len(latest.readings) == len(campus.series()) - 3
    await campus.poll()
    asked = campus.count_requests()
    await campus.poll()
    assert campus.count_requests() <= asked
    campus.clock.forward(hours=1)
    assert "timeseries_16" not in (await campus.read_inventory()).points


async def test_a_forbidden_series_of_a_batch(campus: Campus) -> None:
    """The server does not name it, so the catalogue is read again."""
    hidden = next(
        s for s in campus.simulator.world.scopes.values() if s.name == "Private"
    )
    campus.simulator.world.series[16].scope_id = hidden.id
    campus.count_requests()
    latest = await campus.poll()
    assert set(latest.failed) == {"timeseries_16"}
    assert campus.count_requests("/timeseries/") <= 4
    await campus.poll()
    assert campus.count_requests("/timeseries/") == 0


async def test_everything_is_forbidden(campus: Campus) -> None:
    """A deactivated user is told so at once, while the tokens are alive, and after."""
    await campus.poll()
    campus.simulator.reader.is_active = False
    for minutes in (1, 20):
        campus.clock.forward(minutes=minutes)
        with pytest.raises(AuthenticationError):
            await campus.poll()
        with pytest.raises(AuthenticationError):
            await campus.read_inventory()


async def test_no_request_is_too_long_or_too_large(connect: Connect) -> None:
    """URLs have at most 1,500 bytes and 50 series."""
    campus = await connect_and_poll(connect, 500)
    campus.clock.forward(minutes=61)
    requests = campus.simulator.faults.requests
    await campus.poll()
    base = URL("http://bemserver.example.com/api/v0")
    for request in requests:
        url = base.joinpath(request.path.lstrip("/")).with_query(request.query)
        assert len(str(url)) <= MAX_URL
        assert len(request.query.getall("timeseries", [])) <= MAX_IDS


def test_limits_of_batches() -> None:
    """The number of series, the length of the URL, and the number of values."""
    assert [len(c) for c in make_batches(range(120), url_length=200)] == [50, 50, 20]
    long_ids = range(10**30, 10**30 + 50)
    assert max(map(len, make_batches(long_ids, url_length=300))) == 27
    chunks = make_batches(range(50), url_length=200, rows=lambda _: MAX_ROWS / 10)
    assert [len(c) for c in chunks] == [10] * 5
    assert make_batches([1], url_length=200, rows=lambda _: 10 * MAX_ROWS) == [(1,)]
    assert make_batches([], url_length=200) == []


async def test_a_proxy_with_a_short_limit(connect: Connect) -> None:
    """The documented deployment answers 502 to URLs of 1,800 bytes."""
    campus = await connect(series=500)
    campus.simulator.url_limit = 1500
    await campus.read_inventory()
    latest = await campus.poll()
    assert not latest.failed
