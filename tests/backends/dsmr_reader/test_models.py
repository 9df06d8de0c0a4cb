"""Parsers of a real DSMR-reader's answers, and of unreadable ones."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import json

import pytest

from custom_components.metering_hub.backends.common.http import Json
from custom_components.metering_hub.backends.dsmr_reader import models
from tests.captures import FIXTURES, parse

LATEST = datetime(2026, 11, 21, 2, 33, 10, tzinfo=UTC)


def captured(name: str) -> dict[str, Json]:
    """Return the body of a recorded answer."""
    capture = parse(name, (FIXTURES / "dsmr_reader" / f"{name}.http").read_bytes())
    body: dict[str, Json] = json.loads(capture.body)
    return body


def row(name: str) -> dict[str, Json]:
    """Return the first row of a recorded list."""
    page = models.parse_page(captured(name))
    assert page is not None
    return page.rows[0]


def test_stored_telegram() -> None:
    raw = row("datalogger_dsmrreading_latest")
    telegram = models.parse_stored_telegram(raw)
    assert telegram is not None
    assert telegram.time == datetime.fromisoformat(str(raw["timestamp"]))
    assert telegram.time.tzinfo is UTC
    assert telegram.offset == timedelta(hours=1)
    position = Decimal(str(raw["electricity_delivered_1"]))
    assert telegram.numbers["electricity_delivered_1"] == position


def test_day_statistics() -> None:
    raw = row("statistics_day")
    day = models.parse_day_statistics(raw)
    assert day is not None
    assert day.day == date.fromisoformat(str(raw["day"]))
    assert day.positions.keys() == {
        name for name in models.POSITION_FIELDS if raw[name] is not None
    }
    for name, time in day.times.items():
        assert time == datetime.fromisoformat(str(raw[name]))


def test_hour_statistics() -> None:
    raw = row("statistics_hour")
    hour = models.parse_hour_statistics(raw)
    assert hour is not None
    assert hour.start == datetime.fromisoformat(str(raw["hour_start"]))
    assert hour.amounts == {
        name: float(str(raw[name])) for name in models.AMOUNT_FIELDS
    }


def test_contract() -> None:
    (contract,) = models.parse_contracts(
        row("consumption_energy_supplier_prices_today")
    )
    assert contract.start <= LATEST.date() <= contract.end
    assert contract.prices.keys() == set(models.PRICE_FIELDS)


def test_page_knows_its_end() -> None:
    page = models.parse_page({"results": [{}, "no row"], "count": 5})
    assert page is not None
    assert (len(page.rows), page.size, page.total) == (1, 2, 5)
    assert not page.is_last(2, 2)
    assert page.is_last(5, 2)
    uncounted = models.parse_page({"results": [{}]})
    assert uncounted is not None
    assert uncounted.total == 1
    assert uncounted.is_last(1, 2)
    assert not uncounted.is_last(1, 1)


def test_summary_counts_ties() -> None:
    rows: list[Json] = [
        {"timestamp": "2026-11-21T03:33:10+01:00"},
        {"timestamp": "2026-11-21T02:33:10Z"},
        {"timestamp": "2026-11-21T02:33:09Z"},
    ]
    page = models.parse_page({"results": rows, "count": 9})
    assert page is not None
    summary = models.parse_telegram_summary(page, 5)
    assert summary == models.TelegramSummary(
        count=9, time=LATEST, extra_time=None, ties=2
    )
    assert models.parse_telegram_summary(page, 2).ties is None


@pytest.mark.parametrize("unreadable", [None, 5, "", "2026-11-21", "yesterday"])
def test_rows_without_their_time_are_left_out(unreadable: Json) -> None:
    assert models.parse_stored_telegram({"timestamp": unreadable}) is None
    assert models.parse_electricity_live({"timestamp": unreadable}) is None
    assert models.parse_hour_statistics({"hour_start": unreadable}) is None
    assert models.parse_gas_live({"timestamp": unreadable}) is None
    assert models.parse_quarter_hour_peak({"read_at_end": unreadable}) is None


@pytest.mark.parametrize("answer", [{}, {"results": None}, {"results": {"a": 1}}])
def test_answers_that_are_no_list(answer: dict[str, Json]) -> None:
    assert models.parse_page(answer) is None
