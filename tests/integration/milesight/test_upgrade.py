"""The server is upgraded while Home Assistant runs."""

import asyncio
import time

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.live.push import UpdateMode
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from simulators.milesight import MilesightSimulator, Override

from ..conftest import Tick, shown
from ..plug import eventually
from .helpers import entity_id_of


@pytest.fixture
def release() -> str:
    """Return the oldest release."""
    return "1.0.0"


@pytest.fixture
def devices() -> int:
    """Return how many devices the server has."""
    return 2


@pytest.mark.usefixtures("release")
async def test_upgrades_are_noticed_within_two_polls(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """Values and pushes arrive again, each by what the new release has for them."""
    voltage = entity_id_of(hass, simulator, "Boiler plug", "voltage")
    entity = simulator.world.entity("Boiler plug", "voltage")

    def is_pushed() -> bool:
        """Return True if pushes arrive."""
        mode: UpdateMode = loaded.runtime_data.push.data
        return mode is UpdateMode.PUSH

    await eventually(is_pushed)
    releases = {"1.2.5": "advanced-search", "1.3.1": "batch-get-status"}
    for number, (version, endpoint) in enumerate(releases.items()):
        simulator.upgrade(version)
        await simulator.notifier.drop()
        await eventually(lambda: not is_pushed())
        simulator.world.override(entity, Override(240.0 + number))
        await tick(60)
        await tick(60)
        assert float(shown(hass, voltage)) == 240.0 + number
        # That of 1.2.1 is silent, so a broker is believed once it announces something.
        for _ in range(6):
            # An attempt that fails is repeated after some seconds, which have to pass.
            await tick(20)
            await asyncio.to_thread(time.sleep, 0.1)
        await eventually(lambda: bool(simulator.notifier.broker.subscriptions))
        await simulator.report_now("Boiler plug")
        await eventually(is_pushed)
        simulator.faults.clear_requests()
        await tick(60)
        paths = {request.path for request in simulator.faults.requests}
        assert any(path.endswith(endpoint) for path in paths)
    assert loaded.state is ConfigEntryState.LOADED
    assert not hass.config_entries.flow.async_progress()
