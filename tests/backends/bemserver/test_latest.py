"""The newest values: where they are looked for, and what hides them."""

import asyncio
from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.bemserver.auth import token_expiry
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    PermissionDeniedError,
    UnreachableError,
)
from simulators.bemserver import CLEAN, RAW, Gap
from simulators.faults import Answer, Fault, html_error

from .conftest import NOW, Campus, Connect

DAY = timedelta(days=1)


@pytest.mark.parametrize("hours", [0.5, 2, 30, 24 * 8, 24 * 20])
async def test_a_value_of_long_ago_is_found(connect: Connect, hours: float) -> None:
    """In the last hour, day, or as the count by day says: up to 31 days back."""
    campus = await connect(years=0.2)
    await campus.look()
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
    assert not (await campus.poll("timeseries_49_amount")).readings
    campus.clock.forward(minutes=90)
    at = campus.clock() - timedelta(minutes=20)
    campus.simulator.store.post(series, CLEAN, {at: 5.0})
    latest = await campus.poll("timeseries_49_amount")
    assert latest.readings["timeseries_49_amount"].value == 5.0


async def test_a_series_that_stopped_goes_on(campus: Campus) -> None:
    """After a day without values, the next one is seen at once."""
    gap = Gap(NOW, NOW + DAY, frozenset({18}))
    campus.simulator.gaps.append(gap)
    for _ in range(10):
        campus.clock.forward(hours=2.5)
        latest = await campus.poll("timeseries_18")
    reading = latest.readings["timeseries_18"]
    assert reading.time >= NOW + DAY
    assert reading.value == campus.simulator.position(18, campus.clock())


async def test_a_forecast_is_not_of_the_future(campus: Campus) -> None:
    """It reaches two days ahead; what it says of now is shown."""
    [reading] = (await campus.poll("timeseries_46")).readings.values()
    assert reading.time <= NOW + timedelta(minutes=15)


async def test_one_of_fifty_is_unknown(campus: Campus) -> None:
    """The server names it; the rest is asked for again without it, and only once."""
    for number in (16, 18):
        campus.simulator.world.delete_series(number)
    latest = await campus.poll()
    assert set(latest.failed) == {"timeseries_16", "timeseries_18"}
    assert len(latest.readings) == len(campus.series()) - 3
    await campus.poll()
    asked = campus.asked()
    await campus.poll()
    assert campus.asked() <= asked
    campus.clock.forward(hours=1)
    assert "timeseries_16" not in (await campus.look()).points


async def test_one_of_fifty_is_forbidden(campus: Campus) -> None:
    """The server does not name it; the catalogue is read again, and says."""
    hidden = next(
        s for s in campus.simulator.world.scopes.values() if s.name == "Private"
    )
    campus.simulator.world.series[16].scope_id = hidden.id
    campus.asked()
    latest = await campus.poll()
    assert set(latest.failed) == {"timeseries_16"}
    assert campus.asked("/timeseries/") <= 4
    await campus.poll()
    assert campus.asked("/timeseries/") == 0


async def test_everything_is_forbidden(campus: Campus) -> None:
    """A deactivated user: the whole poll fails, and no password would help."""
    campus.simulator.reader.is_active = False
    with pytest.raises(PermissionDeniedError):
        await campus.poll()
    campus.clock.forward(minutes=20)
    with pytest.raises(PermissionDeniedError):
        await campus.poll()


async def test_a_part_that_fails_costs_its_points_only(connect: Connect) -> None:
    """One of two requests, one endpoint of several."""
    campus = await connect()
    await campus.look()
    campus.simulator.faults.add(Fault(html_error(500), "degree_days"))
    latest = await campus.backend.latest(list(campus.inventory.points.values()))
    assert set(latest.failed) == {
        f"site_1_{what}_degree_days_{when}"
        for what in ("heating", "cooling")
        for when in ("yesterday", "month")
    }


async def test_a_site_without_temperature_has_no_degree_days(campus: Campus) -> None:
    """The server says 409 once the link has gone: no reading, and no failure."""
    point = campus.point("site_1_heating_degree_days_month")
    campus.simulator.world.weather.clear()
    latest = await campus.backend.latest([point])
    assert not latest.readings
    assert not latest.failed
    campus.clock.forward(hours=1)
    assert point.key not in (await campus.look()).points


async def test_completeness_shows_what_is_missing(campus: Campus) -> None:
    """A quarter of yesterday missing from one of two series is an eighth."""
    world = campus.simulator.world
    point = campus.point("site_2_completeness")
    start = NOW.replace(day=19, hour=23, minute=0)
    gap = Gap(start, start + timedelta(hours=6), frozenset({62}))
    campus.simulator.gaps.append(gap)
    await campus.poll()
    latest = await campus.backend.latest([point])
    here = [p for p in campus.series() if p.device_key in ("site_2", "building_4")]
    assert len(here) == 3
    assert world.series[62].interval == 3600
    value = latest.readings["site_2_completeness"].value
    assert value == pytest.approx(100 * (3 - 0.25) / 3)


async def test_twenty_polls_share_one_login(campus: Campus) -> None:
    """However many requests meet a void token, one of them renews it."""
    logins = campus.simulator.counters.logins
    campus.simulator.secret_key = "another-secret-key-of-32-bytes-!"
    await asyncio.gather(*(campus.poll() for _ in range(20)))
    assert campus.simulator.counters.logins == logins + 1


async def test_a_wrong_clock_does_not_refresh_all_the_time(connect: Connect) -> None:
    """A server an hour behind: its tokens seem to have run out when they come."""
    campus = await connect()
    campus.simulator.clock = lambda: campus.clock() - timedelta(hours=1)
    await campus.backend.connect()
    await campus.look()
    before = campus.simulator.counters.refreshes
    await campus.poll()
    await campus.poll()
    assert campus.simulator.counters.refreshes == before


async def test_login_without_a_token(connect: Connect) -> None:
    """Something that says yes and gives nothing is no BEMServer."""
    campus = await connect()
    body = '{"status":"success"}'
    campus.simulator.faults.add(
        Fault(Answer(200, body, "application/json"), "/auth/token")
    )
    with pytest.raises(Exception, match="no token"):
        await campus.backend.connect()


async def test_a_password_that_was_changed(campus: Campus) -> None:
    """Tokens go on working; with a void one, the password is asked for."""
    campus.simulator.reader.password = "changed"
    await campus.poll()
    campus.simulator.secret_key = "another-secret-key-of-32-bytes-!"
    with pytest.raises(AuthenticationError):
        await campus.poll()


async def test_a_database_that_is_down(campus: Campus) -> None:
    """All fails with 500, and so does logging in."""
    campus.simulator.database_down = True
    with pytest.raises(UnreachableError):
        await campus.poll()
    campus.clock.forward(days=90)
    with pytest.raises(UnreachableError):
        await campus.poll()


async def test_a_corrected_newest_value_is_shown(campus: Campus) -> None:
    await campus.poll("timeseries_18")
    series = campus.simulator.world.series[18]
    for state in (RAW, CLEAN):
        campus.simulator.store.correct(series, state, {NOW: 33.3})
    [reading] = (await campus.poll("timeseries_18")).readings.values()
    assert reading.value == 33.3


async def test_a_corrected_amount_of_today_counts(campus: Campus) -> None:
    """What the answers repeat is not read again; what they say otherwise is."""
    key, at = "timeseries_10_amount", NOW - timedelta(minutes=15)
    series = campus.simulator.world.series[10]
    first = (await campus.poll(key)).readings[key]
    assert (await campus.poll(key)).readings[key] is first
    sums: list[float] = []
    for amount in (100.0, 105.0):
        for state in (RAW, CLEAN):
            campus.simulator.store.correct(series, state, {at: amount})
        sums.append((await campus.poll(key)).readings[key].value)
    assert first.value < sums[0]
    assert sums[1] - sums[0] == pytest.approx(5.0)


@pytest.mark.parametrize(
    "token", ["", "abc", "a.b.c", "a.e30.c", "a.eyJleHAiOiJ4In0.c", "a.W10.c", "a.ÿ.c"]
)
def test_a_token_without_expiry(token: str) -> None:
    assert token_expiry(token) is None
