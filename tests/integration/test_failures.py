"""What a person is told when a server, an account or some values fail for long."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Answer, Drop, Fault

from .conftest import DOMAIN, Tick, shown

MINUTE = 60.0
HOUR = 3600.0
DENIED = Answer(403, "<html>Forbidden</html>")
GONE = Answer(404, '{"detail": "Not found."}', "application/json")
PEAK = "quarter-hour-peak-electricity"
POWER = "sensor.electricity_meter_power"


@pytest.fixture(autouse=True)
def _all(all_enabled: None) -> None:
    """Show the points of all endpoints."""


def issues(entry: MockConfigEntry, registry: ir.IssueRegistry) -> dict[str, Any]:
    """Return the placeholders of an entry's issues that are shown, by their keys."""
    return {
        str(issue.translation_key): issue.translation_placeholders
        for issue in registry.issues.values()
        if issue.domain == DOMAIN
        and issue.active
        and issue.dismissed_version is None
        and issue.issue_id.endswith(entry.entry_id)
    }


async def test_a_denied_account_is_told_within_a_quarter_of_an_hour(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """It counts from the last answer on; the issue ends with the next one."""
    simulator.faults.add(Fault(DENIED))
    for _ in range(14):
        await tick(MINUTE)
        assert not issues(loaded, issue_registry)
    assert shown(hass, POWER) == "unavailable"
    await tick(MINUTE)
    found = issues(loaded, issue_registry)
    assert list(found) == ["access_denied"]
    assert found["access_denied"]["title"] == "DSMR-reader"
    assert found["access_denied"]["reason"] == (
        "The server denied access. Check the permissions of the account."
    )
    simulator.faults.clear()
    await tick(MINUTE)
    assert not issues(loaded, issue_registry)
    assert shown(hass, POWER) != "unavailable"


async def test_access_that_is_denied_from_the_start(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """It is told in time although Home Assistant tries less and less often."""
    simulator.faults.add(Fault(DENIED))
    assert not await hass.config_entries.async_setup(entry.entry_id)
    for _ in range(14):
        await tick(MINUTE)
        assert not issues(entry, issue_registry)
    await tick(MINUTE)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert list(issues(entry, issue_registry)) == ["access_denied"]


async def test_an_ignored_issue_does_not_come_back(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """It does after the server has worked and then failed for long enough again."""
    fault = Fault(DENIED)
    simulator.faults.add(fault)
    for _ in range(16):
        await tick(MINUTE)
    ir.async_ignore_issue(hass, DOMAIN, f"access_denied_{loaded.entry_id}", ignore=True)
    for _ in range(3):
        await tick(MINUTE)
        assert not issues(loaded, issue_registry)
    simulator.faults.clear()
    await tick(MINUTE)
    simulator.faults.add(fault)
    for _ in range(14):
        await tick(MINUTE)
    assert not issues(loaded, issue_registry)
    await tick(MINUTE)
    assert list(issues(loaded, issue_registry)) == ["access_denied"]


async def test_a_server_that_is_away_is_told_after_a_day(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """There is one issue, in whatever way it fails meanwhile."""
    simulator.faults.add(Fault(Drop()))
    await tick(MINUTE)
    for _ in range(23):
        await tick(HOUR)
    assert not issues(loaded, issue_registry)
    simulator.faults.clear()
    simulator.faults.add(Fault(Answer(502, "<html>Bad gateway</html>")))
    await tick(HOUR)
    found = issues(loaded, issue_registry)
    assert list(found) == ["server_away"]
    assert "HTTP 502" in found["server_away"]["reason"]
    simulator.faults.clear()
    await tick(MINUTE)
    await tick(HOUR)
    assert not issues(loaded, issue_registry)


class TestWithHistory:
    """The import fails with the server."""

    @pytest.fixture
    def wants_history(self) -> bool:
        """Import the history, too."""
        return True

    async def test_there_is_one_issue_and_not_two(
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        simulator: DsmrReaderSimulator,
        issue_registry: ir.IssueRegistry,
        tick: Tick,
    ) -> None:
        """That of the server says it all."""
        await tick(0)
        simulator.faults.add(Fault(Drop()))
        for _ in range(26):
            await tick(HOUR)
        assert list(issues(loaded, issue_registry)) == ["server_away"]


async def test_values_that_fail_alone_are_told_after_a_day(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """The issue names them, with what the error means, and ends with them."""
    simulator.faults.add(Fault(GONE, PEAK))
    for _ in range(24):
        await tick(HOUR)
        assert not issues(loaded, issue_registry)
    await tick(HOUR)
    found = issues(loaded, issue_registry)["points_missing"]
    assert found["count"] == "1"
    assert found["names"] == "Electricity meter Quarter-hour peak of the month"
    assert found["reason"].startswith("The server does not have what was asked for.")
    assert shown(hass, POWER) != "unavailable"
    simulator.faults.clear()
    await tick(MINUTE)
    assert not issues(loaded, issue_registry)


async def test_what_began_before_a_restart_counts(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    """Also if the server has been away since Home Assistant started."""
    hass_storage[f"{DOMAIN}.{entry.entry_id}.failures"] = {
        "version": 1,
        "key": f"{DOMAIN}.{entry.entry_id}.failures",
        "data": {"server_away": {"inventory": "2026-11-20T11:00:00+00:00"}},
    }
    simulator.faults.add(Fault(Drop()))
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert not issues(entry, issue_registry)
    for _ in range(20):
        await tick(2 * MINUTE)
    assert list(issues(entry, issue_registry)) == ["server_away"]
    simulator.faults.clear()
    await tick(HOUR)
    assert entry.state is ConfigEntryState.LOADED, entry.reason
    assert not issues(entry, issue_registry)


async def test_what_fails_is_stored(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    hass_storage: dict[str, Any],
) -> None:
    """A restart within the day does not begin the day again."""
    simulator.faults.add(Fault(Drop()))
    await tick(MINUTE)
    await tick(MINUTE)
    stored = hass_storage[f"{DOMAIN}.{loaded.entry_id}.failures"]["data"]
    assert stored["server_away"].keys() == {"readings"}


@pytest.mark.parametrize("ending", ["disabled", "removed"])
async def test_nothing_is_left_of_an_entry_that_is_not_wanted(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
    ending: str,
) -> None:
    """Neither an entry that was removed nor one that was disabled has an issue."""
    simulator.faults.add(Fault(DENIED))
    for _ in range(16):
        await tick(MINUTE)
    assert list(issues(loaded, issue_registry)) == ["access_denied"]
    if ending == "removed":
        await hass.config_entries.async_remove(loaded.entry_id)
    else:
        await hass.config_entries.async_set_disabled_by(
            loaded.entry_id, ConfigEntryDisabler.USER
        )
    assert "access_denied" not in issues(loaded, issue_registry)


async def test_nothing_is_left_of_an_entry_that_was_disabled_before_it_was_loaded(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """What failed at each set-up is forgotten, and is told anew once it is enabled."""
    simulator.faults.add(Fault(DENIED))
    assert not await hass.config_entries.async_setup(entry.entry_id)
    for _ in range(16):
        await tick(MINUTE)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert list(issues(entry, issue_registry)) == ["access_denied"]
    disable = hass.config_entries.async_set_disabled_by
    await disable(entry.entry_id, ConfigEntryDisabler.USER)
    assert not issues(entry, issue_registry)
    for _ in range(20):
        await tick(MINUTE)
    assert not issues(entry, issue_registry)
    await disable(entry.entry_id, None)
    for _ in range(14):
        await tick(MINUTE)
    assert not issues(entry, issue_registry)
    await tick(MINUTE)
    assert list(issues(entry, issue_registry)) == ["access_denied"]


async def test_an_inventory_that_fails_is_repeated_in_a_minute(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """It has its hour only if it succeeds."""
    fault = Fault(Answer(500, "<html></html>"), "application/version")
    simulator.faults.add(fault)
    await tick(HOUR)
    simulator.faults.clear()
    simulator.faults.clear_requests()
    await tick(MINUTE + 5)
    assert simulator.faults.count("application/version") == 1
    await tick(MINUTE + 5)
    assert simulator.faults.count("application/version") == 1
