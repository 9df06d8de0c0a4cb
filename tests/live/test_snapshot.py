"""The latest readings of all points, and when they become stale."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.backends.base import Latest
from custom_components.metering_hub.backends.errors import ServerFaultError
from custom_components.metering_hub.live.snapshot import (
    Freshness,
    LatestReadings,
    Snapshot,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Reading

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMIT = timedelta(minutes=5)
FAULT = ServerFaultError("HTTP 500")
SECOND = timedelta(seconds=1)


def point(key: str, stale_after: timedelta | None = None) -> Point:
    return Point(
        key=key,
        device_key="device",
        quantity=Quantity.POWER,
        kind=Kind.INSTANT,
        stale_after=stale_after,
    )


def reading(value: float, age: timedelta = timedelta()) -> Reading:
    return Reading(time=NOW - age, value=value)


A, B = point("a"), point("b")


def test_result_of_an_earlier_read_does_not_replace_a_later_one() -> None:
    latest = LatestReadings()
    first, second = latest.start_read(), latest.start_read()
    latest.merge(second, [A], Latest(readings={"a": reading(2)}))
    latest.merge(first, [A, B], Latest(readings={"a": reading(1), "b": reading(1)}))
    known = latest.snapshot([A, B], NOW).readings
    assert {key: known[key].value for key in known} == {"a": 2, "b": 1}


def test_reads_are_ordered_by_their_start() -> None:
    latest = LatestReadings()
    early = latest.start_read()
    written = latest.read_count
    latest.merge(early, [A], Latest(readings={"a": reading(1)}))
    assert not latest.is_read_after("a", written)
    late = latest.start_read()
    assert not latest.is_read_after("a", written)
    latest.merge(late, [A], Latest(readings={"a": reading(1)}))
    assert latest.is_read_after("a", written)
    assert not latest.is_read_after("b", written)


def test_missing_reading_replaces_an_old_one() -> None:
    latest = LatestReadings()
    latest.merge(latest.start_read(), [A], Latest(readings={"a": reading(1)}))
    latest.merge(
        latest.start_read(),
        [A],
        Latest(readings={}, failed={"a": FAULT}),
    )
    assert latest.snapshot([A], NOW) == Snapshot({}, frozenset({"a"}))
    assert latest.failures == {"HTTP 500"}
    latest.merge(latest.start_read(), [A], Latest(readings={"a": reading(3)}))
    assert latest.snapshot([A], NOW) == Snapshot({"a": reading(3)})
    assert latest.failures == frozenset()


def test_only_requested_points_are_merged() -> None:
    latest = LatestReadings()
    result = Latest(
        readings={"a": reading(1), "b": reading(1)},
        failed={"c": FAULT},
    )
    latest.merge(latest.start_read(), [A], result)
    assert latest.snapshot([A, B], NOW) == Snapshot({"a": reading(1)})


def test_points_outside_the_snapshot_are_forgotten() -> None:
    latest = LatestReadings()
    latest.merge(
        latest.start_read(),
        [A, B],
        Latest(readings={"a": reading(1)}, failed={"b": FAULT}),
    )
    assert latest.snapshot([], NOW) == Snapshot()
    assert latest.snapshot([A, B], NOW) == Snapshot()
    assert latest.failures == frozenset()


def test_stale_reading_is_unavailable() -> None:
    latest = LatestReadings()
    old = point("old", stale_after=timedelta(minutes=5))
    hour_ago = reading(1, timedelta(hours=1))
    latest.merge(latest.start_read(), [old], Latest(readings={"old": hour_ago}))
    assert latest.snapshot([old], NOW).unavailable == {"old"}
    assert latest.update_snapshot(Snapshot(), [old], NOW).unavailable == {"old"}
    latest.merge(latest.start_read(), [old], Latest(readings={"old": reading(1)}))
    assert latest.snapshot([old], NOW).unavailable == frozenset()


def shown_for(snapshot: Snapshot, key: str) -> tuple[Reading | None, bool]:
    """Return the reading of a point, and whether the point is unavailable."""
    return snapshot.readings.get(key), key in snapshot.unavailable


def test_repeated_result_of_a_later_read_still_counts() -> None:
    latest = LatestReadings()
    points, result = [A], Latest(readings={"a": reading(1)})
    latest.merge(latest.start_read(), points, result)
    late, repeated = latest.start_read(), latest.start_read()
    latest.merge(repeated, points, result)
    latest.merge(late, points, Latest(readings={"a": reading(2)}))
    assert latest.is_read_after("a", late)
    assert latest.snapshot(points, NOW).readings == {"a": reading(1)}


def test_repeated_result_replaces_another_one_in_between() -> None:
    latest = LatestReadings()
    points, result = [A], Latest(readings={"a": reading(1)})
    latest.merge(latest.start_read(), points, result)
    latest.merge(latest.start_read(), [A], Latest(readings={"a": reading(2)}))
    latest.merge(latest.start_read(), points, result)
    assert latest.snapshot(points, NOW).readings == {"a": reading(1)}


def test_updating_a_few_points_keeps_the_others() -> None:
    latest = LatestReadings()
    shown = Snapshot({"a": reading(1), "b": reading(1)}, frozenset({"a", "x"}))
    latest.merge(latest.start_read(), [A], Latest(readings={"a": reading(2)}))
    renewed = latest.update_snapshot(shown, [A], NOW)
    assert renewed == Snapshot({"a": reading(2), "b": reading(1)}, frozenset({"x"}))
    assert shown_for(shown, "a") == (reading(1), True)
    assert shown_for(renewed, "a") == (reading(2), False)
    latest.merge(
        latest.start_read(),
        [A],
        Latest(readings={}, failed={"a": FAULT}),
    )
    assert shown_for(latest.update_snapshot(renewed, [A], NOW), "a") == (None, True)


def test_equal_snapshot_is_the_same_object() -> None:
    latest = LatestReadings()
    latest.merge(latest.start_read(), [A], Latest(readings={"a": reading(1)}))
    shown = latest.snapshot([A], NOW)
    latest.merge(latest.start_read(), [A], Latest(readings={"a": reading(1)}))
    assert latest.snapshot([A], NOW, shown) is shown
    latest.merge(latest.start_read(), [A], Latest(readings={"a": reading(2)}))
    assert latest.snapshot([A], NOW, shown) is not shown


def expiring(key: str = "power", stale_after: timedelta | None = LIMIT) -> Point:
    """Return a point whose readings become stale."""
    return point(key, stale_after)


def measured(time: datetime, confirmed: datetime | None = None) -> Reading:
    """Return a reading of a moment."""
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
def test_first_reading_is_as_old_as_its_time(age: timedelta, stale: bool) -> None:
    assert Freshness().is_stale(expiring(), measured(NOW - age), NOW) is stale


@pytest.mark.parametrize(
    ("waited", "stale"),
    [(timedelta(0), False), (LIMIT, False), (LIMIT + SECOND, True)],
)
def test_a_reading_without_a_successor_becomes_stale(
    waited: timedelta, stale: bool
) -> None:
    freshness = Freshness()
    freshness.is_stale(expiring(), measured(NOW), NOW)
    assert freshness.is_stale(expiring(), measured(NOW), NOW + waited) is stale


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=3650)])
def test_without_a_limit_nothing_is_stale(age: timedelta) -> None:
    trusted = expiring(stale_after=None)
    assert Freshness().is_stale(trusted, measured(NOW - age), NOW) is False


def test_a_newer_reading_is_fresh_again() -> None:
    freshness = Freshness()
    assert freshness.is_stale(expiring(), measured(NOW - 2 * LIMIT), NOW)
    assert not freshness.is_stale(expiring(), measured(NOW), NOW)


def test_a_repeated_reading_stays_stale() -> None:
    freshness = Freshness()
    old = measured(NOW - 2 * LIMIT)
    assert [freshness.is_stale(expiring(), old, NOW) for _ in range(3)] == [True] * 3


def test_an_older_reading_does_not_refresh_a_point() -> None:
    freshness = Freshness()
    freshness.is_stale(expiring(), measured(NOW), NOW)
    later = NOW + LIMIT + SECOND
    assert freshness.is_stale(expiring(), measured(NOW - SECOND), later)


def test_a_confirmed_value_stays_fresh() -> None:
    freshness = Freshness()
    hourly = NOW - timedelta(minutes=50)
    for minute in range(60):
        now = NOW + timedelta(minutes=minute)
        assert not freshness.is_stale(expiring(), measured(hourly, confirmed=now), now)


@pytest.mark.parametrize("wrong", [-timedelta(days=1), timedelta(days=1)])
def test_a_wrong_clock_does_no_harm_while_readings_arrive(wrong: timedelta) -> None:
    freshness = Freshness()
    freshness.is_stale(expiring(), measured(NOW + wrong), NOW)
    for minute in range(1, 60):
        now = NOW + timedelta(minutes=minute)
        assert not freshness.is_stale(expiring(), measured(now + wrong), now)


@pytest.mark.parametrize("wrong", [-timedelta(days=1), timedelta(days=1)])
def test_missing_readings_are_noticed_despite_a_wrong_clock(wrong: timedelta) -> None:
    freshness = Freshness()
    freshness.is_stale(expiring(), measured(NOW + wrong - SECOND), NOW - SECOND)
    last = measured(NOW + wrong)
    assert not freshness.is_stale(expiring(), last, NOW)
    assert not freshness.is_stale(expiring(), last, NOW + LIMIT)
    assert freshness.is_stale(expiring(), last, NOW + LIMIT + SECOND)


def test_a_first_reading_from_the_future_ages_from_now_on() -> None:
    freshness = Freshness()
    future = measured(NOW + timedelta(days=1))
    assert not freshness.is_stale(expiring(), future, NOW)
    assert freshness.is_stale(expiring(), future, NOW + LIMIT + SECOND)


def test_points_age_independently() -> None:
    freshness = Freshness()
    freshness.is_stale(expiring("a"), measured(NOW), NOW)
    assert freshness.is_stale(expiring("b"), measured(NOW - 2 * LIMIT), NOW)
    assert not freshness.is_stale(expiring("a"), measured(NOW), NOW)


def test_each_point_has_its_own_limit() -> None:
    freshness = Freshness()
    old = measured(NOW - timedelta(minutes=10))
    assert freshness.is_stale(expiring("a", timedelta(minutes=9)), old, NOW)
    assert not freshness.is_stale(expiring("b", timedelta(minutes=11)), old, NOW)


@settings(deadline=None)
@given(
    st.timedeltas(-timedelta(days=999), timedelta(days=999)),
    st.lists(st.timedeltas(timedelta(0), LIMIT), min_size=1),
)
def test_no_clock_makes_an_active_point_stale(
    wrong: timedelta, gaps: list[timedelta]
) -> None:
    freshness = Freshness()
    freshness.is_stale(expiring(), measured(NOW + wrong - SECOND), NOW - SECOND)
    now = NOW
    for gap in gaps:
        now += gap
        assert not freshness.is_stale(expiring(), measured(now + wrong), now)
