"""Devices that the user may no longer see, and logins that the server forgot."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from simulators.milesight import MilesightSimulator

from ..conftest import Tick, finish_tasks, shown
from .helpers import entity_id_of


async def test_permission_that_is_taken_is_noticed_within_two_minutes(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """A card names the device, whose values are unavailable instead of unknown."""
    voltage = entity_id_of(hass, simulator, "Boiler plug", "voltage")
    other = entity_id_of(hass, simulator, "Laundry plug", "voltage")
    simulator.user.super_admin = False
    plug = simulator.world.device("Boiler plug")
    others = {device.key for device in simulator.world.devices.values()}
    simulator.user.devices = frozenset(others - {plug.key})
    await tick(60)
    assert shown(hass, voltage) == STATE_UNAVAILABLE
    await tick(60)
    await finish_tasks(hass)
    issue = ir.async_get(hass).async_get_issue(
        DOMAIN, f"devices_missing_{loaded.entry_id}"
    )
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["names"] == "Boiler plug"
    assert shown(hass, voltage) == STATE_UNAVAILABLE
    assert float(shown(hass, other)) > 200
    simulator.user.devices = None
    await tick(3600)
    await tick(60)
    await finish_tasks(hass)
    assert float(shown(hass, voltage)) > 200


async def test_refused_token_is_sent_five_times_at_most(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    release: str,
    tick: Tick,
) -> None:
    """The first refusal stops all other requests until there is another token."""
    simulator.push = False
    await tick(60)
    refused = simulator.faults.requests[-1].headers["Authorization"]
    simulator.sessions.revoke()
    simulator.faults.clear_requests()
    await loaded.runtime_data.inventory.async_refresh()
    await tick(60)
    sent = [
        request.headers.get("Authorization") for request in simulator.faults.requests
    ]
    assert len(sent) > 5
    assert sent.count(refused) <= 5
    assert loaded.runtime_data.readings.last_update_success
