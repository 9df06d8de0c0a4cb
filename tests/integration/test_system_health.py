"""System health counts the servers that work."""

from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_system_health_info,
)

from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault

from .conftest import Tick


async def test_servers_are_counted(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """All servers are counted, and those that answer."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    assert await get_system_health_info(hass, DOMAIN) == {
        "servers": 1,
        "servers_answering": 1,
        "servers_pushing": 0,
        "histories": 0,
        "histories_up_to_date": 0,
    }
    simulator.faults.add(Fault(Drop()))
    await tick(60)
    assert (await get_system_health_info(hass, DOMAIN))["servers_answering"] == 0
    simulator.faults.clear()
    await tick(60)
    assert (await get_system_health_info(hass, DOMAIN))["servers_answering"] == 1
    await hass.config_entries.async_unload(loaded.entry_id)
    assert await get_system_health_info(hass, DOMAIN) == {
        "servers": 1,
        "servers_answering": 0,
        "servers_pushing": 0,
        "histories": 0,
        "histories_up_to_date": 0,
    }
