"""A server that refuses: what it costs, and which signals are found out."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.errors import BackendError
from simulators.faults import Answer, Fault, html_error

from .conftest import NOW, TEN, Bench, MakeBench, add_meters, key, latest

_JSON = "application/json"
REFUSALS = {
    "401": html_error(401),
    "403": html_error(403),
    "404": html_error(404),
    "422": html_error(422),
    "500": html_error(500),
    "html": html_error(200),
    "broken": Answer(200, "[", _JSON),
    "empty body": Answer(200, "", _JSON),
    "empty list": Answer(200, "[]", _JSON),
    "empty object": Answer(200, "{}", _JSON),
    "null": Answer(200, "null", _JSON),
}
REFUSED_BATCH = "refused"


@pytest.mark.parametrize(
    ("edition", "meters"), [("2026", 3), ("2026", 20), ("2021", 3)]
)
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_a_refused_poll_costs_at_most_two_requests_more(
    bench: Bench, meters: int, refusal: Answer
) -> None:
    """It fails as a whole, with one login at most, however often it is repeated."""
    add_meters(bench, meters)
    backend = bench.backend()
    points = list((await backend.inventory()).points.values())
    bench.asked()
    assert not (await backend.latest(points)).failed
    good = bench.asked("")
    logins = bench.simulator.tokens.logins
    bench.simulator.faults.add(Fault(refusal, path="signals/"))
    for polls in range(1, 15):
        bench.clock.pass_(minutes=5)
        with pytest.raises(BackendError):
            await backend.latest(points)
        assert bench.simulator.tokens.logins - logins <= polls
        asked = [r.path for r in bench.simulator.faults.requests]
        bench.asked()
        assert len([path for path in asked if "token" not in path]) <= good + 2
    bench.simulator.faults.clear()
    bench.clock.pass_(minutes=5)
    again = await backend.latest(points)
    assert not again.failed
    assert key(32) in again.readings


async def test_a_poll_of_two_hundred_meters(bench: Bench) -> None:
    """1,600 shown signals are 32 requests, and 3 if the server refuses them."""
    add_meters(bench, 200)
    backend = bench.backend()
    points = list((await backend.inventory()).points.values())
    points = [point for point in points if point.enabled_default]
    bench.asked()
    await backend.latest(points)
    assert bench.asked("") == 32
    bench.simulator.faults.add(Fault(html_error(404), path="signals/"))
    with pytest.raises(BackendError):
        await backend.latest(points)
    assert bench.asked("") == 3


@pytest.mark.parametrize("meters", [1, 3, 20])
async def test_a_bad_signal_is_found_out_and_left_out_for_a_day(
    bench: Bench, meters: int
) -> None:
    """No poll costs more than three requests more; the others lose few readings."""
    add_meters(bench, meters)
    backend = bench.backend()
    points = list((await backend.inventory()).points.values())
    bench.asked()
    await backend.latest(points)
    good = bench.asked()
    bad = key(36, bench.simulator.sensors[meters // 2].sensor_mid)
    bench.simulator.batch_unknown = REFUSED_BATCH  # type: ignore[assignment]  # Valid.
    bench.simulator.sensors[meters // 2].signals = tuple(s for s in TEN if s != 36)
    for _ in range(9):
        bench.clock.pass_(minutes=5)
        found = await backend.latest(points)
        assert bench.asked() <= good + 3
    assert set(found.failed) == {bad}
    await backend.latest(points)
    assert bench.asked() == good
    restarted = bench.backend()
    restarted.restore(backend.remember())
    await restarted.inventory()
    bench.asked()
    await restarted.latest(points)
    # One finds the endpoint, and one asks whether the first answer was cut off.
    assert bench.asked() <= good + 2
    bench.simulator.sensors[meters // 2].signals = TEN
    bench.clock.pass_(days=1)
    for _ in range(2):
        assert not (await restarted.latest(points)).failed


async def test_two_bad_signals_do_not_hide_the_others(bench: Bench) -> None:
    """Not even if each is in the half in which the server is tried."""
    add_meters(bench, 1)
    backend = bench.backend()
    points = list((await backend.inventory()).points.values())
    await backend.latest(points)
    bench.simulator.batch_unknown = REFUSED_BATCH  # type: ignore[assignment]  # Valid.
    bench.house.signals = tuple(s for s in TEN if s not in (32, 42))
    failed: set[str] = set()
    for _ in range(12):
        bench.clock.pass_(minutes=5)
        try:
            failed = set((await backend.latest(points)).failed)
        except BackendError:
            continue
    assert failed == {key(32), key(42)}


async def test_an_unused_edition_that_refuses_everything_is_not_used(
    bench: Bench,
) -> None:
    """The form of its body is not published; the other one is used from then on."""
    add_meters(bench, 3)
    fault = Fault(html_error(422), path="/api/sensors/signals/data/v2")
    bench.simulator.faults.add(fault)
    backend = bench.backend()
    inventory = await backend.inventory()
    assert not (await latest(backend, inventory)).failed
    bench.simulator.faults.clear()
    bench.asked()
    await latest(backend, inventory)
    assert bench.asked("/data/v2") == 0


async def test_a_signal_is_always_read_from_the_same_endpoint(
    make_bench: MakeBench,
) -> None:
    """One alone, or with others, live or of the past: the scale is the same."""
    bench = await make_bench(multipliers={32: 40})
    backend = bench.backend()
    inventory = await backend.inventory()
    point = inventory.points[key(32)]
    together = (await latest(backend, inventory)).readings[point.key]
    alone = (await backend.latest([point])).readings[point.key]
    assert alone.value == together.value == pytest.approx(40 * bench.true(32))
    start = NOW - timedelta(hours=3)
    async for chunk in backend.history([point], start, NOW):
        assert chunk.readings[point.key][-1].value == together.value


async def test_a_scale_stays_when_the_server_gets_another_endpoint(
    make_bench: MakeBench,
) -> None:
    """An entry that was read from the first edition goes on with it."""
    bench = await make_bench(multipliers={32: 40}, absent={"batch_v2": 404})
    backend = bench.backend()
    before = (await latest(backend, await backend.inventory())).readings[key(32)]
    assert before.value == pytest.approx(bench.true(32))
    bench.simulator.absent.clear()
    bench.clock.pass_(days=8)
    restarted = bench.backend()
    restarted.restore(backend.remember())
    found = await latest(restarted, await restarted.inventory())
    at = found.readings[key(32)].time
    assert found.readings[key(32)].value == pytest.approx(bench.true(32, at))
