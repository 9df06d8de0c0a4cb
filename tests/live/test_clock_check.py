"""Latest readings with impossible times do not reach the entities."""

from datetime import UTC, datetime, timedelta

from custom_components.metering_hub.backends.base import EARLIEST, Latest
from custom_components.metering_hub.live.clock_check import ClockCheck
from custom_components.metering_hub.metering.model import (
    Kind,
    Point,
    Quantity,
    Reading,
    Role,
)

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
AHEAD = NOW + timedelta(hours=2)
UNSET = datetime(2000, 1, 1, tzinfo=UTC)


def make_point(key: str, role: Role | None = None) -> Point:
    """Return a measured point."""
    return Point(
        key=key,
        device_key="meter",
        quantity=Quantity.OTHER,
        kind=Kind.INSTANT,
        role=role,
    )


POINTS = [make_point("a"), make_point("b"), make_point("price", Role.PRICE)]


def latest(**times: datetime) -> Latest:
    """Return the result of a read with readings at some times."""
    return Latest(
        readings={key: Reading(time=t, value=1.0) for key, t in times.items()}
    )


def test_possible_readings_pass_as_they_are() -> None:
    """The same object remains, which is cheap to compare with."""
    check = ClockCheck(EARLIEST)
    found = latest(a=NOW, b=NOW + timedelta(minutes=5))
    assert check.possible(POINTS, found, {}, NOW) is found
    assert check.possible(POINTS, found, {}, NOW) is found
    assert not check.counts


def test_the_known_reading_remains() -> None:
    """Only the impossible reading is replaced, and it is counted once."""
    check = ClockCheck(EARLIEST)
    known = latest(a=NOW - timedelta(seconds=10)).readings
    found = latest(a=AHEAD, b=NOW)
    for _ in range(3):
        possible = check.possible(POINTS, found, known, NOW)
        assert possible.readings == {**known, "b": found.readings["b"]}
    check.possible(POINTS, latest(a=UNSET), known, NOW)
    assert check.counts == {"a": 2}


def test_nothing_is_shown_without_a_known_reading() -> None:
    """A reading that was never possible has no value."""
    check = ClockCheck(EARLIEST)
    assert check.possible(POINTS, latest(a=UNSET), {}, NOW).readings == {}


def test_a_price_may_be_old() -> None:
    """A contract may have begun before the platform."""
    check = ClockCheck(EARLIEST)
    found = latest(price=UNSET)
    assert check.possible(POINTS, found, {}, NOW).readings == found.readings
    assert not check.counts


def test_its_time_comes() -> None:
    """Two hours later, the reading is possible."""
    check = ClockCheck(EARLIEST)
    found = latest(a=AHEAD)
    assert check.possible(POINTS, found, {}, NOW).readings == {}
    assert check.possible(POINTS, found, {}, AHEAD) is found
