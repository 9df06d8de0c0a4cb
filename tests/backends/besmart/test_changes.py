"""What may have changed in the history since the last look."""

from simulators.besmart import Late

from .conftest import (
    ALWAYS,
    DAY,
    LATEST,
    NOW,
    Bench,
    both_editions,
    history_points,
    read_history,
)


@both_editions
async def test_changes(bench: Bench) -> None:
    """Everything once an hour; in between, what polls saw or could have missed."""
    backend = bench.backend()
    inventory = await backend.inventory()
    _, with_history = await history_points(backend)
    start = NOW - 7 * DAY
    changes = await backend.history_changes(with_history, start, None)
    assert changes.since == start
    await read_history(backend, with_history, start, NOW)
    await backend.latest(list(inventory.points.values()))
    bench.asked()
    changes = await backend.history_changes(with_history, start, changes.mark)
    assert changes.since is None
    bench.clock.pass_(minutes=15)
    # Without a poll, there may be new values.
    changes = await backend.history_changes(with_history, start, changes.mark)
    assert changes.since == LATEST
    await backend.latest(list(inventory.points.values()))
    changes = await backend.history_changes(with_history, start, changes.mark)
    assert changes.since == LATEST
    bench.clock.pass_(minutes=40)
    changes = await backend.history_changes(with_history, start, changes.mark)
    assert changes.since == start
    restarted = await bench.backend().history_changes(with_history, start, None)
    assert restarted.since == start


async def test_a_silent_signal_waits_for_the_full_look(bench: Bench) -> None:
    """It does not turn every look into a full one."""
    bench.simulator.events.append(Late(NOW - 9 * DAY, ALWAYS, arrives=ALWAYS, moid=34))
    backend = bench.backend()
    _, with_history = await history_points(backend)
    start = NOW - 7 * DAY
    changes = await backend.history_changes(with_history, start, None)
    await read_history(backend, with_history, start, NOW)
    bench.clock.pass_(minutes=15)
    changes = await backend.history_changes(with_history, start, changes.mark)
    assert changes.since == LATEST
