"""When a reading is no longer true."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.live.snapshot import Freshness
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Reading

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMIT = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


def point(key: str = "power", stale_after: timedelta | None = LIMIT) -> Point:
    return Point(
        key=key,
        device_key="meter",
        quantity=Quantity.POWER,
        kind=Kind.INSTANT,
        stale_after=stale_after,
    )


def reading(time: datetime, confirmed: datetime | None = None) -> Reading:
    return Reading(time=time, value=1.0, confirmed=confirmed)


@pytest.mark.parametrize(
    ("age", "stale"),
    [
        (timedelta(0), False),
        (LIMIT, False),
        (LIMIT + SECOND, True),
        (timedelta(days=365), True),
    ],
)
def test_first_reading_is_as_old_as_it_says(age: timedelta, stale: bool) -> None:
    assert Freshness().is_stale(point(), reading(NOW - age), NOW) is stale


@pytest.mark.parametrize(
    ("waited", "stale"),
    [(timedelta(0), False), (LIMIT, False), (LIMIT + SECOND, True)],
)
def test_a_reading_that_is_not_followed_by_another_grows_old(
    waited: timedelta, stale: bool
) -> None:
    freshness = Freshness()
    freshness.is_stale(point(), reading(NOW), NOW)
    assert freshness.is_stale(point(), reading(NOW), NOW + waited) is stale


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=3650)])
def test_without_a_limit_nothing_is_stale(age: timedelta) -> None:
    trusted = point(stale_after=None)
    assert Freshness().is_stale(trusted, reading(NOW - age), NOW) is False


def test_a_newer_reading_is_fresh_again() -> None:
    freshness = Freshness()
    assert freshness.is_stale(point(), reading(NOW - 2 * LIMIT), NOW)
    assert not freshness.is_stale(point(), reading(NOW), NOW)


def test_the_same_reading_again_does_not_help() -> None:
    freshness = Freshness()
    old = reading(NOW - 2 * LIMIT)
    assert [freshness.is_stale(point(), old, NOW) for _ in range(3)] == [True] * 3


def test_an_older_reading_does_not_help() -> None:
    freshness = Freshness()
    freshness.is_stale(point(), reading(NOW), NOW)
    later = NOW + LIMIT + SECOND
    assert freshness.is_stale(point(), reading(NOW - SECOND), later)


def test_a_repeated_value_that_is_vouched_for_stays_fresh() -> None:
    freshness = Freshness()
    hourly = NOW - timedelta(minutes=50)
    for minute in range(60):
        now = NOW + timedelta(minutes=minute)
        assert not freshness.is_stale(point(), reading(hourly, confirmed=now), now)


@pytest.mark.parametrize("wrong", [-timedelta(days=1), timedelta(days=1)])
def test_a_wrong_clock_does_no_harm_while_readings_come(wrong: timedelta) -> None:
    freshness = Freshness()
    freshness.is_stale(point(), reading(NOW + wrong), NOW)
    for minute in range(1, 60):
        now = NOW + timedelta(minutes=minute)
        assert not freshness.is_stale(point(), reading(now + wrong), now)


@pytest.mark.parametrize("wrong", [-timedelta(days=1), timedelta(days=1)])
def test_silence_is_noticed_in_spite_of_a_wrong_clock(wrong: timedelta) -> None:
    freshness = Freshness()
    freshness.is_stale(point(), reading(NOW + wrong - SECOND), NOW - SECOND)
    last = reading(NOW + wrong)
    assert not freshness.is_stale(point(), last, NOW)
    assert not freshness.is_stale(point(), last, NOW + LIMIT)
    assert freshness.is_stale(point(), last, NOW + LIMIT + SECOND)


def test_a_first_reading_from_the_future_grows_old_from_now_on() -> None:
    freshness = Freshness()
    future = reading(NOW + timedelta(days=1))
    assert not freshness.is_stale(point(), future, NOW)
    assert freshness.is_stale(point(), future, NOW + LIMIT + SECOND)


def test_points_do_not_share_their_age() -> None:
    freshness = Freshness()
    freshness.is_stale(point("a"), reading(NOW), NOW)
    assert freshness.is_stale(point("b"), reading(NOW - 2 * LIMIT), NOW)
    assert not freshness.is_stale(point("a"), reading(NOW), NOW)


def test_each_point_has_its_own_limit() -> None:
    freshness = Freshness()
    old = reading(NOW - timedelta(minutes=10))
    assert freshness.is_stale(point("a", timedelta(minutes=9)), old, NOW)
    assert not freshness.is_stale(point("b", timedelta(minutes=11)), old, NOW)


@settings(deadline=None)
@given(
    st.timedeltas(-timedelta(days=999), timedelta(days=999)),
    st.lists(st.timedeltas(timedelta(0), LIMIT), min_size=1),
)
def test_no_clock_makes_a_lively_point_stale(
    wrong: timedelta, gaps: list[timedelta]
) -> None:
    freshness = Freshness()
    freshness.is_stale(point(), reading(NOW + wrong - SECOND), NOW - SECOND)
    now = NOW
    for gap in gaps:
        now += gap
        assert not freshness.is_stale(point(), reading(now + wrong), now)
