"""Odd hours in the recorder are reported once, and on a card if they repeat."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.audit.audit import AuditReport
from custom_components.metering_hub.history.coordinator import HistoryCoordinator
from custom_components.metering_hub.history.maths.checked_hours import DataWarning
from custom_components.metering_hub.history.warnings.issue import warnings_issue_id
from custom_components.metering_hub.history.warnings.validator import Validator
from custom_components.metering_hub.metering.data_quality import WarningRule
from custom_components.metering_hub.metering.quality import MISSING, HourCodes
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House

from .conftest import API_KEY, NOW
from .test_audit import damage, false_high
from .test_history import imported, wants_history

__all__ = ["wants_history"]

type DayTotals = Mapping[str, Mapping[date, float]]

REGISTER = "electricity_delivered_1"
SPIKE = 40.0
HOUR = timedelta(hours=1)
ODD = [datetime(2026, 11, day, 3, tzinfo=UTC) for day in (12, 13, 14)]


@pytest.fixture
def simulator() -> DsmrReaderSimulator:
    """Return a simulated DSMR-reader of a house with 16 days of history."""
    start = (NOW - timedelta(days=16)).replace(minute=0)
    return DsmrReaderSimulator(
        House(7, start), api_key=API_KEY, clock=dt_util.utcnow, interval=900
    )


def history_of(entry: MockConfigEntry) -> HistoryCoordinator:
    found = entry.runtime_data.history
    assert isinstance(found, HistoryCoordinator)
    return found


async def warned(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    day_totals: DayTotals | None = None,
) -> Sequence[DataWarning]:
    """Return the warnings that a validator reports, as after a start."""
    await imported(hass, entry)
    found: list[DataWarning] = []
    history = history_of(entry)
    validator = validator_of(hass, entry, found, day_totals or {})
    await validator.async_follow(await history.scope(), history.backend.time_zone, None)
    return found


def validator_of(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    found: list[DataWarning],
    day_totals: DayTotals,
) -> Validator:
    """Return a validator that adds warnings to `found`."""

    async def find_day_totals(*_span: object) -> DayTotals:
        return day_totals

    qualities = history_of(entry).qualities
    return Validator(hass, entry, qualities, find_day_totals, found.extend)


async def spike(hass: HomeAssistant, entry: MockConfigEntry, *hours: datetime) -> None:
    for hour in hours:
        await damage(hass, entry, false_high(hour, SPIKE), REGISTER)


async def test_clean_history_has_no_warning(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The first import is followed by a look at its hours."""
    await imported(hass, loaded)
    assert history_of(loaded).validator.report == []
    assert await warned(hass, loaded) == []
    assert not ir.async_get(hass).async_get_issue(DOMAIN, warnings_issue_id(loaded))


async def test_a_warning_is_reported_once(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Also after a restart; another one is reported then."""
    await spike(hass, loaded, ODD[0])
    (found,) = await warned(hass, loaded)
    assert (found.rule, found.point) == (WarningRule.SPIKE, REGISTER)
    assert (found.start, found.end) == (ODD[0], ODD[0] + HOUR)
    assert SPIKE < found.seen < SPIKE + 3
    assert found.expected < SPIKE
    assert await warned(hass, loaded) == []
    await spike(hass, loaded, ODD[1])
    assert [each.start for each in await warned(hass, loaded)] == [ODD[1]]
    assert not ir.async_get(hass).async_get_issue(DOMAIN, warnings_issue_id(loaded))


async def test_hours_are_looked_at_after_each_audit(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """And not after each import."""
    await spike(hass, loaded, ODD[0])
    history = history_of(loaded)
    await history.async_refresh()
    assert history.validator.report == []
    history.auditor.async_request(is_complete=False)
    await history.async_refresh()
    assert history.validator.report is not None
    spikes = [e for e in history.validator.report if e.rule is WarningRule.SPIKE]
    assert [each.start for each in spikes] == [ODD[0]]


async def test_repeated_warnings_become_a_card(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """It says what was seen, and goes away when that stops, or with the entry."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    await spike(hass, loaded, *ODD)
    await warned(hass, loaded)
    registry, issue_id = ir.async_get(hass), warnings_issue_id(loaded)
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.severity is ir.IssueSeverity.WARNING
    assert not issue.is_fixable
    assert issue.learn_more_url is not None
    assert issue.learn_more_url.endswith("docs/data_quality.md#warnings")
    shown: dict[str, Any] = dict(issue.translation_placeholders or {})
    assert (shown["title"], shown["count"]) == (loaded.title, "1")
    (line,) = shown["warnings"].split("\n")[2:-2]
    assert line.startswith("- **Low tariff delivered · Electricity meter**: Spike: ")
    assert "2026-11-12 / 2026-11-14: 4" in line
    for hour in ODD:
        await damage(hass, loaded, false_high(hour, -SPIKE), REGISTER)
    await warned(hass, loaded)
    assert registry.async_get_issue(DOMAIN, issue_id) is None
    await spike(hass, loaded, *ODD)
    await warned(hass, loaded)
    assert registry.async_get_issue(DOMAIN, issue_id)
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert registry.async_get_issue(DOMAIN, issue_id) is None


async def test_disabled_rules_find_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await spike(hass, loaded, *ODD)
    hass.config_entries.async_update_entry(
        loaded,
        options={**loaded.options, "data_quality": {"disabled_warnings": ["spike"]}},
    )
    assert await warned(hass, loaded) == []
    assert not ir.async_get(hass).async_get_issue(DOMAIN, warnings_issue_id(loaded))


async def test_the_day_of_the_server(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Its totals are those of its own days."""
    rows = (await imported(hass, loaded))[REGISTER]
    zone = history_of(loaded).backend.time_zone
    totals: dict[date, float] = {}
    for row in rows:
        day = datetime.fromtimestamp(row["start"], zone).date()
        totals[day] = totals.get(day, 0.0) + (row["change"] or 0.0)
    assert await warned(hass, loaded, day_totals={REGISTER: totals}) == []
    wrong = date(2026, 11, 14)
    totals[wrong] += 5
    (found,) = await warned(hass, loaded, day_totals={REGISTER: totals})
    assert found.rule is WarningRule.SUM_CHECK
    assert found.start.astimezone(zone).date() == wrong
    assert found.end - found.start == timedelta(days=1)


async def test_a_span_that_grows_is_reported_once(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A meter is stale from the end of its newest hour on."""
    await imported(hass, loaded)
    begin = NOW.replace(minute=0) - timedelta(hours=48)
    lost = HourCodes(begin.timestamp(), bytes([MISSING]) * 48)
    history_of(loaded).qualities.put("gas", [lost])
    (found,) = await warned(hass, loaded)
    assert (found.rule, found.point, found.seen) == (WarningRule.STALE, "gas", 48)
    assert found.end == NOW.replace(minute=0)
    assert await warned(hass, loaded) == []


async def test_an_audit_that_is_followed_is_not_followed_again(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Only a new audit is, so that one look a night is enough."""
    await imported(hass, loaded)
    history, found = history_of(loaded), list[DataWarning]()
    validator = validator_of(hass, loaded, found, {})
    scope, zone = await history.scope(), history.backend.time_zone
    audit = AuditReport(hours=1)
    await validator.async_follow(scope, zone, audit)
    await spike(hass, loaded, ODD[0])
    await validator.async_follow(scope, zone, audit)
    assert found == []
    await validator.async_follow(scope, zone, AuditReport(hours=1))
    assert len(found) == 1
