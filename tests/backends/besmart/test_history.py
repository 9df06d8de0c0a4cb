"""The past: what is read, how much of it, and where it begins."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.besmart.backend import BesmartBackend
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    ServerFaultError,
    UnreachableError,
)
from custom_components.metering_hub.metering.model import NEW_REGISTER, Point
from simulators.besmart import (
    HOUSE_MID,
    PV_PER_QUARTER,
    Late,
    Outage,
    Removal,
    Revision,
    Substitute,
    default_sensors,
)
from simulators.faults import Fault, html_error

from .conftest import (
    NEWEST,
    NOW,
    QUARTER,
    START,
    Bench,
    MakeBench,
    both_editions,
    key,
    past,
)

DAY = timedelta(days=1)
ALWAYS = datetime.max.replace(tzinfo=UTC)
DATA = f"/api/sensors/263429.{HOUSE_MID}/signals/"


async def found_points(
    backend: BesmartBackend, *moids: int
) -> tuple[list[Point], list[Point]]:
    """Return the points of signals, and all that have a past."""
    points = (await backend.inventory()).points
    with_past = [point for point in points.values() if point.has_history]
    return [points[key(moid)] for moid in moids], with_past


@both_editions
async def test_all_readings_of_a_register(bench: Bench) -> None:
    """From the first to the newest, each with the meter's own position."""
    bench.simulator.predictions = timedelta(hours=48)
    backend = bench.backend()
    points, with_past = await found_points(backend, 32)
    assert [point.key for point in with_past] == [key(32), key(34)]
    start = await backend.history_start(with_past)
    assert start == START
    readings = (await past(backend, points, start, NOW))[key(32)]
    times = [reading.time for reading in readings]
    assert times == [
        START + n * QUARTER for n in range((NEWEST - START) // QUARTER + 1)
    ]
    assert all(r.value == bench.true(32, r.time) for r in readings)


@both_editions
async def test_a_year_of_a_register_in_thirteen_requests(
    make_bench: MakeBench, edition: str
) -> None:
    """Windows of 31 days; of several signals at once where there is a batch."""
    sensors = default_sensors(3, NOW - 400 * DAY)[:1]
    bench = await make_bench(sensors=sensors, edition=edition)
    backend = bench.backend()
    points, with_past = await found_points(backend, 32)
    bench.asked()
    readings = await past(backend, points, NOW - 365 * DAY, NOW)
    assert len(readings[key(32)]) == 365 * 96 - 1
    for request in bench.simulator.faults.requests:
        span = int(request.query["till"]) - int(request.query["since"])
        assert span <= 31 * 86_400_000
    assert bench.asked() <= 13
    await past(backend, with_past, NOW - 30 * DAY, NOW)
    assert bench.asked() == (2 if edition == "2021" else 1)


@both_editions
async def test_corrected_values_count(bench: Bench) -> None:
    """Of a time, the corrected one; a deleted one is no reading; estimates are."""
    first = NOW.replace(minute=0, second=0) - timedelta(hours=30)
    bench.simulator.events += [
        Revision(first, first + QUARTER, moid=32, offset=-700),
        Removal(first + QUARTER, first + 2 * QUARTER, moid=32, keeps_row=True),
        Substitute(first + 2 * QUARTER, first + 3 * QUARTER, moid=32, origin=4),
    ]
    backend = bench.backend()
    points, _ = await found_points(backend, 32)
    readings = (await past(backend, points, first, first + 4 * QUARTER))[key(32)]
    assert [(r.time, r.value) for r in readings] == [
        (time, bench.true(32, time))
        for n in (0, 2, 3, 4)
        for time in (first + n * QUARTER,)
    ]


async def test_amounts_are_stamped_with_their_start(bench: Bench) -> None:
    """The server stamps a quarter with its end."""
    bench.simulator.types[70] = PV_PER_QUARTER
    bench.house.signals = (70,)
    backend = bench.backend()
    points, _ = await found_points(backend, 70)
    start = NOW.replace(hour=9, minute=0, second=0)
    for _ in range(2):
        readings = (await past(backend, points, start, start + 2 * QUARTER))[key(70)]
        assert [(r.time, r.since, r.value) for r in readings] == [
            (time, time, bench.true(70, time + QUARTER))
            for time in (start, start + QUARTER, start + 2 * QUARTER)
        ]


@pytest.mark.parametrize("values", ["number", "text", "null"])
async def test_an_exchange_of_meters(bench: Bench, values: str) -> None:
    """Both meters' positions at that moment, or the new one's first reading."""
    at = NOW.replace(hour=3, minute=20, second=0)
    bench.house.exchange(at, {32: 99_000_000})
    bench.simulator.state_values = values  # type: ignore[assignment]  # One of these.
    backend = bench.backend()
    points, _ = await found_points(backend, 32)
    readings = (await past(backend, points, at - DAY, at + DAY / 4))[key(32)]
    marked = [r for r in readings if r.quality == NEW_REGISTER]
    assert len(marked) == 1
    index = readings.index(marked[0])
    if values == "null":
        assert marked[0].time == at + timedelta(minutes=10)
        assert readings[index - 1].time == at - timedelta(minutes=5)
    else:
        assert (marked[0].time, marked[0].value) == (at, 99_000)
        before = readings[index - 1]
        assert at - timedelta(seconds=1) < before.time < at
        old = bench.simulator.amount(bench.house, 32, at - QUARTER, at) / 1000
        assert before.value == pytest.approx(bench.true(32, at - QUARTER) + old)
    # Read again from after the exchange, nothing is new about the register.
    later = (await past(backend, points, at + QUARTER, at + DAY / 4))[key(32)]
    assert not any(reading.quality for reading in later)


async def test_an_exchange_before_a_gap_marks_the_first_reading_after_it(
    bench: Bench,
) -> None:
    """Even where that comes with a later chunk."""
    at = NOW - timedelta(days=35)
    bench.house.exchange(at, {32: 99_000_000})
    bench.simulator.state_values = "null"
    bench.simulator.events.append(Outage(at, at + 10 * DAY))
    backend = bench.backend()
    points, _ = await found_points(backend, 32)
    readings = (await past(backend, points, at - 28 * DAY, NOW))[key(32)]
    marked = [r for r in readings if r.quality == NEW_REGISTER]
    assert [r.time for r in marked] == [min(r.time for r in readings if r.time > at)]


async def test_the_same_meter_in_a_new_state_is_no_exchange(bench: Bench) -> None:
    """States also change with tariffs."""
    at = NOW.replace(hour=3, minute=20, second=0)
    bench.house.exchange(at, {32: 5}, eid=bench.house.meters[0].eid)
    bench.house.meters.pop()
    same = bench.house.meters[0]
    bench.house.meters.append(type(same)(at, same.positions, same.eid))
    backend = bench.backend()
    points, _ = await found_points(backend, 32)
    readings = (await past(backend, points, at - DAY, at + DAY / 4))[key(32)]
    assert not any(reading.quality for reading in readings)


@pytest.mark.parametrize(
    ("edition", "days"), [("2021", 0.5), ("2021", 45), ("2026", 45), ("2026", 500)]
)
async def test_the_beginning_is_found_and_remembered(
    make_bench: MakeBench, edition: str, days: float
) -> None:
    """By windows that double; after a restart it is known."""
    start = NOW.replace(minute=0, second=0) - days * DAY
    bench = await make_bench(sensors=default_sensors(3, start)[:1], edition=edition)
    backend = bench.backend()
    _, with_past = await found_points(backend)
    bench.asked()
    assert await backend.history_start(with_past) == start
    assert bench.asked() <= 12
    restarted = bench.backend()
    restarted.restore(backend.remember())
    assert await restarted.history_start(with_past) == start
    assert bench.asked() == 0
    bench.clock.pass_(days=31)
    assert await restarted.history_start(with_past) == start
    assert bench.asked() > 0


async def test_a_gap_of_a_year_does_not_hide_the_beginning(
    make_bench: MakeBench,
) -> None:
    """Only after two empty years is there nothing before."""
    start = NOW.replace(minute=0, second=0) - 1100 * DAY
    bench = await make_bench(sensors=default_sensors(3, start)[:1])
    gap = Outage(start + DAY, start + 700 * DAY)
    bench.simulator.events.append(gap)
    backend = bench.backend()
    points, _ = await found_points(backend, 32)
    assert await backend.history_start(points) == start


async def test_without_any_past(bench: Bench) -> None:
    """It is not looked for again and again."""
    backend = bench.backend()
    points, _ = await found_points(backend, 32)
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
async def test_a_server_that_fails_leaves_no_gap(bench: Bench) -> None:
    """Where nothing can be read, the import stops there."""
    backend = bench.backend()
    _, with_past = await found_points(backend)
    bench.simulator.faults.add(Fault(html_error(500), path="signals/"))
    with pytest.raises(UnreachableError):
        await past(backend, with_past, NOW - DAY, NOW)


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_signal_that_fails_is_left_out_to_the_end(bench: Bench) -> None:
    """What comes after its gap is not read, and the next look takes it all again."""
    backend = bench.backend()
    points, with_past = await found_points(backend, 34)
    start = NOW - 35 * DAY
    fault = Fault(html_error(500), path=f"{DATA}34/", times=2)
    bench.simulator.faults.add(fault)
    readings = await past(backend, with_past, start, NOW)
    assert not readings[key(34)]
    assert len(readings[key(32)]) == (NEWEST - start) // QUARTER + 1
    changes = await backend.history_changes(with_past, start, None)
    changes = await backend.history_changes(with_past, start, changes.mark)
    assert changes.since == start
    assert len((await past(backend, points, start, NOW))[key(34)]) > 3000
    bench.clock.pass_(minutes=15)
    changes = await backend.history_changes(with_past, start, changes.mark)
    assert changes.since is not None
    assert changes.since > start
    bench.simulator.faults.add(Fault(html_error(500), path=f"{DATA}34/"))
    with pytest.raises(ServerFaultError):
        await past(backend, points, start, NOW)


@both_editions
async def test_what_may_have_changed(bench: Bench) -> None:
    """Everything once an hour; in between what polls have seen, or may not have."""
    backend = bench.backend()
    inventory = await backend.inventory()
    _, with_past = await found_points(backend)
    start = NOW - 7 * DAY
    changes = await backend.history_changes(with_past, start, None)
    assert changes.since == start
    await past(backend, with_past, start, NOW)
    await backend.latest(list(inventory.points.values()))
    bench.asked()
    changes = await backend.history_changes(with_past, start, changes.mark)
    assert changes.since is None
    bench.clock.pass_(minutes=15)
    # Nobody polled: there may be something.
    changes = await backend.history_changes(with_past, start, changes.mark)
    assert changes.since == NEWEST
    await backend.latest(list(inventory.points.values()))
    changes = await backend.history_changes(with_past, start, changes.mark)
    assert changes.since == NEWEST
    bench.clock.pass_(minutes=40)
    changes = await backend.history_changes(with_past, start, changes.mark)
    assert changes.since == start
    restarted = await bench.backend().history_changes(with_past, start, None)
    assert restarted.since == start


async def test_a_signal_without_news_for_long_waits_for_the_hour(bench: Bench) -> None:
    """It does not make every look a look at everything."""
    bench.simulator.events.append(Late(NOW - 9 * DAY, ALWAYS, arrives=ALWAYS, moid=34))
    backend = bench.backend()
    _, with_past = await found_points(backend)
    start = NOW - 7 * DAY
    changes = await backend.history_changes(with_past, start, None)
    await past(backend, with_past, start, NOW)
    bench.clock.pass_(minutes=15)
    changes = await backend.history_changes(with_past, start, changes.mark)
    assert changes.since == NEWEST


async def test_a_refused_login_ends_the_import(bench: Bench) -> None:
    """And is said to be that."""
    backend = bench.backend()
    points, _ = await found_points(backend, 32)
    bench.simulator.password = "another"
    bench.simulator.tokens.expire()
    with pytest.raises(AuthenticationError):
        await past(backend, points, NOW - DAY, NOW)


async def test_fast_signals_come_in_shorter_windows(bench: Bench) -> None:
    """A past of samples every minute is asked for in bearable answers."""
    backend = bench.backend()
    points, _ = await found_points(backend, 53)
    readings = await past(backend, points, START, NOW)
    assert len(readings[key(53)]) == (NOW - START) // timedelta(minutes=1) - 14
    lengths = [
        (int(r.query["till"]) - int(r.query["since"])) / 86_400_000
        for r in bench.simulator.faults.requests
        if r.path == f"{DATA}53/data"
    ]
    assert max(lengths[1:]) < 10
