"""The latest values: where they are found, and how many requests they take."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.errors import ProtocolError
from simulators.bemserver import CLEAN, RAW, BemserverSimulator, Gap
from simulators.bemserver.meters import Minutes
from simulators.bemserver.mixtures import monthly
from simulators.faults import Answer, Fault

from .conftest import NOW, Campus, Connect, connect_and_poll

DAY = timedelta(days=1)


@pytest.mark.parametrize("hours", [0.5, 2, 30, 24 * 8, 24 * 20])
async def test_an_old_value_is_found(connect: Connect, hours: float) -> None:
    """In the last hour, the last day, or by the count by day: up to 31 days back."""
    campus = await connect(years=0.2)
    await campus.read_inventory()
    last = NOW - timedelta(hours=hours)
    campus.simulator.gaps.append(Gap(last, NOW + DAY, frozenset({18})))
    latest = await campus.poll("timeseries_18", "timeseries_16")
    reading = latest.readings["timeseries_18"]
    assert last - timedelta(minutes=15) <= reading.time <= last
    assert reading.value == campus.simulator.position(18, last)
    assert latest.readings["timeseries_16"].time > NOW - timedelta(hours=1)


async def test_a_series_that_wakes_up_is_found(campus: Campus) -> None:
    """Within an hour, although it was silent for a month."""
    series = campus.simulator.world.series[49]
    assert not (await campus.poll("timeseries_49")).readings
    campus.clock.forward(minutes=90)
    at = campus.clock() - timedelta(minutes=20)
    campus.simulator.store.post(series, CLEAN, {at: 5.0})
    latest = await campus.poll("timeseries_49")
    assert latest.readings["timeseries_49"].value == 5.0


async def test_a_series_that_stopped_continues(campus: Campus) -> None:
    """After a day without values, the next one is read at once."""
    gap = Gap(NOW, NOW + DAY, frozenset({18}))
    campus.simulator.gaps.append(gap)
    for _ in range(10):
        campus.clock.forward(hours=2.5)
        latest = await campus.poll("timeseries_18")
    reading = latest.readings["timeseries_18"]
    assert reading.time >= NOW + DAY
    assert reading.value == campus.simulator.position(18, campus.clock())


async def test_a_forecast_shows_the_current_value(campus: Campus) -> None:
    """It extends two days into the future."""
    [reading] = (await campus.poll("timeseries_46")).readings.values()
    assert reading.time <= NOW + timedelta(minutes=15)


async def test_a_corrected_latest_value_is_read(campus: Campus) -> None:
    await campus.poll("timeseries_18")
    series = campus.simulator.world.series[18]
    for state in (RAW, CLEAN):
        campus.simulator.store.correct(series, state, {NOW: 33.3})
    [reading] = (await campus.poll("timeseries_18")).readings.values()
    assert reading.value == 33.3


async def test_a_poll_without_anything_new_is_the_same_object(
    connect: Connect,
) -> None:
    campus = await connect_and_poll(connect, 500)
    first = await campus.poll()
    assert len(first.readings) == 499
    campus.clock.forward(seconds=10)
    assert await campus.poll() is first


async def test_a_corrected_value_of_many_is_read(connect: Connect) -> None:
    """Although all that the poll requests was planned before it."""
    campus = await connect_and_poll(connect, 500)
    first = await campus.poll()
    series = campus.simulator.world.series[18]
    campus.clock.forward(seconds=10)
    for state in (RAW, CLEAN):
        campus.simulator.store.correct(series, state, {NOW: 33.3})
    second = await campus.poll()
    assert second.readings["timeseries_18"].value == 33.3
    assert {**second.readings, "timeseries_18": None} == {
        **first.readings,
        "timeseries_18": None,
    }


async def test_a_batch_that_fails_is_requested_again(connect: Connect) -> None:
    campus = await connect_and_poll(connect, 500)
    first = await campus.poll()
    # Ten requests are sent at once, and each that fails is sent again.
    campus.simulator.faults.add(Fault(Answer(500), path="/timeseries_data/", times=11))
    campus.clock.forward(seconds=10)
    second = await campus.poll()
    assert len(second.failed) == 50
    assert second.readings.keys() == first.readings.keys() - second.failed.keys()
    campus.clock.forward(seconds=10)
    third = await campus.poll()
    assert not third.failed
    assert third.readings == first.readings


async def test_500_series_take_10_requests(connect: Connect) -> None:
    """Whatever their kinds and states: energies, meters, powers, one that is Raw."""
    campus = await connect_and_poll(connect, 500)
    assert len(campus.series()) == 500
    for _ in range(5):
        campus.clock.forward(minutes=1)
        latest = await campus.poll()
        assert campus.count_requests() <= 10
        assert not latest.failed
    assert len(latest.readings) == 499  # One never has any data.


async def test_2000_series_take_40_requests(connect: Connect) -> None:
    campus = await connect_and_poll(connect, 2000)
    campus.clock.forward(minutes=1)
    latest = await campus.poll()
    assert campus.count_requests() <= 40
    assert len(latest.readings) == 1999


async def test_silent_series_are_not_looked_for_at_every_poll(campus: Campus) -> None:
    """A series without data for a month is looked for once an hour."""
    await campus.poll("timeseries_49")
    assert campus.count_requests() >= 2
    for _ in range(5):
        campus.clock.forward(minutes=10)
        await campus.poll("timeseries_49")
    assert campus.count_requests() == 0
    campus.clock.forward(minutes=11)
    await campus.poll("timeseries_49")
    assert campus.count_requests() >= 2


def test_the_simulator_has_more_than_a_week_of_data() -> None:
    """The figures of this file depend on it."""
    start = BemserverSimulator(1, 0.03, clock=lambda: NOW).store.start
    assert NOW - start > timedelta(days=8)


async def test_a_poll_of_all_intervals_is_small(connect: Connect) -> None:
    """A series with a value a month or a day does not make others be read from there.

    Nor do amounts, of which those of the last two hours are kept, and a poll that
    brings nothing new takes 30 kB per fifty series at most.
    """
    campus = await connect(years=0.3, series=150)
    monthly(campus.simulator)
    series = campus.simulator.world.series
    for number in (16, 1042, 1043, 1044):
        series[number].source = Minutes(campus.simulator.world.series[53].source.of, 7)  # type: ignore[union-attr]  # It is a source of minutes.
        series[number].interval = 60
    await campus.read_inventory()
    await campus.poll()
    campus.clock.forward(minutes=1)
    await campus.poll()
    assert campus.backend is not None
    for _ in range(3):
        campus.count_bytes()
        latest = await campus.poll()
        assert campus.count_bytes() <= 30_000 * -(-len(campus.series()) // 50)
        assert not latest.failed
    assert len(latest.readings) == len(campus.series())


@pytest.mark.parametrize("bad", ["null", "{}", '"maybe"', "[1]"])
async def test_a_series_without_a_readable_value_fails(
    campus: Campus, bad: str
) -> None:
    """What it showed is not shown as if it were new, and its neighbor goes on."""
    before = await campus.poll("timeseries_18", "timeseries_16")
    stamp = before.readings["timeseries_18"].time.isoformat()
    body = f'{{"18": {{"{stamp}": {bad}}}, "16": {{"{stamp}": 4.5}}}}'
    campus.simulator.faults.add(
        Fault(Answer(200, body, "application/json"), path="/timeseries_data/", times=1)
    )
    campus.clock.forward(minutes=1)
    latest = await campus.poll("timeseries_18", "timeseries_16")
    assert isinstance(latest.failed["timeseries_18"], ProtocolError)
    assert latest.readings["timeseries_16"].value == 4.5
    campus.clock.forward(minutes=1)
    after = await campus.poll("timeseries_18", "timeseries_16")
    assert after.readings["timeseries_18"].value == campus.simulator.position(
        18, campus.clock()
    )
