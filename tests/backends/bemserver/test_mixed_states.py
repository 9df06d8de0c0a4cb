"""Series that are Clean at times and Raw at others are read hour by hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
import pytest

from custom_components.metering_hub.metering.model import PARTIAL
from simulators.bemserver import CLEAN, RAW, Gap
from simulators.bemserver.mixtures import FAR_AHEAD, clean_during
from simulators.faults import Fault, Handler

from .conftest import NOW, Campus, Connect

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
TODAY = NOW.replace(hour=0, minute=0) - HOUR  # In Paris.
AMOUNT, REGISTER, POWER = (
    "timeseries_1_amount",
    "timeseries_13_register",
    "timeseries_16",
)
DATA = "/timeseries_data/"


@dataclass(frozen=True)
class RefuseState:
    """Answer 500 to requests for a data state."""

    state: str

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse the request, or let it pass."""
        if request.query.get("data_state") == self.state:
            return web.Response(status=500)
        return await handler(request)


def clean_up(campus: Campus, series: int, start: datetime, value: float) -> None:
    """Let four Clean values of an hour differ from the Raw ones."""
    item = campus.simulator.world.series[series]
    points = {start + n * QUARTER: value for n in range(4)}
    campus.simulator.store.correct(item, CLEAN, points)


def raw_sum(campus: Campus, start: datetime, end: datetime, series: int = 1) -> float:
    """Return the sum of the raw values of a series."""
    return campus.simulator.amount(series, start, end, RAW)


async def mixed(connect: Connect, *series: int, years: float = 0.06) -> Campus:
    """Return a campus of three weeks, where series were Clean for four days."""
    campus = await connect(years=years)
    for number in series:
        clean_during(campus.simulator, number, NOW - 8 * DAY, NOW - 4 * DAY)
    await campus.read_inventory()
    return campus


async def test_raw_amounts_for_weeks_and_clean_ones_for_days(connect: Connect) -> None:
    """Each hour has the Clean sum where there is one, and the Raw sum elsewhere."""
    campus = await mixed(connect, 1)
    cleaned = NOW.replace(minute=0) - 6 * DAY
    clean_up(campus, 1, cleaned, 7.0)
    start = campus.simulator.store.start
    assert await campus.backend.history_start([campus.point(AMOUNT)]) == start
    readings = (await campus.history([AMOUNT], start))[AMOUNT]
    expected = raw_sum(campus, start, NOW)
    expected += 28.0 - raw_sum(campus, cleaned, cleaned + HOUR)
    assert sum(float(each.value) for each in readings) == pytest.approx(expected)
    assert next(each.value for each in readings if each.time == cleaned) == 28.0
    assert [each.time for each in readings] == [
        start + n * HOUR for n in range(len(readings))
    ]


async def test_an_hour_in_which_clean_values_end(connect: Connect) -> None:
    """It has only a part of them, so the Raw sum of the whole hour counts."""
    campus = await connect(years=0.06)
    stopped = NOW.replace(minute=0) - 3 * DAY + 2 * QUARTER
    clean_during(campus.simulator, 1, end=stopped)
    await campus.read_inventory()
    await campus.poll(AMOUNT)
    readings = (await campus.history([AMOUNT], stopped - 2 * DAY))[AMOUNT]
    hour = stopped - 2 * QUARTER
    [reading] = [each for each in readings if each.time == hour]
    assert reading.value == pytest.approx(raw_sum(campus, hour, hour + HOUR))
    assert [each.time for each in readings if each.quality == PARTIAL] == [
        NOW.replace(minute=0)
    ]


async def test_registers_and_measured_values_are_mixed_as_well(
    connect: Connect,
) -> None:
    campus = await mixed(connect, 13, 16)
    start = NOW.replace(minute=0) - 10 * DAY
    both = await campus.history([REGISTER, POWER], start)
    positions = {each.time: each.value for each in both[REGISTER]}
    # Of the two hours in which it was Clean for a half, only that half is read.
    assert len(positions) == 10 * 96 + 3 - 4
    assert positions[start] == campus.simulator.position(13, start, RAW)
    assert positions[NOW] == campus.simulator.position(13, NOW, RAW)
    assert len({each.time for each in both[POWER]}) == 10 * 24 + 1


async def test_clean_values_that_stopped_do_not_stop_the_sensor(
    connect: Connect,
) -> None:
    """The newest value of either state is shown, and today's amount goes on."""
    campus = await connect(years=0.06)
    for number in (1, 13, 16):
        clean_during(campus.simulator, number, end=NOW - 3 * DAY)
    await campus.read_inventory()
    for minutes in (0, 15, 45):
        campus.clock.forward(minutes=minutes)
        shown = (await campus.poll(AMOUNT, REGISTER, POWER)).readings
        now = campus.clock()
        assert now - shown[REGISTER].time <= QUARTER
        assert shown[REGISTER].value == campus.simulator.position(13, now, RAW)
        assert shown[POWER].value == campus.simulator.position(16, now, RAW)
        amount = raw_sum(campus, TODAY, now)
        assert shown[AMOUNT].value == pytest.approx(amount, abs=1e-5)


@pytest.mark.parametrize("has_restarted", [False, True])
async def test_clean_values_that_stop_are_told(
    connect: Connect, has_restarted: bool
) -> None:
    """Within three days; the sensor goes on after some missed values."""
    campus = await connect(years=0.06)
    clean_during(campus.simulator, 16, end=NOW)
    await campus.read_inventory()
    late = "building_1_data_late"
    await campus.poll()
    campus.clock.forward(hours=2)
    for _ in range(3):
        campus.clock.forward(minutes=11)
        shown = (await campus.poll(POWER)).readings[POWER]
    assert campus.clock() - shown.time <= 2 * QUARTER
    if has_restarted:
        await campus.restart()
        await campus.read_inventory()
    campus.clock.forward(hours=70)
    await campus.poll()
    await campus.poll()
    reading = (await campus.backend.latest([campus.point(late)])).readings[late]
    assert reading.value is True
    assert reading.details == {"series": campus.simulator.world.series[16].name}


async def test_clean_values_that_come_later_replace_raw_ones(connect: Connect) -> None:
    """They are better founded, so the daily comparison finds their days."""
    campus = await connect(years=0.06)
    since = NOW.replace(minute=0) - 9 * DAY
    gap = Gap(since, FAR_AHEAD, frozenset({1}), CLEAN)
    campus.simulator.gaps.append(gap)
    await campus.read_inventory()
    await campus.poll(AMOUNT)
    point = campus.point(AMOUNT)
    first = await campus.backend.compare_history([point], NOW - 20 * DAY, {})
    assert first is not None
    hour = since + 30 * HOUR
    clean_up(campus, 1, hour, 5.0)
    campus.simulator.gaps.remove(gap)
    again = await campus.backend.compare_history([point], NOW - 20 * DAY, first.seen)
    assert again is not None
    assert again.since[AMOUNT] == since.replace(hour=0)
    readings = (await campus.history([AMOUNT], again.since[AMOUNT]))[AMOUNT]
    assert next(each.value for each in readings if each.time == hour) == 20.0


async def test_a_state_that_cannot_be_read_fails_only_its_series(
    connect: Connect,
) -> None:
    """A history with gaps would be taken for a whole one."""
    campus = await mixed(connect, 1)
    points = [campus.point(AMOUNT), campus.point("timeseries_48")]
    assert await campus.backend.history_start(points) is not None
    campus.simulator.faults.add(Fault(RefuseState("2"), DATA))
    async for chunk in campus.backend.history(points, NOW - DAY, NOW):
        assert chunk.failed.keys() == {AMOUNT}
        assert chunk.readings.keys() == {"timeseries_48"}
    latest = await campus.poll(AMOUNT, "timeseries_48")
    assert latest.readings.keys() >= {"timeseries_48"}


async def test_a_series_with_one_state_is_not_read_in_the_other(
    campus: Campus,
) -> None:
    """Once it is known that it has no values there."""
    keys = ["timeseries_48"]
    await campus.poll(*keys)
    await campus.history(keys, NOW - 2 * DAY)
    campus.simulator.faults.clear_requests()
    campus.clock.forward(minutes=5)
    await campus.poll(*keys)
    await campus.history(keys, NOW - 2 * DAY)
    states = {r.query["data_state"] for r in campus.simulator.faults.requests}
    assert states == {"1"}
