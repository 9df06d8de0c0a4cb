"""The start of the history, and what finding it costs."""

import pytest

from custom_components.metering_hub.backends.errors import NotFoundError, ProtocolError
from simulators.besmart import Outage, default_sensors
from simulators.besmart.sensors import Meter
from simulators.faults import Answer, Fault, html_error
from simulators.house import House

from .conftest import (
    ALWAYS,
    DAY,
    NOW,
    START,
    Bench,
    MakeBench,
    add_meters,
    both_editions,
    history_points,
)


@pytest.mark.parametrize(
    ("edition", "days"), [("2021", 0.5), ("2021", 45), ("2026", 45), ("2026", 500)]
)
async def test_the_start_is_found_and_remembered(
    make_bench: MakeBench, edition: str, days: float
) -> None:
    """Windows double; after a restart, no request is needed."""
    start = NOW.replace(minute=0, second=0) - days * DAY
    bench = await make_bench(sensors=default_sensors(3, start)[:1], edition=edition)
    backend = bench.backend()
    _, with_history = await history_points(backend)
    bench.asked()
    assert await backend.history_start(with_history) == start
    assert bench.asked() <= 12
    restarted = bench.backend()
    restarted.restore(backend.remember())
    assert await restarted.history_start(with_history) == start
    assert bench.asked() == 0
    bench.clock.pass_(days=31)
    assert await restarted.history_start(with_history) == start
    assert bench.asked() > 0


async def test_a_gap_of_a_year_does_not_hide_the_start(
    make_bench: MakeBench,
) -> None:
    """The search ends only after two empty years."""
    start = NOW.replace(minute=0, second=0) - 1100 * DAY
    bench = await make_bench(sensors=default_sensors(3, start)[:1])
    gap = Outage(start + DAY, start + 700 * DAY)
    bench.simulator.events.append(gap)
    backend = bench.backend()
    points, _ = await history_points(backend, 32)
    assert await backend.history_start(points) == start


async def test_without_any_history(bench: Bench) -> None:
    """The search is not repeated before some hours have passed."""
    backend = bench.backend()
    points, _ = await history_points(backend, 32)
    bench.simulator.events.append(Outage(START, ALWAYS))
    bench.asked()
    assert await backend.history_start(points) is None
    assert bench.asked() <= 8
    assert await backend.history_start(points) is None
    assert bench.asked() == 0
    bench.simulator.events.clear()
    bench.clock.pass_(hours=7)
    assert await backend.history_start(points) == START


@both_editions
@pytest.mark.parametrize(
    "answer",
    [
        html_error(404),
        Answer(200, "null", "application/json"),
        Answer(200, "{}", "application/json"),
        Answer(200, "[]", "application/json"),
    ],
)
async def test_nonsense_is_not_an_empty_history(bench: Bench, answer: Answer) -> None:
    """It is a failure, which is not remembered."""
    backend = bench.backend()
    _, with_history = await history_points(backend)
    bench.simulator.faults.add(Fault(answer, path="signals/"))
    with pytest.raises((NotFoundError, ProtocolError)):
        await backend.history_start(with_history)
    bench.simulator.faults.clear()
    assert await backend.history_start(with_history) == START


async def test_the_start_of_many_signals(bench: Bench) -> None:
    """400 signals are 30 requests instead of 1,203: one is searched for alone."""
    meters = add_meters(bench, 50, (32, 34, 36, 38, 40, 42, 44, 46))
    early = House(77, START - 100 * DAY, "Europe/Warsaw")
    meters[31].house = early
    meters[31].meters = [Meter(early.start, {}, "early")]
    backend = bench.backend()
    _, with_history = await history_points(backend)
    assert len(with_history) == 400
    bench.asked()
    assert await backend.history_start(with_history) == early.start
    # Two searches of about eight, and three looks at all that starts earlier.
    assert bench.asked() <= 60
    assert await backend.history_start(with_history) == early.start
    assert bench.asked() == 0
