"""Buckets of the BEMServer simulator: floor, ceil, daylight saving."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from simulators.bemserver.buckets import NonexistentTimeError, cut

PARIS = ZoneInfo("Europe/Paris")
UTC = ZoneInfo("UTC")


def starts(
    start: str, end: str, width: int, unit: str, zone: ZoneInfo = PARIS
) -> list[str]:
    times = (datetime.fromisoformat(text) for text in (start, end))
    buckets = cut(*times, width, unit, zone)
    local = [datetime.fromtimestamp(when, zone) for when in buckets.starts]
    return [when.isoformat()[:-9].removesuffix(":00") + f"{when:%z}" for when in local]


@pytest.mark.parametrize(
    ("width", "unit", "expected"),
    [
        (1, "hour", ["2026-11-21T02+0100", "2026-11-21T03+0100"]),
        (6, "hour", ["2026-11-21T00+0100"]),
        (1, "day", ["2026-11-21T00+0100"]),
        (1, "week", ["2026-11-16T00+0100"]),
        (1, "month", ["2026-11-01T00+0100"]),
        (1, "year", ["2026-01-01T00+0100"]),
    ],
)
def test_whole_buckets(width: int, unit: str, expected: list[str]) -> None:
    found = starts("2026-11-21T01:30:01Z", "2026-11-21T02:00:00.5Z", width, unit)
    assert found == expected


def test_an_end_on_an_edge_begins_no_bucket() -> None:
    span = ("2026-11-20T23:00Z", "2026-11-21T23:00Z")
    assert len(starts(*span, 1, "hour")) == 24
    assert starts(*span, 1, "day") == ["2026-11-21T00+0100"]
    assert starts(span[1], span[0], 1, "hour") == []
    assert starts(span[1], span[0], 1, "day") == []


def test_days_of_23_and_25_hours() -> None:
    spring = ("2026-03-28T23:00Z", "2026-03-29T22:00Z")
    assert len(starts(*spring, 1, "hour")) == 23
    assert len(starts(*spring, 1, "day")) == 1
    autumn = starts("2026-10-24T22:00Z", "2026-10-25T23:00Z", 1, "hour")
    assert len(autumn) == len(set(autumn)) == 25
    assert autumn[2:4] == ["2026-10-25T02+0200", "2026-10-25T02+0100"]
    # Both two o'clocks are floored to themselves.
    assert starts("2026-10-25T01:30Z", "2026-10-25T01:40Z", 1, "hour") == autumn[3:4]
    # Buckets of several hours keep equal steps and are shifted afterwards.
    shifted = starts("2026-03-28T23:00Z", "2026-03-29T12:00Z", 4, "hour")
    assert shifted[:3] == [
        *("2026-03-29T00+0100", "2026-03-29T05+0200", "2026-03-29T09+0200")
    ]


@pytest.mark.parametrize("minute", ["00:01", "00:30", "00:59"])
def test_the_skipped_hour_is_an_error(minute: str) -> None:
    with pytest.raises(NonexistentTimeError):
        starts("2026-03-28T12:00Z", f"2026-03-29T{minute}Z", 1, "hour")
    assert starts("2026-03-28T12:00Z", f"2026-03-29T{minute}Z", 1, "hour", UTC)
    assert starts("2026-03-28T12:00Z", f"2026-03-29T{minute}Z", 1, "day")
    assert starts("2026-03-28T12:00Z", "2026-03-29T01:00Z", 1, "hour")
