"""Changes of the history: found by polls, and once an hour by reading it again."""

from datetime import timedelta

from custom_components.metering_hub.backends.bemserver.changes import FULL_READ_INTERVAL
from custom_components.metering_hub.backends.bemserver.const import HISTORY_INTERVAL

from .conftest import NOW, Campus

START = NOW - timedelta(days=2)
KEYS = ("timeseries_16", "timeseries_18")


async def test_no_change_takes_no_request(campus: Campus) -> None:
    await campus.poll(*KEYS)
    points = [campus.point(key) for key in KEYS]
    first = await campus.backend.history_changes(points, START, None)
    assert first.since == START
    campus.count_requests()
    again = await campus.backend.history_changes(points, START, first.mark)
    assert again.since is None
    assert campus.count_requests() == 0


async def test_polled_values_are_changes(campus: Campus) -> None:
    """They start at the latest value that was known before."""
    known = (await campus.poll(*KEYS)).readings
    points = [campus.point(key) for key in KEYS]
    mark = (await campus.backend.history_changes(points, START, None)).mark
    campus.clock.forward(minutes=30)
    await campus.poll(*KEYS)
    changes = await campus.backend.history_changes(points, START, mark)
    assert changes.since == min(known[key].time for key in KEYS)
    assert (
        await campus.backend.history_changes(points, START, changes.mark)
    ).since is None


async def test_a_series_that_is_not_polled_may_have_changed(campus: Campus) -> None:
    """Nobody looks at the second series, so that nothing is known of it."""
    await campus.poll(KEYS[0])
    points = [campus.point(key) for key in KEYS]
    mark = (await campus.backend.history_changes(points, START, None)).mark
    changes = await campus.backend.history_changes(points, START, mark)
    assert changes.since == START
    await campus.poll(*KEYS)
    changes = await campus.backend.history_changes(points, START, mark)
    campus.clock.forward(minutes=10)
    late = await campus.backend.history_changes(points, START, changes.mark)
    assert late.since is not None


async def test_the_whole_window_is_read_every_hour(campus: Campus) -> None:
    """Late and corrected values do not appear in any poll."""
    await campus.poll(*KEYS)
    points = [campus.point(key) for key in KEYS]
    mark = (await campus.backend.history_changes(points, START, None)).mark
    margin = FULL_READ_INTERVAL - HISTORY_INTERVAL / 2
    campus.clock.forward(seconds=margin.total_seconds())
    await campus.poll(*KEYS)
    changes = await campus.backend.history_changes(points, START, mark)
    assert changes.since == START
