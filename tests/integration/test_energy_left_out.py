"""Meters that are left off the Energy dashboard are told of, and can change over."""

from collections.abc import Mapping
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.components.energy.data import EnergyManager
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component

from .conftest import Tick, finish_tasks, set_up
from .test_energy_dashboard import (
    DOMAIN,
    GRID_OF_OTHERS,
    add,
    energy,
    imported,
    simulator,
    sources,
    wants_history,
)

__all__ = ["energy", "imported", "simulator", "wants_history"]

OTHER_GRID = {
    **GRID_OF_OTHERS,
    "name": "P1 dongle",
    "stat_energy_to": "sensor.other_export",
    "number_energy_price": 0.3,
}
ROOF = {
    "type": "solar",
    "stat_energy_from": "sensor.roof",
    "config_entry_solar_forecast": None,
}


@pytest.fixture
async def left_out(
    hass: HomeAssistant, energy: EnergyManager, entry: MockConfigEntry
) -> MockConfigEntry:
    """Return an entry whose meters are kept out by another integration's."""
    await energy.async_update({"energy_sources": [ROOF, OTHER_GRID]})
    await set_up(hass, entry)
    await finish_tasks(hass)
    return entry


def grid_issue(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the issue about the entry's grid connections, if there is one."""
    issue_id = f"left_out_{entry.entry_id}_grid_other_source_of_this_kind"
    return ir.async_get(hass).async_get_issue(DOMAIN, issue_id)


async def restore(hass: HomeAssistant, entry: MockConfigEntry) -> Mapping[str, Any]:
    """Call the action and return its response."""
    answer = await hass.services.async_call(
        DOMAIN,
        "restore_energy_dashboard",
        {"entry": entry.entry_id},
        blocking=True,
        return_response=True,
    )
    await finish_tasks(hass)
    assert answer is not None
    return answer


async def fix(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, issue: ir.IssueEntry
) -> Mapping[str, Any]:
    """Confirm the repair flow of an issue, and return its form."""
    assert await async_setup_component(hass, REPAIRS, {})
    client = await hass_client()
    flow = await client.post(
        "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue.issue_id}
    )
    step: Mapping[str, Any] = await flow.json()
    done = await client.post(f"/api/repairs/issues/fix/{step['flow_id']}", json={})
    assert (await done.json())["type"] == "create_entry"
    await finish_tasks(hass)
    return step


async def test_card_names_what_is_left_out_and_why(
    hass: HomeAssistant, left_out: MockConfigEntry
) -> None:
    """Gas is added, because nobody else counts it."""
    issue = grid_issue(hass, left_out)
    assert issue is not None
    assert (issue.is_fixable, issue.translation_key) == (True, "meters_left_out")
    assert issue.translation_placeholders == {
        "title": left_out.title,
        "meters": "Low tariff, Normal tariff",
        "others": "P1 dongle (sensor.other_meter, sensor.other_export)",
    }
    ours = [each for each in ir.async_get(hass).issues if each[1].startswith("left")]
    assert ours == [(DOMAIN, issue.issue_id)]


async def test_change_over_and_back(
    hass: HomeAssistant,
    left_out: MockConfigEntry,
    energy: EnergyManager,
    hass_client: ClientSessionGenerator,
    hass_storage: dict[str, Any],
) -> None:
    """The other source is replaced at its place, stored whole, and put back."""
    prefix = left_out.runtime_data.history.prefix
    gas = sources(energy)[2]
    issue = grid_issue(hass, left_out)
    assert issue is not None
    step = await fix(hass, hass_client, issue)
    assert step["description_placeholders"] == issue.translation_placeholders
    assert grid_issue(hass, left_out) is None
    roof, low, normal, *rest = sources(energy)
    assert (roof, rest) == (ROOF, [gas])
    assert low["stat_energy_from"] == f"{prefix}electricity_delivered_1"
    assert low["stat_cost"] == f"{prefix}electricity_delivered_1_cost"
    assert (low["name"], normal["name"]) == ("Low tariff", "Normal tariff")
    stored = hass_storage[f"{DOMAIN}.replaced_sources"]["data"][left_out.entry_id]
    assert [each["replaced"] for each in stored] == [[OTHER_GRID]]
    added = [
        f"{prefix}electricity_{way}_{tariff}"
        for tariff in (1, 2)
        for way in ("delivered", "returned")
    ]
    assert await restore(hass, left_out) == {
        "restored": ["sensor.other_meter", "sensor.other_export"],
        "removed": added,
    }
    assert sources(energy) == [ROOF, OTHER_GRID, gas]
    # Whoever goes back knows what is left out.
    assert grid_issue(hass, left_out) is None
    with pytest.raises(ServiceValidationError) as error:
        await restore(hass, left_out)
    assert error.value.translation_key == "nothing_to_restore"
    # Asking for the meters asks again.
    await add(hass, left_out)
    assert grid_issue(hass, left_out) is not None


async def test_what_the_user_removed_is_not_restored_from(
    hass: HomeAssistant,
    left_out: MockConfigEntry,
    energy: EnergyManager,
    hass_client: ClientSessionGenerator,
) -> None:
    """Without ours in its place, the other source stays away."""
    issue = grid_issue(hass, left_out)
    assert issue is not None
    await fix(hass, hass_client, issue)
    await energy.async_update({"energy_sources": [ROOF]})
    with pytest.raises(ServiceValidationError):
        await restore(hass, left_out)
    assert sources(energy) == [ROOF]


async def test_card_follows_the_dashboard_and_stays_ignored(
    hass: HomeAssistant, left_out: MockConfigEntry, energy: EnergyManager, tick: Tick
) -> None:
    """It goes when the other source goes, and ours come with the next import."""
    issue = grid_issue(hass, left_out)
    assert issue is not None
    ir.async_ignore_issue(hass, DOMAIN, issue.issue_id, True)
    await tick(3700)
    assert await hass.config_entries.async_reload(left_out.entry_id)
    await finish_tasks(hass)
    issue = grid_issue(hass, left_out)
    assert issue is not None
    assert issue.dismissed_version is not None
    await energy.async_update({"energy_sources": [ROOF]})
    await finish_tasks(hass)
    assert grid_issue(hass, left_out) is None
    assert sources(energy) == [ROOF], "The user may be about to add another one."
    await tick(3700)
    assert [each["type"] for each in sources(energy)] == ["solar", "grid", "grid"]


async def test_card_goes_with_the_option_and_the_entry(
    hass: HomeAssistant, left_out: MockConfigEntry
) -> None:
    """Who does not want the dashboard is not told of it."""
    options = {**left_out.options, "energy_dashboard": False}
    hass.config_entries.async_update_entry(left_out, options=options)
    assert await hass.config_entries.async_reload(left_out.entry_id)
    await finish_tasks(hass)
    assert grid_issue(hass, left_out) is None


async def test_card_goes_with_the_entry(
    hass: HomeAssistant, left_out: MockConfigEntry
) -> None:
    """Nobody could fix it any more."""
    assert await hass.config_entries.async_remove(left_out.entry_id)
    assert grid_issue(hass, left_out) is None


async def test_sensor_that_is_not_recorded_is_not_the_live_power(
    hass: HomeAssistant, energy: EnergyManager, entry: MockConfigEntry
) -> None:
    """The two directions take its place, if they are recorded."""
    excluded = {"sensor.electricity_meter_power"}
    get_instance(hass).entity_filter = lambda entity_id: entity_id not in excluded
    await set_up(hass, entry)
    await finish_tasks(hass)
    low = sources(energy)[0]
    assert low["power_config"] == {
        "stat_rate_from": "sensor.electricity_meter_power_delivered",
        "stat_rate_to": "sensor.electricity_meter_power_returned",
    }
    # Home Assistant makes a sensor of both.
    assert low["stat_rate"].startswith("sensor.")
    assert low["stat_rate"] not in excluded
