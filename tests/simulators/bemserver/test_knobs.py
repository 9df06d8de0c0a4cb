"""Faults and changes of the data in the BEMServer simulator."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from simulators.bemserver import CLEAN, DEFAULT_PASSWORD, RAW, Gap
from simulators.faults import Answer, Fault

from .conftest import NOW, Bem, window

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def values(bem: Bem, series: int = 1, state: int = 2) -> dict[str, float | None]:
    """Return the points of the two hours after AT, by minutes."""
    got = await bem.get("/timeseries_data/?" + window(series, 2, AT + 2 * HOUR, state))
    points = got.points.get(str(series), {})
    return {when[11:16]: value for when, value in points.items()}


async def test_database_down(bem: Bem) -> None:
    bem.simulator.database_down = True
    error = {"code": 500, "status": "Internal Server Error"}
    for path in ("/sites/", "/timeseries_data/?" + window(1), "/users/"):
        got = await bem.get(path)
        assert (got.status, got.json) == (500, error)
    got = await bem.log_in()
    assert (got.status, got.json) == (500, error)
    assert (await bem.refresh()).status == 500
    assert (await bem.get("/about/")).status == 200
    # Endpoints without the database still answer.
    assert (await bem.get("/sites/", Authorization="Bearer x")).status == 401
    assert (await bem.log_in("nobody", DEFAULT_PASSWORD)).status == 422
    bem.simulator.database_down = False
    assert (await bem.get("/sites/")).status == 200


async def test_database_restart_costs_one_request(bem: Bem) -> None:
    bem.simulator.restart_database()
    assert (await bem.get("/about/")).status == 200
    assert [(await bem.get("/sites/")).status for _ in range(2)] == [500, 200]
    bem.simulator.restart_database(workers=2)
    assert [(await bem.get("/sites/")).status for _ in range(3)] == [500, 500, 200]


async def test_faults_and_log(bem: Bem) -> None:
    bem.simulator.faults.add(Fault(Answer(504), "/sites", times=1))
    assert [(await bem.get("/sites/")).status for _ in range(2)] == [504, 200]
    assert bem.simulator.faults.count("/sites/") == 2
    assert bem.simulator.faults.count("/auth/token", "POST") == 1


async def test_gaps(bem: Bem) -> None:
    whole = await values(bem)
    assert len(whole) == 8
    bem.simulator.gaps.append(Gap(AT + HOUR, AT + 2 * HOUR, frozenset({1})))
    assert await values(bem) == {key: whole[key] for key in list(whole)[:4]}
    assert len(await values(bem, 2)) == 8
    bem.simulator.gaps[:] = [Gap(AT, AT + HOUR, state=CLEAN)]
    assert len(await values(bem)) == 4
    assert await values(bem, state=1) == whole
    bem.simulator.gaps.clear()
    assert await values(bem) == whole


async def test_late_data(bem: Bem) -> None:
    whole = await values(bem)
    arrival = NOW + HOUR
    bem.simulator.gaps.append(Gap(AT, AT + HOUR, until=arrival))
    assert len(await values(bem)) == 4
    assert bem.simulator.amount(1, AT, AT + HOUR) == 0
    bem.clock.now = arrival
    bem.token = ""
    await bem.log_in()
    assert await values(bem) == whole
    assert bem.simulator.amount(1, AT, AT + HOUR) > 0
    bem.simulator.store.latency = NOW + HOUR - AT - HOUR
    assert list(await values(bem)) == ["12:00", "12:15", "12:30", "12:45"]


async def test_corrections_are_delete_and_post(bem: Bem) -> None:
    """Points that already exist are ignored when they are posted."""
    whole = await values(bem)
    store, series = bem.simulator.store, bem.simulator.world.series[1]
    assert store.post(series, CLEAN, {AT: 99.5}) == 0
    assert await values(bem) == whole
    store.delete(series, CLEAN, AT, AT + HOUR)
    assert list(await values(bem)) == ["13:00", "13:15", "13:30", "13:45"]
    assert store.post(series, CLEAN, {AT + QUARTER: 99.5, AT: 1.25}) == 2
    assert store.post(series, CLEAN, {AT: 7}) == 0
    found = await values(bem)
    assert list(found)[:3] == ["12:00", "12:15", "13:00"]
    assert (found["12:00"], found["12:15"]) == (1.25, 99.5)
    assert await values(bem, state=1) == whole
    assert bem.simulator.amount(1, AT, AT + HOUR, CLEAN) == 100.75
    store.correct(series, CLEAN, {AT: 3.0})
    assert (await values(bem))["12:00"] == 3


async def test_points_between_and_beyond(bem: Bem) -> None:
    store, world = bem.simulator.store, bem.simulator.world
    odd = AT + timedelta(minutes=7)
    assert store.post(world.series[17], CLEAN, {odd: 21.505}) == 1
    found = await values(bem, 17)
    assert list(found)[:3] == ["12:00", "12:07", "12:15"]
    assert found["12:07"] == 21.505
    # A series without a source has all posted points, at any time.
    before, after = NOW - timedelta(days=3000), NOW + timedelta(days=20)
    store.post(world.series[49], RAW, {before: 1.5, after: 2.5})
    assert bem.simulator.amount(49, before, after + HOUR) == 4
    assert bem.simulator.position(49, NOW) is None
    world.series[49].since = before
    assert bem.simulator.position(49, NOW) == 1.5
    path = "/timeseries_data/stats?timeseries=49&data_state=1"
    stats = (await bem.get(path)).json["stats"]
    assert isinstance(stats, dict)
    assert isinstance(stats["49"], dict)
    assert stats["49"]["count"] == 2
    assert stats["49"]["stddev"] == 0.5**0.5


async def test_exchanged_meter(bem: Bem) -> None:
    before = await values(bem, 13)
    bem.simulator.exchange_meter(13, AT + HOUR, 5)
    after = await values(bem, 13)
    assert list(after.values())[:4] == list(before.values())[:4]
    assert after["13:00"] == 5
    steps = [
        [round((b or 0) - (a or 0), 6) for a, b in pairwise(part)]
        for part in (list(before.values())[4:], list(after.values())[4:])
    ]
    assert steps[0] == steps[1]
    assert max(steps[1]) > 0
    # It continues to count on the next days.
    assert 5 < (bem.simulator.position(13, NOW) or 0) < 1000


async def test_another_unit(bem: Bem) -> None:
    """The server keeps the values when the unit of a series changes."""
    before = await values(bem)
    bem.simulator.world.series[1].unit = "MWh"
    assert await values(bem) == before
    path = "/timeseries_data/?" + window(1, 2, AT + 2 * HOUR, convert_to="kWh")
    got = list((await bem.get(path)).points["1"].values())
    assert got == [1000 * (value or 0) for value in before.values()]
