"""Events of a BEMServer: each fires once, even if Home Assistant was off."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
from simulators.bemserver import BemserverSimulator
from simulators.bemserver.model import Event

from ..conftest import Tick, set_up

ENTITY = "event.campus_paris_last_event"


@pytest.fixture
def options() -> dict[str, object]:
    """Select the campaign only."""
    return {
        "devices": ["campaign_1"],
        "known_devices": ["site_1"],
        "new_devices": False,
    }


def happen(simulator: BemserverSimulator, level: str, text: str) -> None:
    """Create an event on the server."""
    events = simulator.world.events
    number = max(events) + 1
    events[number] = Event(number, dt_util.utcnow(), level, 1, 3, text)


def event(hass: HomeAssistant) -> State:
    """Return the state of the campaign's event entity."""
    state = hass.states.get(ENTITY)
    assert state is not None
    return state


async def test_an_event_fires_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Old events do not fire; new ones of level WARNING or higher do."""
    assert event(hass).state == "unknown"
    await tick(300)
    assert event(hass).state == "unknown"
    happen(simulator, "INFO", "All is well")
    await tick(300)
    assert event(hass).state == "unknown"
    happen(simulator, "CRITICAL", "The boiler is gone")
    happened = dt_util.utcnow().replace(microsecond=0)
    await tick(300)
    shown = event(hass)
    assert shown.attributes["event_type"] == "critical"
    assert shown.attributes["description"] == "The boiler is gone"
    assert shown.attributes["category"] == "data outliers"
    assert shown.attributes["occurred"].startswith(happened.isoformat()[:19])
    await tick(300)
    assert event(hass).last_changed == shown.last_changed


async def test_an_event_during_a_restart_fires(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Only events since the last one shown fire."""
    happen(simulator, "WARNING", "Before")
    await tick(300)
    before = event(hass)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await tick(60)
    await set_up(hass, loaded)
    assert event(hass).state == before.state
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await tick(60)
    happen(simulator, "ERROR", "Meanwhile")
    await tick(60)
    await set_up(hass, loaded)
    assert event(hass).attributes["event_type"] == "error"
    assert event(hass).state != before.state


async def test_an_event_is_kept_while_the_server_is_away(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Its attributes are not shown without the moment of the event."""
    happen(simulator, "ERROR", "Before")
    await tick(300)
    occurred = event(hass).attributes["occurred"]
    simulator.reader.is_active = False
    await tick(300)
    assert event(hass).state == "unavailable"
    assert await hass.config_entries.async_unload(loaded.entry_id)
    simulator.reader.is_active = True
    await set_up(hass, loaded)
    shown = event(hass)
    assert shown.attributes["event_type"] == "error"
    assert dt_util.parse_datetime(shown.state) == dt_util.parse_datetime(occurred)


async def test_a_server_without_events(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """The very first event fires as well, once the entity exists."""
    simulator.world.events.clear()
    simulator.world.notifications.clear()
    await set_up(hass, entry)
    assert event(hass).state == "unknown"
    await tick(300)
    simulator.world.events[1] = Event(
        1, dt_util.utcnow() - timedelta(minutes=1), "WARNING", 1, 1, "First"
    )
    await tick(300)
    assert event(hass).attributes["event_type"] == "warning"
