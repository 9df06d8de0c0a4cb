"""Push of Beaver IoT in Home Assistant: devices that come and go."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.milesight import MilesightSimulator

from ..conftest import Tick, shown
from ..plug import eventually
from .helpers import entity_id_of


@pytest.fixture
def devices() -> int:
    """Return how many devices the server has at first."""
    return 2


async def connected(simulator: MilesightSimulator) -> None:
    """Wait until Home Assistant is subscribed."""
    hub = simulator.notifier
    await eventually(
        lambda: bool(hub.broker.subscriptions or hub.websocket.subscriptions)
    )


async def test_new_device_is_there_within_a_minute(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """Its first report names ids that are not known."""
    await connected(simulator)
    simulator.world.add_device(2, simulator.now - 3600)
    await simulator.report_now("Fridge plug")
    await eventually(lambda: bool(loaded.runtime_data.backend.needs_inventory))
    await asyncio.sleep(0)
    await tick(61)
    entity_id = entity_id_of(hass, simulator, "Fridge plug", "voltage")
    assert float(shown(hass, entity_id)) > 200


async def test_device_that_was_added_again_has_values_within_a_minute(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """It keeps its entities, which read the new ids."""
    await connected(simulator)
    entity_id = entity_id_of(hass, simulator, "Boiler plug", "voltage")
    plug = simulator.world.device("Boiler plug")
    simulator.world.delete(plug)
    simulator.world.add_again(plug, dt_util.utcnow())
    await simulator.report_now("Boiler plug")
    await eventually(lambda: bool(loaded.runtime_data.backend.needs_inventory))
    await asyncio.sleep(0)
    await tick(61)
    assert float(shown(hass, entity_id)) > 200
    assert entity_id_of(hass, simulator, "Boiler plug", "voltage") == entity_id
