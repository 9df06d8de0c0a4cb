"""When the history of series starts."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.errors import NotFoundError, ProtocolError
from simulators.faults import Answer, Fault, Json, MutateJson, html_error

from .conftest import NOW, Campus

JSON = "application/json"
STATS = "/timeseries_data/stats"


async def test_first_values_are_requested_once(campus: Campus) -> None:
    """They make the server scan its whole history; a restart does not forget them."""
    points = [campus.point("timeseries_1_amount"), campus.point("timeseries_53")]
    start = campus.simulator.store.start
    assert await campus.backend.history_start(points) == start
    assert campus.count_requests("/timeseries_data/stats") == 2  # Clean and Raw.
    await campus.restart()
    await campus.read_inventory()
    assert await campus.backend.history_start(points) == start
    assert campus.count_requests("/timeseries_data/stats") == 0


async def test_empty_series_are_requested_once_a_day(campus: Campus) -> None:
    points = [campus.point("timeseries_49")]
    assert await campus.backend.history_start(points) is None
    asked = campus.count_requests("/timeseries_data/stats")
    assert asked == 2  # In Clean, and in Raw.
    campus.clock.forward(hours=23)
    assert await campus.backend.history_start(points) is None
    assert campus.count_requests("/timeseries_data/stats") == 0
    campus.clock.forward(hours=1)
    assert await campus.backend.history_start(points) is None
    assert campus.count_requests("/timeseries_data/stats") == 2


def without(number: str) -> MutateJson:
    """Leave a series out of the statistics."""

    def change(answer: Json) -> Json:
        assert isinstance(answer, dict)
        stats = answer["stats"]
        assert isinstance(stats, dict)
        return {"stats": {key: row for key, row in stats.items() if key != number}}

    return MutateJson(change)


@pytest.mark.parametrize(
    "answer",
    [
        html_error(404),
        Answer(200, "null", JSON),
        Answer(200, "{}", JSON),
        Answer(200, "[]", JSON),
        Answer(200, '{"stats": null}', JSON),
        Answer(200, '{"stats": {}}', JSON),
        Answer(200, '{"stats": {"1": null}}', JSON),
        Answer(200, '{"stats": {"1": {"first_timestamp": "soon"}}}', JSON),
    ],
)
async def test_nonsense_is_not_an_empty_history(campus: Campus, answer: Answer) -> None:
    """It is a failure, which is not remembered."""
    points = [campus.point("timeseries_1_amount")]
    campus.simulator.faults.add(Fault(answer, STATS))
    with pytest.raises((NotFoundError, ProtocolError)):
        await campus.backend.history_start(points)
    campus.simulator.faults.clear()
    start = campus.simulator.store.start
    assert await campus.backend.history_start(points) == start


async def test_a_series_whose_start_is_unknown_is_left_out(campus: Campus) -> None:
    """Its history must not begin in the middle, where that of the others begins."""
    points = [campus.point("timeseries_1_amount"), campus.point("timeseries_16")]
    campus.simulator.faults.add(Fault(without("16"), STATS))
    start = campus.simulator.store.start
    assert await campus.backend.history_start(points) == start
    campus.simulator.faults.clear()
    await campus.poll()
    for failed in ({"timeseries_16"}, set()):
        async for chunk in campus.backend.history(points, NOW - timedelta(days=1), NOW):
            assert chunk.failed.keys() == failed
            assert len(chunk.readings) == 2 - len(failed)
        changes = await campus.backend.history_changes(points, start, None)
        changes = await campus.backend.history_changes(points, start, changes.mark)
        assert (changes.since == start) is bool(failed)
