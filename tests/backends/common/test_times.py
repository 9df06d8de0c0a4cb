"""Moments, days and hours are parsed correctly or are `None`, and never raise."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.backends.common.http import Json
from custom_components.metering_hub.backends.common.times import (
    as_day,
    as_moment,
    as_nearest_day,
    as_utc_moment,
    from_epoch,
    local_midnight,
    utc_text,
    whole_hour,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEARLY_MOMENTS = st.from_regex(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[-+][0-9]{2}:[0-9]{2})?",
    fullmatch=True,
)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21T03:33:10+01:00", datetime(2026, 11, 21, 2, 33, 10, tzinfo=UTC)),
        ("2026-11-21T02:33:10Z", datetime(2026, 11, 21, 2, 33, 10, tzinfo=UTC)),
        ("2026-11-21 02:33:10+00:00", datetime(2026, 11, 21, 2, 33, 10, tzinfo=UTC)),
        (
            "2026-11-21T02:33:10.250000Z",
            datetime(2026, 11, 21, 2, 33, 10, 250_000, tzinfo=UTC),
        ),
        ("2026-11-20T21:33-05:00", datetime(2026, 11, 21, 2, 33, tzinfo=UTC)),
    ],
)
def test_moment(text: str, moment: datetime) -> None:
    assert as_moment(text) == moment


def test_repeated_hour_of_a_clock_change_is_distinguished() -> None:
    summer = as_moment("2026-10-25T02:30:00+02:00")
    winter = as_moment("2026-10-25T02:30:00+01:00")
    assert summer is not None
    assert winter is not None
    assert (winter - summer).total_seconds() == 3600


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        1.5,
        [],
        {"a": "b"},
        1_763_692_390,
        "",
        "yesterday",
        "2026-11-21",
        "2026-11-21T03:33:10",
        "2026-02-30T00:00:00Z",
        "2026-11-21T25:00:00Z",
        "2026-11-21T03:33:10+25:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01",
        "9999-12-31",
    ],
)
def test_no_moment(value: Json) -> None:
    assert as_moment(value) is None


@settings(deadline=None)
@given(st.text() | NEARLY_MOMENTS)
def test_moments_accept_any_text(value: str) -> None:
    moment = as_moment(value)
    assert moment is None or moment.astimezone(UTC) == moment


def test_moment_keeps_its_offset() -> None:
    moment = as_moment("2026-11-21T03:33:10+01:00")
    assert moment is not None
    assert moment.utcoffset() == timedelta(hours=1)


def test_utc_moment() -> None:
    moment = as_utc_moment("2026-11-21T03:33:10+01:00")
    assert moment == datetime(2026, 11, 21, 2, 33, 10, tzinfo=UTC)
    assert moment.tzinfo is UTC
    assert as_utc_moment("2026-11-21T03:33:10") is None


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-03-29", date(2026, 3, 29)),
        ("2026-02-30", None),
        ("", None),
        (20260329, None),
    ],
)
def test_day(value: Json, day: date | None) -> None:
    assert as_day(value) == day


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        ("1763692390.5", datetime(2025, 11, 21, 2, 33, 10, 500_000, tzinfo=UTC)),
        (1e300, None),
        (-1e12, None),
        ("x", None),
        (True, None),
    ],
)
def test_from_epoch(seconds: Json, moment: datetime | None) -> None:
    assert from_epoch(seconds) == moment


def test_utc_text() -> None:
    moment = datetime(2026, 7, 1, 2, 30, tzinfo=AMSTERDAM)
    assert utc_text(moment) == "2026-07-01T00:30:00Z"


def test_whole_hour_is_in_the_own_time_zone() -> None:
    kolkata = datetime(2026, 7, 1, 2, 45, 30, 5, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert whole_hour(kolkata).isoformat() == "2026-07-01T02:00:00+05:30"


@pytest.mark.parametrize(
    ("day", "midnight"),
    [
        (date(2026, 7, 1), datetime(2026, 6, 30, 22, tzinfo=UTC)),
        (date(2026, 12, 1), datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (
            datetime(2026, 6, 30, 22, 30, tzinfo=UTC),
            datetime(2026, 6, 30, 22, tzinfo=UTC),
        ),
        (
            datetime(2026, 6, 30, 21, 30, tzinfo=UTC),
            datetime(2026, 6, 29, 22, tzinfo=UTC),
        ),
    ],
)
def test_local_midnight(day: date, midnight: datetime) -> None:
    assert local_midnight(day, AMSTERDAM) == midnight


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59.999999+00:00",
        "9998-01-01T00:00:00+14:00",
        "2200-01-01T00:00:00Z",
        "1899-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "0002-06-01T00:00:00-12:00",
    ],
)
def test_years_that_no_clock_shows(text: str) -> None:
    """Near the ends of Python's calendar, most computations overflow."""
    assert as_moment(text) is None
    assert as_utc_moment(text) is None
    assert as_day(text[:10]) is None


@pytest.mark.parametrize(
    "seconds", [253402300799, -62135596800, 10**12, -(10**10), "1e400", 2**63]
)
def test_seconds_of_such_years(seconds: Json) -> None:
    assert from_epoch(seconds) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("9999-12-31", date(2199, 12, 31)),
        ("0001-01-01", date(1900, 1, 1)),
        ("2026-03-29", date(2026, 3, 29)),
        ("2026-02-30", None),
        (5, None),
    ],
)
def test_a_contract_without_an_end(text: Json, day: date | None) -> None:
    assert as_nearest_day(text) == day


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2199, 12, 30)))  # noqa: DTZ001
def test_what_is_read_can_be_computed_with(moment: datetime) -> None:
    read = as_utc_moment(moment.replace(tzinfo=UTC).isoformat())
    assert read is not None
    assert read.astimezone(ZoneInfo("Pacific/Kiritimati")) == read
    assert read - timedelta(days=100_000) < read < read + timedelta(days=1_000_000)
