"""Counting rejected readings over imports that read the latest hours again."""

from datetime import UTC, datetime

import pytest

from custom_components.metering_hub.history import rejected as module
from custom_components.metering_hub.history.maths.rows import NEVER
from custom_components.metering_hub.history.rejected import Rejections, rules_of
from custom_components.metering_hub.metering.model import Kind, Point, Quantity
from custom_components.metering_hub.metering.register_rules import Rejected, Rule

from .maths.readings import minute


def false_zero(minutes: float, rule: Rule = Rule.EXCURSION) -> Rejected:
    """Return a rejected reading so many minutes after the start."""
    return Rejected(minute(minutes).timestamp(), 0.0, rule)


def point(kind: Kind) -> Point:
    return Point(
        key="gas", device_key="meter", quantity=Quantity.GAS, kind=kind, unit="m³"
    )


def test_nothing_was_rejected() -> None:
    report = Rejections().report()
    assert report.count == 0
    assert report.newest is None


def test_a_reading_that_is_read_again_counts_once() -> None:
    """Each top-up reads the window again and rejects the same readings."""
    rejections = Rejections()
    for since in (None, minute(60), minute(60)):
        found = rejections.start("gas", since)
        if since is None:
            found.add([false_zero(5)], minute(30).timestamp())
        found.add([false_zero(65), false_zero(70)], minute(130).timestamp())
        found.add([])
        assert rejections.report().by_rule == {Rule.EXCURSION: 3}


def test_readings_before_the_start_are_counted_already() -> None:
    """They are read for what they tell about later ones."""
    rejections = Rejections()
    rejections.start("gas", None).add([false_zero(5), false_zero(6)])
    rejections.start("gas", minute(60)).add([false_zero(5), false_zero(65)])
    assert rejections.report().count == 3


def test_a_reading_that_is_believed_in_the_end_does_not_count() -> None:
    """A held reading turns out to be a new register, or noise."""
    rejections = Rejections()
    rejections.start("gas", None).add(
        [false_zero(5, Rule.UNDECIDED), false_zero(65, Rule.UNDECIDED)]
    )
    assert rejections.report().by_rule == {Rule.UNDECIDED: 2}
    rejections.start("gas", None).add([false_zero(5)])
    assert rejections.report().by_rule == {Rule.EXCURSION: 1}
    newest = rejections.report().newest
    assert newest is not None
    assert newest.time == minute(5)


def test_a_broken_off_import_forgets_nothing() -> None:
    """Hours that it did not reach still count as the import before found them."""
    rejections = Rejections()
    rejections.start("gas", None).add([false_zero(5), false_zero(125)])
    broken = rejections.start("gas", None)
    broken.add([false_zero(5), false_zero(6)], minute(70).timestamp())
    assert rejections.report().count == 3
    rejections.start("gas", None).add([false_zero(5), false_zero(6)])
    assert rejections.report().count == 2


def test_newest_of_all_points() -> None:
    """It is named by its point, time, value and rule."""
    rejections = Rejections()
    rejections.start("water", None).add([false_zero(125, Rule.CAPACITY)])
    rejections.start("gas", None).add([false_zero(5), false_zero(7), false_zero(6)])
    newest = rejections.report().newest
    assert newest is not None
    assert (newest.point, newest.time, newest.value, newest.rule) == (
        "water",
        minute(125),
        0.0,
        Rule.CAPACITY,
    )
    rejections.start("water", None).add([])
    newest = rejections.report().newest
    assert newest is not None
    assert newest.time == minute(7)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old hours are added up, and still count once."""
    monkeypatch.setattr(module, "MAX_HOURS", 3)
    rejections = Rejections()
    many = [false_zero(60 * hour) for hour in range(10)]
    rejections.start("gas", None).add(many)
    assert rejections.report().count == 10
    rejections.start("gas", minute(480)).add(many)
    assert rejections.report().count == 10
    rejections.start("gas", None).add(many)
    assert rejections.report().count == 10


def test_rules_that_are_checked() -> None:
    """The rules depend on the kind of the point, and on the trust of the user."""
    times = {Rule.FUTURE, Rule.TOO_OLD}
    assert {*rules_of(point(Kind.INSTANT), is_trusted=False)} == times
    interval = rules_of(point(Kind.INTERVAL), is_trusted=False)
    assert {*interval} == {Rule.NEGATIVE, *times}
    all_rules = rules_of(point(Kind.REGISTER), is_trusted=False)
    assert {Rule.CAPACITY, Rule.EXCURSION, Rule.UNUSUAL, *times} <= {*all_rules}
    assert Rule.NEGATIVE not in all_rules
    trusting = rules_of(point(Kind.REGISTER), is_trusted=True)
    assert {Rule.NEW_REGISTER, *times} <= {*trusting}
    assert not {Rule.CAPACITY, Rule.EXCURSION, Rule.UNUSUAL} & {*trusting}


def test_times_are_in_utc() -> None:
    """They are shown to the user, who may be anywhere."""
    rejections = Rejections()
    rejections.start("gas", None).add([Rejected(0.0, 1.0, Rule.TOO_OLD)])
    newest = rejections.report().newest
    assert newest is not None
    assert newest.time == datetime(1970, 1, 1, tzinfo=UTC)


def test_readings_that_were_rejected_for_good() -> None:
    """A held reading is none of them, even if it is the newest one."""
    found = Rejections().start("gas", None)
    assert found.decided_since(NEVER) == (0, None)
    found.add([false_zero(5), false_zero(6), false_zero(65)])
    found.add([false_zero(70, Rule.UNDECIDED), false_zero(130, Rule.UNUSUAL)])
    assert found.decided_since(NEVER) == (3, false_zero(65))
    assert found.decided_since(minute(60).timestamp()) == (1, false_zero(65))
    assert found.decided_since(minute(120).timestamp()) == (0, None)
