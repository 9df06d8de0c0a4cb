"""Answers of actions, as they are and as they should never be."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.common.http import Json
from custom_components.metering_hub.prices.price_answers import hourly_prices

START = datetime(2026, 1, 31, 23, tzinfo=UTC)
FIRST = int(START.timestamp())


def at(minutes: int) -> str:
    """Return a moment some minutes after the start."""
    return (START + timedelta(minutes=minutes)).isoformat()


def test_quarters_are_averaged() -> None:
    parts: Json = [
        {"start": at(15 * number), "end": at(15 * number + 15), "price": price}
        for number, price in enumerate([1, 2, 3, 6, -1, -2, -3, -2])
    ]
    assert hourly_prices(parts) == {FIRST: 3, FIRST + 3600: -2}


def test_an_hour_without_one_of_its_quarters_has_no_price() -> None:
    """Also without ends, when the quarter before is not stretched over the hole."""
    minutes = [0, 15, 30, 45, 60, 75, 105]
    parts: Json = [{"start_time": at(each), "price": 2} for each in minutes]
    assert hourly_prices(parts) == {FIRST: 2}


def test_hours_without_ends() -> None:
    parts: Json = [
        {"timestamp": at(60 * number).replace("T", " "), "price": number}
        for number in range(3)
    ]
    assert hourly_prices(parts) == {FIRST + 3600 * n: n for n in range(3)}
    assert hourly_prices([{"timestamp": at(0), "price": 7}]) == {FIRST: 7}


def test_one_part_may_be_a_whole_day_of_gas() -> None:
    parts: Json = [{"start": at(0), "end": at(24 * 60), "price": 1.5}]
    assert hourly_prices(parts) == {FIRST + 3600 * n: 1.5 for n in range(24)}


def test_what_makes_no_sense_costs_only_itself() -> None:
    good = {"start": at(0), "end": at(60), "price": 0.5}
    bad: list[Json] = [
        {"start": at(60), "end": at(120), "price": None},
        {"start": at(120), "end": at(180), "price": "dear"},
        {"start": at(180), "end": at(180), "price": 1},
        {"start": at(240), "end": at(180), "price": 1},
        {"start": at(300), "end": at(300 + 49 * 60), "price": 1},
        {"start": at(367), "end": at(427), "price": 1},
        {"start": "2026-02-01T05:00:00", "price": 1},
        {"price": 1},
        "text",
        None,
    ]
    assert hourly_prices([*bad, good]) == {FIRST: 0.5}


@pytest.mark.parametrize("parts", [None, {}, "x", 3, [], [[]]])
def test_no_list_has_no_price(parts: Json) -> None:
    assert not hourly_prices(parts)
