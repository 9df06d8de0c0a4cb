"""When the history of series starts."""

from .conftest import Campus


async def test_first_values_are_requested_once(campus: Campus) -> None:
    """They make the server scan its whole history; a restart does not forget them."""
    points = [campus.point("timeseries_1_amount"), campus.point("timeseries_53")]
    start = campus.simulator.store.start
    assert await campus.backend.history_start(points) == start
    assert campus.count_requests("/timeseries_data/stats") == 1
    await campus.restart()
    await campus.read_inventory()
    assert await campus.backend.history_start(points) == start
    assert campus.count_requests("/timeseries_data/stats") == 0


async def test_empty_series_are_requested_once_a_day(campus: Campus) -> None:
    points = [campus.point("timeseries_49_amount")]
    assert await campus.backend.history_start(points) is None
    asked = campus.count_requests("/timeseries_data/stats")
    assert asked == 2  # In Clean, and in Raw.
    campus.clock.forward(hours=23)
    assert await campus.backend.history_start(points) is None
    assert campus.count_requests("/timeseries_data/stats") == 0
    campus.clock.forward(hours=1)
    assert await campus.backend.history_start(points) is None
    assert campus.count_requests("/timeseries_data/stats") == 2
