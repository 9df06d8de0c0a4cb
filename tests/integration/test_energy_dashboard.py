"""Meters are added to the Energy dashboard, and nothing else is changed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.history.statistic import statistic_prefix
from homeassistant.components.energy.data import EnergyManager, async_get_manager
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House

from .conftest import API_KEY, NOW, Tick, set_up

DOMAIN = "metering_hub"
GRID_OF_OTHERS = {
    "type": "grid",
    "stat_energy_from": "sensor.other_meter",
    "stat_energy_to": None,
    "stat_cost": None,
    "entity_energy_price": None,
    "number_energy_price": None,
    "stat_compensation": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
    "cost_adjustment_day": 0.0,
}


@pytest.fixture
def wants_history() -> bool:
    """Import history, so that the sources are its statistics."""
    return True


@pytest.fixture
async def energy(hass: HomeAssistant) -> EnergyManager:
    """Set up the Energy dashboard with the currency of the prices."""
    await hass.config.async_update(currency="EUR", time_zone="Europe/Amsterdam")
    assert await async_setup_component(hass, "energy", {})
    return await async_get_manager(hass)


@pytest.fixture
async def imported(
    hass: HomeAssistant, energy: EnergyManager, entry: MockConfigEntry
) -> MockConfigEntry:
    """Return an entry whose history is imported."""
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    return entry


@pytest.fixture
def simulator() -> DsmrReaderSimulator:
    """Return a simulator with two days of telegrams at long intervals."""
    start = (NOW - timedelta(days=2)).replace(minute=0)
    return DsmrReaderSimulator(
        House(7, start), api_key=API_KEY, clock=dt_util.utcnow, interval=300
    )


def sources(manager: EnergyManager) -> list[Mapping[str, Any]]:
    """Return the sources on the dashboard."""
    return [*(manager.data or {"energy_sources": []})["energy_sources"]]


async def add(hass: HomeAssistant, entry: MockConfigEntry) -> Mapping[str, Any]:
    """Call the action and return its response."""
    answer = await hass.services.async_call(
        DOMAIN,
        "add_to_energy_dashboard",
        {"entry": entry.entry_id},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    return answer


async def test_meter_is_added_with_cost_and_power(
    hass: HomeAssistant,
    imported: MockConfigEntry,
    energy: EnergyManager,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Both tariffs, gas, costs and live power are added, and are valid."""
    prefix = imported.runtime_data.history.prefix
    grid_1, grid_2, gas = sources(energy)
    assert grid_1["stat_energy_from"] == f"{prefix}electricity_delivered_1"
    assert grid_1["stat_energy_to"] == f"{prefix}electricity_returned_1"
    assert grid_1["stat_cost"] == f"{prefix}electricity_delivered_1_cost"
    assert grid_1["stat_compensation"] == f"{prefix}electricity_returned_1_compensation"
    assert grid_1["stat_rate"] == "sensor.electricity_meter_power"
    assert grid_2["stat_energy_from"] == f"{prefix}electricity_delivered_2"
    assert "stat_rate" not in grid_2
    assert (gas["type"], gas["stat_energy_from"]) == ("gas", f"{prefix}gas")
    assert gas["stat_cost"] == f"{prefix}gas_cost"
    # What Home Assistant itself does every five minutes with the live power.
    do_adhoc_statistics(hass, start=NOW)
    await async_wait_recording_done(hass)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "energy/validate"})
    found = (await client.receive_json())["result"]
    assert found["energy_sources"] == [[], [], []]


async def test_removed_source_is_not_added_again(
    hass: HomeAssistant, imported: MockConfigEntry, energy: EnergyManager, tick: Tick
) -> None:
    """The next import and a restart do not add it, but the action does."""
    await energy.async_update({"energy_sources": sources(energy)[:1]})
    await tick(3600)
    assert await hass.config_entries.async_reload(imported.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(sources(energy)) == 1
    prefix = imported.runtime_data.history.prefix
    assert await add(hass, imported) == {
        "added": [
            f"{prefix}electricity_delivered_2",
            f"{prefix}electricity_returned_2",
            f"{prefix}gas",
        ],
        "updated": [],
        "skipped": {
            f"{prefix}electricity_delivered_1": "already_there",
            f"{prefix}electricity_returned_1": "already_there",
        },
    }
    assert len(sources(energy)) == 3


async def test_no_second_grid_beside_that_of_another_integration(
    hass: HomeAssistant, entry: MockConfigEntry, energy: EnergyManager
) -> None:
    """It would be counted twice. Gas is added, because there is none yet."""
    await energy.async_update({"energy_sources": [GRID_OF_OTHERS]})
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    found = sources(energy)
    assert found[0] == GRID_OF_OTHERS
    assert [source["type"] for source in found] == ["grid", "gas"]
    skipped = (await add(hass, entry))["skipped"]
    prefix = entry.runtime_data.history.prefix
    assert skipped[f"{prefix}electricity_delivered_1"] == "other_source_of_this_kind"
    assert skipped[f"{prefix}gas"] == "already_there"


async def test_tariffs_are_not_added_beside_their_sum(
    hass: HomeAssistant, entry: MockConfigEntry, energy: EnergyManager
) -> None:
    """Whoever shows one line for both tariffs would see the energy twice."""
    prefix = statistic_prefix(entry, BACKENDS["dsmr_reader"])
    total = f"{prefix}electricity_import_total"
    own = {**GRID_OF_OTHERS, "stat_energy_from": total}
    await energy.async_update({"energy_sources": [own]})
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    found = [each for each in sources(energy) if each["type"] == "grid"]
    assert [each["stat_energy_from"] for each in found] == [total]
    skipped = (await add(hass, entry))["skipped"]
    for tariff in (1, 2):
        assert skipped[f"{prefix}electricity_delivered_{tariff}"] == "already_there"


async def test_gas_in_cubic_meters_is_not_added_beside_gas_in_kwh(
    hass: HomeAssistant, entry: MockConfigEntry, energy: EnergyManager
) -> None:
    """The dashboard would show its cubic meters as kWh."""
    other = f"{DOMAIN}:bemserver_1_gas"
    async_add_external_statistics(
        hass,
        StatisticMetaData(
            mean_type=StatisticMeanType.NONE,
            has_sum=True,
            name="Gas of a campus",
            source=DOMAIN,
            statistic_id=other,
            unit_class="energy",
            unit_of_measurement="kWh",
        ),
        [StatisticData(start=NOW.replace(minute=0), state=1.0, sum=1.0)],
    )
    await async_wait_recording_done(hass)
    campus = {"type": "gas", "stat_energy_from": other}
    await energy.async_update({"energy_sources": [campus]})
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [s for s in sources(energy) if s["type"] == "gas"] == [campus]
    prefix = entry.runtime_data.history.prefix
    skipped = (await add(hass, entry))["skipped"]
    assert skipped[f"{prefix}gas"] == "gas_in_another_unit"
    # Without the other source, it can be added.
    await energy.async_update({"energy_sources": []})
    assert f"{prefix}gas" in (await add(hass, entry))["added"]


@pytest.mark.parametrize("ticked", [True, False])
async def test_option_decides(
    hass: HomeAssistant, entry: MockConfigEntry, energy: EnergyManager, ticked: bool
) -> None:
    """Sources are only added if the option is on."""
    options = {**entry.options, "energy_dashboard": ticked}
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert bool(sources(energy)) is ticked


class TestWithoutHistory:
    """Without history import, the sensors are the sources."""

    @pytest.fixture
    def wants_history(self) -> bool:
        """Do not import history."""
        return False

    async def test_sensors_are_sources(
        self, imported: MockConfigEntry, energy: EnergyManager
    ) -> None:
        """Registers are sources, but have no recorded costs."""
        grid_1, grid_2, gas = sources(energy)
        tariff = "sensor.electricity_meter_low_tariff_delivered"
        assert grid_1["stat_energy_from"] == tariff
        assert grid_1["stat_cost"] is None
        assert grid_2["stat_energy_to"] == (
            "sensor.electricity_meter_normal_tariff_returned"
        )
        assert gas["stat_energy_from"] == "sensor.gas_meter_meter_reading"


async def test_removing_an_entry_asks_before_it_removes_sources(
    hass: HomeAssistant,
    imported: MockConfigEntry,
    energy: EnergyManager,
    hass_client: ClientSessionGenerator,
    issue_registry: ir.IssueRegistry,
) -> None:
    """Sources are removed after confirmation; those of others are kept."""
    await energy.async_update(
        {"energy_sources": [*energy.data["energy_sources"], GRID_OF_OTHERS]}
    )
    assert await hass.config_entries.async_remove(imported.entry_id)
    await hass.async_block_till_done()
    assert len(sources(energy)) == 4
    issue_id = f"energy_sources_left_{imported.entry_id}"
    issue = issue_registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {"title": "DSMR-reader", "count": "5"}
    assert await async_setup_component(hass, REPAIRS, {})
    await hass.async_block_till_done()
    client = await hass_client()
    flow = await client.post(
        "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue_id}
    )
    step = await flow.json()
    assert step["step_id"] == "confirm"
    assert step["description_placeholders"] == {"title": "DSMR-reader", "count": "5"}
    done = await client.post(f"/api/repairs/issues/fix/{step['flow_id']}", json={})
    assert (await done.json())["type"] == "create_entry"
    assert sources(energy) == [GRID_OF_OTHERS]
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


async def test_removing_an_entry_without_sources_asks_nothing(
    hass: HomeAssistant,
    imported: MockConfigEntry,
    energy: EnergyManager,
    issue_registry: ir.IssueRegistry,
) -> None:
    """There is no issue if the sources are already removed."""
    await energy.async_update({"energy_sources": []})
    assert await hass.config_entries.async_remove(imported.entry_id)
    issue_id = f"energy_sources_left_{imported.entry_id}"
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None
