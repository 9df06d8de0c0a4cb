"""The running quarter of an hour against a simulated house."""

from datetime import datetime, timedelta

import pytest

from simulators.faults import Fault, html_error
from simulators.house import Channel, House, MeterExchange

from .conftest import NOW, START, Connect, Connected, simulated, utc

AVERAGE, PROJECTION = KEYS = ("quarter_hour_average", "quarter_hour_projection")
READINGS = "datalogger/dsmrreading"
QUARTER = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
SECONDS = timedelta(seconds=10)


def delivered(connected: Connected, moment: datetime) -> float:
    """Return the kWh that the house has taken from the grid."""
    keys = ("electricity_delivered_1", "electricity_delivered_2")
    return sum(connected.true(key, moment) for key in keys)


async def read(connected: Connected, moment: datetime) -> dict[str, float]:
    """Return the values at a moment."""
    connected.simulator.clock = lambda: moment
    points = (await connected.backend.inventory()).points
    latest = await connected.backend.latest([points[key] for key in KEYS])
    assert not latest.failed
    return {key: float(reading.value) for key, reading in latest.readings.items()}


async def test_every_moment_of_two_quarters(connect: Connect) -> None:
    begin = utc(2026, 11, 21, 6, 30)
    connected = await connect(simulated(now=begin - MINUTE, interval=10))
    for step in range(1, 180):
        moment = begin + step * SECONDS
        quarter = begin + QUARTER * ((moment - begin) // QUARTER)
        found = await read(connected, moment)
        elapsed = moment - quarter
        if not elapsed:
            assert found == {}
            continue
        used = delivered(connected, moment) - delivered(connected, quarter)
        hours = elapsed / timedelta(hours=1)
        assert found[AVERAGE] == pytest.approx(used / hours, abs=0.002)
        minute = delivered(connected, moment) - delivered(connected, moment - MINUTE)
        projection = (used + minute * ((QUARTER - elapsed) / MINUTE)) * 4
        if step > 6:
            assert found[PROJECTION] == pytest.approx(projection, abs=0.002)
    # Shortly before its end, the projection is the quarter's mean.
    mean = 4 * (
        delivered(connected, begin + 2 * QUARTER)
        - delivered(connected, begin + QUARTER)
    )
    assert found[PROJECTION] == pytest.approx(mean, abs=0.1)


async def test_start_in_the_middle_of_a_quarter(connect: Connect) -> None:
    """The telegrams around the start of the quarter are fetched, once."""
    moment = utc(2026, 11, 21, 6, 39, 20)
    connected = await connect(simulated(now=moment, interval=10))
    found = await read(connected, moment)
    begin = utc(2026, 11, 21, 6, 30)
    used = delivered(connected, moment) - delivered(connected, begin)
    assert found[AVERAGE] == pytest.approx(used * 3600 / 560, abs=0.002)
    assert connected.take_request_count(READINGS) <= 4
    points = (await connected.backend.inventory()).points
    connected.take_request_count()
    await connected.backend.latest([points[key] for key in KEYS])
    assert connected.take_request_count(READINGS) == 1


async def test_power_of_the_moment_without_a_minute_before(connect: Connect) -> None:
    moment = utc(2026, 11, 21, 6, 39, 20)
    connected = await connect(simulated(now=moment, interval=10))
    found = await read(connected, moment)
    begin = utc(2026, 11, 21, 6, 30)
    used = delivered(connected, moment) - delivered(connected, begin)
    power = connected.simulator.house.power(moment).delivered / 1000
    assert found[PROJECTION] == pytest.approx(4 * used + power * 340 / 900, abs=0.002)


async def test_unknown_start_of_the_quarter(connect: Connect) -> None:
    """A quarter in which the datalogger began has no mean; the next one has."""
    since = utc(2026, 11, 21, 6, 33)
    simulator = simulated(now=since + MINUTE, interval=10, readings_since=since)
    connected = await connect(simulator)
    assert await read(connected, since + 5 * MINUTE) == {}
    assert [*await read(connected, since + 14 * MINUTE)] == [*KEYS]


async def test_a_new_meter_spoils_its_quarter_only(connect: Connect) -> None:
    moment = utc(2026, 11, 21, 6, 36)
    exchange = MeterExchange(moment, dict.fromkeys(list(Channel)[:4], 900_000_000))
    house = House(7, START, exchange=exchange)
    connected = await connect(simulated(house, now=moment - MINUTE, interval=10))
    assert [*await read(connected, moment - MINUTE)] == [*KEYS]
    assert await read(connected, moment + 2 * MINUTE) == {}
    assert await read(connected, moment + 3 * MINUTE) == {}
    assert [*await read(connected, moment + 10 * MINUTE)] == [*KEYS]


async def test_a_failure_costs_no_other_reading(connect: Connect) -> None:
    connected = await connect(simulated(interval=10))
    points = (await connected.backend.inventory()).points
    wanted = [points[key] for key in (*KEYS, "electricity_power")]
    connected.simulator.faults.add(Fault(html_error(404), path=READINGS, skip=1))
    latest = await connected.backend.latest(wanted)
    assert [*latest.readings] == ["electricity_power"]
    assert latest.failed.keys() == {*KEYS}
    connected.simulator.faults.clear()
    latest = await connected.backend.latest(wanted)
    assert latest.readings.keys() == {*KEYS, "electricity_power"}
    assert NOW - latest.readings[AVERAGE].time < MINUTE
