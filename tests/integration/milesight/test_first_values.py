"""Sensors of what never had a value: they are added with their first one."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulators.faults import Fault, Json, MutateJson
from simulators.milesight import MilesightSimulator

from ..conftest import Tick, finish_tasks, set_up, shown

ENERGY = "sensor.boiler_plug_energy"
VOLTAGE = "sensor.boiler_plug_voltage"
RELAY = "switch.boiler_plug_socket"


def hide(simulator: MilesightSimulator, *identifiers: str) -> None:
    """Let the server have no latest values of a plug's entities."""
    hidden = {simulator.world.entity("Boiler plug", each).id for each in identifiers}

    def without(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        return answer | {"data": {k: v for k, v in data.items() if k not in hidden}}

    simulator.faults.add(Fault(MutateJson(without), "entity/batch-get-status"))


async def test_first_value_adds_the_sensor_without_a_reload(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    hide(simulator, "power_consumption", "socket_status")
    await set_up(hass, entry)
    runtime = entry.runtime_data
    registry = er.async_get(hass)
    assert registry.async_get(ENERGY) is None
    assert hass.states.get(VOLTAGE) is not None
    # What can be set needs no value to be of use.
    assert registry.async_get(RELAY) is not None
    await tick(60)
    assert registry.async_get(ENERGY) is None
    simulator.faults.clear()
    await tick(60)
    await finish_tasks(hass)
    assert float(shown(hass, ENERGY)) > 0
    assert entry.runtime_data is runtime


async def test_an_option_shows_everything_at_once(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    hide(simulator, "power_consumption")
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "all_sensors": True}
    )
    await set_up(hass, entry)
    assert shown(hass, ENERGY) == "unknown"


async def test_what_the_registry_knows_stays(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    """A sensor that had a value once is there after a restart without one."""
    hide(simulator, "power_consumption")
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await finish_tasks(hass)
    assert loaded.state is ConfigEntryState.LOADED
    assert shown(hass, ENERGY) == "unknown"
