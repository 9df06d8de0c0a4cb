"""Which points are due, and when those that failed are tried again."""

from collections.abc import Iterable
from datetime import timedelta

from custom_components.metering_hub.live.schedule import PollGroups, PollSchedule
from custom_components.metering_hub.metering.model import Kind, Point, Quantity

MINUTE = timedelta(minutes=1)
FAST = timedelta(seconds=10)
HOUR = timedelta(hours=1)


def make_point(key: str, interval: timedelta | None = None) -> Point:
    return Point(
        key=key,
        device_key="meter",
        quantity=Quantity.OTHER,
        kind=Kind.INSTANT,
        poll_interval=interval,
    )


POINTS = [
    make_point("power", FAST),
    make_point("today"),
    make_point("price", HOUR),
    make_point("tariff_price", HOUR),
]


class Polls:
    """Polls every ten seconds, of which some points fail."""

    def __init__(self, points: Iterable[Point] = POINTS) -> None:
        self.groups = PollGroups.of(points, MINUTE)
        self.schedule = PollSchedule(MINUTE)
        self.failing: set[str] = set()
        self.now = 0.0

    def poll(self) -> set[str]:
        """Return the keys of the points that are due, and poll them."""
        due = self.schedule.due(self.groups, self.now, early=5)
        assert len({point.key for point in due}) == len(due)
        keys = {point.key for point in due}
        self.schedule.note_result(due, self.failing & keys, self.now)
        self.now += FAST.total_seconds()
        return keys

    def times_of(self, key: str, seconds: float) -> list[float]:
        """Return when a point is polled in the next seconds."""
        end, found = self.now + seconds, []
        while self.now < end:
            now = self.now
            if key in self.poll():
                found.append(now)
        return found


def test_each_group_is_polled_at_its_own_interval() -> None:
    polls = Polls()
    assert polls.poll() == {"power", "today", "price", "tariff_price"}
    assert [polls.poll() for _ in range(5)] == [{"power"}] * 5
    assert polls.poll() == {"power", "today"}


def test_only_what_failed_is_tried_again() -> None:
    polls = Polls()
    polls.failing = {"price"}
    polls.poll()
    polls.failing = set()
    assert [polls.poll() for _ in range(5)] == [{"power"}] * 5
    assert polls.poll() == {"power", "today", "price"}
    assert polls.times_of("price", 3500) == []
    assert polls.times_of("price", 60) == [3600]


def test_what_stays_broken_is_tried_at_each_usual_poll() -> None:
    """The hour of the group does not count, nor how often it failed before."""
    polls = Polls()
    polls.failing = {"price"}
    assert polls.times_of("price", 310) == [0, 60, 120, 180, 240, 300]
    polls.failing = set()
    assert polls.times_of("price", 3000) == [360]
    assert polls.times_of("tariff_price", 600) == [3600]


def test_a_failure_of_a_slow_point_makes_the_next_poll_come_sooner() -> None:
    """A server of which only hourly points are shown is asked again in a minute."""
    polls = Polls(POINTS[2:])
    polls.poll()
    assert polls.schedule.tick(polls.groups) == HOUR
    polls.schedule.note_result(POINTS[2:], {"price"}, polls.now)
    assert polls.schedule.tick(polls.groups) == MINUTE
    polls.schedule.note_result(POINTS[2:], set(), polls.now)
    assert polls.schedule.tick(polls.groups) == HOUR


def test_a_usual_point_is_tried_at_its_usual_interval() -> None:
    polls = Polls()
    polls.failing = {"today", "power"}
    assert polls.times_of("today", 300) == [0, 60, 120, 180, 240]
    assert polls.times_of("power", 30) == [300, 310, 320]


def test_a_reset_makes_all_due_and_forgets_the_waits() -> None:
    polls = Polls()
    polls.failing = {"price"}
    polls.times_of("price", 200)
    polls.schedule.reset()
    assert polls.poll() == {"power", "today", "price", "tariff_price"}
    assert polls.times_of("price", 60) == [260]


def test_a_new_point_is_polled_with_its_group() -> None:
    polls = Polls(POINTS[:3])
    polls.poll()
    polls.groups = PollGroups.of(POINTS, MINUTE)
    assert polls.poll() == {"power", "price", "tariff_price"}


def test_a_failed_point_that_is_gone_is_not_polled() -> None:
    polls = Polls()
    polls.failing = {"price"}
    polls.poll()
    polls.groups = PollGroups.of(POINTS[:2], MINUTE)
    assert polls.times_of("price", 4000) == []


def test_equal_groups_give_the_same_object() -> None:
    """Backends recognize a repeated poll by the identity of its points."""
    polls = Polls(POINTS[:1])
    first = polls.schedule.due(polls.groups, 0, early=5)
    assert polls.schedule.due(polls.groups, 10, early=5) is first
