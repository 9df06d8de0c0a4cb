"""The diagnostics of an account have no number of a bill, and no place."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulators.besmart import CLIENT, WORKSHOP_MID, BesmartSimulator, Workspace

NUMBER = "PL0000000000000002"


@pytest.mark.parametrize("edition", ["2021"])
async def test_numbers_and_workspaces_are_left_out(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    simulator: BesmartSimulator,
    entry: MockConfigEntry,
) -> None:
    """What the user entered is in the options, and workspaces are areas."""
    simulator.workspaces.append(Workspace(22, "Szczecin", root=77))
    text = f"{NUMBER} ({CLIENT}.{WORKSHOP_MID})"
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "sensors": [text]}
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    devices = entry.runtime_data.inventory.data.devices.values()
    assert {device.suggested_area for device in devices} == {"Złocieniec"}
    assert await async_setup_component(hass, "diagnostics", {})
    shown = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    for secret in (NUMBER, "Złocieniec", simulator.login):
        assert secret not in str(shown)
