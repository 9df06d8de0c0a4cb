"""What is known of points while polls and single readings overlap."""

from datetime import UTC, datetime, timedelta

from custom_components.metering_hub.backends.base import Latest
from custom_components.metering_hub.live.snapshot import Answers, Snapshot
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Reading

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


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


def test_answer_of_an_earlier_asking_comes_too_late() -> None:
    answers = Answers()
    first, second = answers.begin(), answers.begin()
    answers.take(second, [A], Latest(readings={"a": reading(2)}))
    answers.take(first, [A, B], Latest(readings={"a": reading(1), "b": reading(1)}))
    known = answers.snapshot([A, B], NOW).readings
    assert {key: known[key].value for key in known} == {"a": 2, "b": 1}


def test_asking_counts_from_when_it_begins() -> None:
    answers = Answers()
    early = answers.begin()
    written = answers.asked
    answers.take(early, [A], Latest(readings={"a": reading(1)}))
    assert not answers.is_later("a", written)
    late = answers.begin()
    assert not answers.is_later("a", written)
    answers.take(late, [A], Latest(readings={"a": reading(1)}))
    assert answers.is_later("a", written)
    assert not answers.is_later("b", written)


def test_missing_reading_replaces_an_old_one() -> None:
    answers = Answers()
    answers.take(answers.begin(), [A], Latest(readings={"a": reading(1)}))
    answers.take(answers.begin(), [A], Latest(readings={}, failed={"a": "HTTP 500"}))
    assert answers.snapshot([A], NOW) == Snapshot({}, frozenset({"a"}))
    assert answers.failures == {"HTTP 500"}
    answers.take(answers.begin(), [A], Latest(readings={"a": reading(3)}))
    assert answers.snapshot([A], NOW) == Snapshot({"a": reading(3)})
    assert answers.failures == frozenset()


def test_only_what_was_asked_for_is_taken_over() -> None:
    answers = Answers()
    latest = Latest(readings={"a": reading(1), "b": reading(1)}, failed={"c": "why"})
    answers.take(answers.begin(), [A], latest)
    assert answers.snapshot([A, B], NOW) == Snapshot({"a": reading(1)})


def test_what_nobody_wants_any_more_is_forgotten() -> None:
    answers = Answers()
    answers.take(
        answers.begin(), [A, B], Latest(readings={"a": reading(1)}, failed={"b": "why"})
    )
    assert answers.snapshot([], NOW) == Snapshot()
    assert answers.snapshot([A, B], NOW) == Snapshot()
    assert answers.failures == frozenset()


def test_stale_reading_is_unavailable() -> None:
    answers = Answers()
    old = point("old", stale_after=timedelta(minutes=5))
    hour_ago = reading(1, timedelta(hours=1))
    answers.take(answers.begin(), [old], Latest(readings={"old": hour_ago}))
    assert answers.snapshot([old], NOW).unavailable == {"old"}
    assert answers.renewed(Snapshot(), [old], NOW).unavailable == {"old"}
    answers.take(answers.begin(), [old], Latest(readings={"old": reading(1)}))
    assert answers.snapshot([old], NOW).unavailable == frozenset()


def says_of(snapshot: Snapshot, key: str) -> tuple[Reading | None, bool]:
    """Return the reading of a point, and whether it cannot be trusted."""
    return snapshot.readings.get(key), key in snapshot.unavailable


def test_renewing_a_few_points_leaves_the_others() -> None:
    answers = Answers()
    shown = Snapshot({"a": reading(1), "b": reading(1)}, frozenset({"a", "x"}))
    answers.take(answers.begin(), [A], Latest(readings={"a": reading(2)}))
    renewed = answers.renewed(shown, [A], NOW)
    assert renewed == Snapshot({"a": reading(2), "b": reading(1)}, frozenset({"x"}))
    assert says_of(shown, "a") == (reading(1), True)
    assert says_of(renewed, "a") == (reading(2), False)
    answers.take(answers.begin(), [A], Latest(readings={}, failed={"a": "HTTP 500"}))
    assert says_of(answers.renewed(renewed, [A], NOW), "a") == (None, True)


def test_what_says_the_same_is_the_same_object() -> None:
    answers = Answers()
    answers.take(answers.begin(), [A], Latest(readings={"a": reading(1)}))
    shown = answers.snapshot([A], NOW)
    answers.take(answers.begin(), [A], Latest(readings={"a": reading(1)}))
    assert answers.snapshot([A], NOW, shown) is shown
    answers.take(answers.begin(), [A], Latest(readings={"a": reading(2)}))
    assert answers.snapshot([A], NOW, shown) is not shown
