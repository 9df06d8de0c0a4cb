"""Data are late when they come later than usual, and once."""

from datetime import UTC, datetime, timedelta

from custom_components.metering_hub.history.news.lateness import Lateness, late_after

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMIT = late_after(timedelta(minutes=15))


def late_at(known: Lateness, at: int, latest: int) -> Lateness:
    """Return what is known at an hour, with data up to another one."""
    return known.seen(NOW + latest * HOUR, NOW + at * HOUR, LIMIT)


def test_the_limit_follows_the_interval() -> None:
    assert late_after(timedelta(minutes=5)) == 6 * HOUR
    assert late_after(timedelta(hours=4)) == 12 * HOUR


def test_data_become_late_and_recover() -> None:
    known = late_at(Lateness(), 0, 0)
    assert known.is_late is False
    known = late_at(known, 6, 0)
    assert known.is_late is False
    known = late_at(known, 7, 0)
    assert known.is_late is True
    assert late_at(known, 8, 8).is_late is False


def test_data_that_never_were_on_time_are_not_late() -> None:
    """A meter that was taken out years ago still has a statistic."""
    known = late_at(Lateness(), 100, 0)
    assert known.is_late is None
    assert late_at(known, 200, 0).is_late is None
    assert late_at(known, 200, 199).is_late is False


def test_data_that_come_once_a_day_are_late_until_that_is_usual() -> None:
    known = Lateness()
    late_days = []
    for hour in range(24 * 6):
        before = known
        known = late_at(known, hour, hour // 24 * 24)
        if known.is_late and not before.is_late:
            late_days.append(hour // 24)
    assert late_days == [0, 1, 2]
    assert late_at(known, 24 * 5 + 37, 24 * 5).is_late is True


def test_what_is_stored_is_restored() -> None:
    known = late_at(late_at(late_at(Lateness(), 0, 0), 7, 0), 8, 8)
    restored = Lateness.parse(known.as_json())
    assert restored == Lateness(is_late=False, delays=(8 * 3600.0,))
    assert Lateness.parse({"late": "yes", "delays": ["1"]}) == Lateness()
    assert Lateness.parse(None) == Lateness()
