"""What of the past may be new: told by the polls, and once an hour by looking again."""

from datetime import timedelta

from custom_components.metering_hub.backends.bemserver.changes import LOOK_AGAIN

from .conftest import NOW, Campus

START = NOW - timedelta(days=2)
KEYS = ("timeseries_16", "timeseries_18")


async def test_nothing_new_is_told_without_a_request(campus: Campus) -> None:
    await campus.poll(*KEYS)
    points = [campus.point(key) for key in KEYS]
    first = await campus.backend.history_changes(points, START, None)
    assert first.since == START
    campus.asked()
    again = await campus.backend.history_changes(points, START, first.mark)
    assert again.since is None
    assert campus.asked() == 0


async def test_what_polls_bring_is_new(campus: Campus) -> None:
    """From the newest value on that was known before."""
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


async def test_what_is_not_polled_may_be_new(campus: Campus) -> None:
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


async def test_everything_is_looked_at_again(campus: Campus) -> None:
    """Late and corrected values show in no poll."""
    await campus.poll(*KEYS)
    points = [campus.point(key) for key in KEYS]
    mark = (await campus.backend.history_changes(points, START, None)).mark
    campus.clock.forward(minutes=LOOK_AGAIN / timedelta(minutes=1))
    await campus.poll(*KEYS)
    changes = await campus.backend.history_changes(points, START, mark)
    assert changes.since == START
