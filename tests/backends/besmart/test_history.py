"""The history: which readings it has, and what they cost."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.besmart.history import MAX_SAMPLES
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    ServerFaultError,
    UnreachableError,
)
from custom_components.metering_hub.metering.model import ESTIMATED
from simulators.besmart import (
    PV_PER_QUARTER,
    Removal,
    Revision,
    Substitute,
    default_sensors,
)
from simulators.besmart.sensors import plant
from simulators.faults import Fault, html_error

from .conftest import (
    DAY,
    HOUSE,
    LATEST,
    NOW,
    QUARTER,
    START,
    Bench,
    MakeBench,
    both_editions,
    history_points,
    key,
    read_history,
)

DATA = f"/api/sensors/{HOUSE}/signals/"


@both_editions
async def test_all_readings_of_a_register(bench: Bench) -> None:
    """All positions from the first to the latest are read."""
    bench.simulator.predictions = timedelta(hours=48)
    backend = bench.backend()
    points, with_history = await history_points(backend, 32)
    assert [point.key for point in with_history] == [key(32), key(34)]
    start = await backend.history_start(with_history)
    assert start == START
    readings = (await read_history(backend, points, start, NOW))[key(32)]
    times = [reading.time for reading in readings]
    assert times == [
        START + n * QUARTER for n in range((LATEST - START) // QUARTER + 1)
    ]
    assert all(r.value == bench.true(32, r.time) for r in readings)


@both_editions
async def test_a_year_of_a_register_in_thirteen_requests(
    make_bench: MakeBench, edition: str
) -> None:
    """Windows have 31 days, with several signals at once if there are batches."""
    sensors = default_sensors(3, NOW - 400 * DAY)[:1]
    bench = await make_bench(sensors=sensors, edition=edition)
    backend = bench.backend()
    points, with_history = await history_points(backend, 32)
    bench.asked()
    readings = await read_history(backend, points, NOW - 365 * DAY, NOW)
    assert len(readings[key(32)]) == 365 * 96 - 1
    for request in bench.simulator.faults.requests:
        if request.method == "POST":
            continue
        span = int(request.query["till"]) - int(request.query["since"])
        assert span <= 31 * 86_400_000
    assert bench.asked() <= 13
    await read_history(backend, with_history, NOW - 30 * DAY, NOW)
    assert bench.asked() == (2 if edition == "2021" else 1)


@both_editions
async def test_corrected_values_count(bench: Bench) -> None:
    """Corrections and estimates count; deleted values do not."""
    first = NOW.replace(minute=0, second=0) - timedelta(hours=30)
    bench.simulator.events += [
        Revision(first, first + QUARTER, moid=32, offset=-700),
        Removal(first + QUARTER, first + 2 * QUARTER, moid=32, keeps_row=True),
        Substitute(first + 2 * QUARTER, first + 3 * QUARTER, moid=32, origin=4),
    ]
    backend = bench.backend()
    points, _ = await history_points(backend, 32)
    readings = (await read_history(backend, points, first, first + 4 * QUARTER))[
        key(32)
    ]
    assert [(r.time, r.value) for r in readings] == [
        (time, bench.true(32, time))
        for n in (0, 2, 3, 4)
        for time in (first + n * QUARTER,)
    ]
    assert [r.quality for r in readings] == [None, ESTIMATED, None, None]


async def test_amounts_are_stamped_with_their_start(bench: Bench) -> None:
    """The server stamps a quarter of an hour with its end."""
    bench.simulator.types[70] = PV_PER_QUARTER
    bench.house.signals = (70,)
    backend = bench.backend()
    points, _ = await history_points(backend, 70)
    start = NOW.replace(hour=9, minute=0, second=0)
    for _ in range(2):
        readings = (await read_history(backend, points, start, start + 2 * QUARTER))[
            key(70)
        ]
        assert [(r.time, r.since, r.value) for r in readings] == [
            (time, time, bench.true(70, time + QUARTER))
            for time in (start, start + QUARTER, start + 2 * QUARTER)
        ]


@both_editions
async def test_a_server_that_fails_leaves_no_gap(bench: Bench) -> None:
    """If nothing can be read, an error is raised."""
    backend = bench.backend()
    _, with_history = await history_points(backend)
    bench.simulator.faults.add(Fault(html_error(500), path="signals/"))
    with pytest.raises(UnreachableError):
        await read_history(backend, with_history, NOW - DAY, NOW)


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_signal_that_fails_is_left_out_to_the_end(bench: Bench) -> None:
    """Its readings after the gap are left out, and the next look reads all again."""
    backend = bench.backend()
    points, with_history = await history_points(backend, 34)
    start = NOW - 35 * DAY
    fault = Fault(html_error(500), path=f"{DATA}34/", times=2)
    bench.simulator.faults.add(fault)
    readings = await read_history(backend, with_history, start, NOW)
    assert not readings[key(34)]
    assert len(readings[key(32)]) == (LATEST - start) // QUARTER + 1
    changes = await backend.history_changes(with_history, start, None)
    changes = await backend.history_changes(with_history, start, changes.mark)
    assert changes.since == start
    assert len((await read_history(backend, points, start, NOW))[key(34)]) > 3000
    bench.clock.pass_(minutes=15)
    changes = await backend.history_changes(with_history, start, changes.mark)
    assert changes.since is not None
    assert changes.since > start
    bench.simulator.faults.add(Fault(html_error(500), path=f"{DATA}34/"))
    with pytest.raises(ServerFaultError):
        await read_history(backend, points, start, NOW)


async def test_a_refused_login_ends_the_import(bench: Bench) -> None:
    """The error is about the credentials."""
    backend = bench.backend()
    points, _ = await history_points(backend, 32)
    bench.simulator.password = "another"
    bench.simulator.tokens.expire()
    with pytest.raises(AuthenticationError):
        await read_history(backend, points, NOW - DAY, NOW)


@pytest.mark.parametrize("edition", ["2021"])
async def test_fast_signals_come_in_shorter_windows(bench: Bench) -> None:
    """A history of one sample per minute is requested in smaller parts."""
    backend = bench.backend()
    points, _ = await history_points(backend, 53)
    readings = await read_history(backend, points, START, NOW)
    assert len(readings[key(53)]) == (NOW - START) // timedelta(minutes=1) - 14
    lengths = [
        (int(r.query["till"]) - int(r.query["since"])) / 86_400_000
        for r in bench.simulator.faults.requests
        if r.path == f"{DATA}53/data"
    ]
    # A poll, the first window, and those whose length is known from it.
    assert max(lengths[2:]) < 10


async def test_windows_of_many_signals_fit_into_memory(make_bench: MakeBench) -> None:
    """However many signals there are, a chunk holds so many samples of all together."""
    bench = await make_bench(sensors=plant(3, START, meters=25))
    backend = bench.backend()
    _, with_history = await history_points(backend)
    sizes = [
        sum(map(len, chunk.readings.values()))
        async for chunk in backend.history(with_history, NOW - 14 * DAY, NOW)
    ]
    total = 14 * len(with_history) * (DAY // QUARTER)
    assert total > 1.3 * MAX_SAMPLES
    assert sum(sizes) == pytest.approx(total, rel=0.02)
    assert max(sizes) < 1.1 * MAX_SAMPLES
    assert len(sizes) <= total / MAX_SAMPLES + 2


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_signal_that_is_not_found_fails_alone(bench: Bench) -> None:
    """Every chunk names it; the others are read."""
    backend = bench.backend()
    _, with_history = await history_points(backend)
    bench.simulator.faults.add(Fault(html_error(404), path=f"{DATA}34/"))
    chunks = [
        chunk async for chunk in backend.history(with_history, NOW - 35 * DAY, NOW)
    ]
    assert len(chunks) == 2
    for chunk in chunks:
        assert chunk.failed.keys() == {key(34)}
        assert chunk.readings.keys() == {key(32)}


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_signal_whose_start_is_unknown_is_left_out(bench: Bench) -> None:
    """Its history must not begin in the middle, where that of the others begins."""
    backend = bench.backend()
    _, with_history = await history_points(backend)
    fault = Fault(html_error(404), path=f"{DATA}34/", times=1)
    bench.simulator.faults.add(fault)
    assert await backend.history_start(with_history) == START
    for failed in ({key(34)}, set()):
        async for chunk in backend.history(with_history, NOW - DAY, NOW):
            assert chunk.failed.keys() == failed
            assert chunk.readings.keys() == {key(32), key(34)} - failed


async def test_a_batch_without_one_of_its_signals(bench: Bench) -> None:
    """What the server leaves out is not empty."""
    backend = bench.backend()
    _, with_history = await history_points(backend)
    bench.house.signals = (32,)
    async for chunk in backend.history(with_history, NOW - DAY, NOW):
        assert chunk.failed.keys() == {key(34)}
