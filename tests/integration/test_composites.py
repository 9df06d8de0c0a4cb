"""Thermostats, valves and trackers, with a fictitious server."""

from collections.abc import AsyncIterator

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.live.written_value import OPTIMISTIC_SECONDS
from custom_components.metering_hub.registry.registrar import GONE_AFTER
from homeassistant.components.climate import ClimateEntityFeature
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNKNOWN, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from simulators.faults import Answer, Fault
from simulators.server import serve

from .composite_server import COMPOSITES, FIRST_VALUES, SPEC
from .conftest import Tick, set_up, shown
from .plug import POLL_SECONDS, PlugServer

THERMOSTAT = "climate.hall"
VALVE = "valve.tap_valve_1"
OPENING = "valve.tap_valve_2"
TRACKER = "device_tracker.bicycle"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PlugServer]:
    """Serve the composites, and register their backend during the test."""
    monkeypatch.setitem(BACKENDS, SPEC.key, SPEC)
    running = PlugServer()
    running.values = dict(FIRST_VALUES)
    running.settable = {COMPOSITES: True}
    async with serve(running.app) as url:
        running.url = url
        yield running
        running.let_go()


@pytest.fixture
async def loaded(hass: HomeAssistant, server: PlugServer) -> MockConfigEntry:
    """Return an entry that is set up."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Composites",
        unique_id="composites",
        data={"backend": SPEC.key, "url": server.url},
        options={"devices": [], "new_devices": True, "history": False},
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


@pytest.fixture(autouse=True)
async def _read(loaded: MockConfigEntry, tick: Tick) -> None:
    """Let the parts be read that are no entities by default."""
    await tick(2)


async def act(
    hass: HomeAssistant, service: str, entity_id: str, **data: object
) -> None:
    """Call a service of the entity's own domain."""
    domain = entity_id.partition(".")[0]
    await hass.services.async_call(
        domain, service, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True
    )


def attributes(hass: HomeAssistant, entity_id: str) -> dict[str, object]:
    """Return the attributes of an entity, which must have a state."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return dict(state.attributes)


async def test_thermostat_shows_its_parts(hass: HomeAssistant) -> None:
    """Its temperatures and modes are those of the points."""
    assert shown(hass, THERMOSTAT) == "heat"
    found = attributes(hass, THERMOSTAT)
    assert found["current_temperature"] == 20.5
    assert found["temperature"] == 21.0
    assert found["hvac_modes"] == ["off", "heat", "cool", "heat_cool"]
    assert (found["fan_mode"], found["fan_modes"]) == ("auto", ["auto", "circulate"])
    assert (found["min_temp"], found["max_temp"]) == (5, 35)
    assert found["friendly_name"] == "Hall"
    assert found["supported_features"] == (
        ClimateEntityFeature.TARGET_TEMPERATURE
        | ClimateEntityFeature.FAN_MODE
        | ClimateEntityFeature.TURN_ON
        | ClimateEntityFeature.TURN_OFF
    )


async def test_mode_and_target_are_written_together(
    hass: HomeAssistant, server: PlugServer
) -> None:
    """The server writes both in one request, so the other value is repeated."""
    await act(hass, "set_temperature", THERMOSTAT, temperature=24, hvac_mode="cool")
    assert sorted(server.written) == [("mode", "cool"), ("target", 24.0)]
    assert shown(hass, THERMOSTAT) == "cool"
    assert attributes(hass, THERMOSTAT)["temperature"] == 24
    server.written.clear()
    await act(hass, "set_temperature", THERMOSTAT, temperature=25)
    # The mode is the one just written, which no reading has confirmed yet.
    assert sorted(server.written) == [("mode", "cool"), ("target", 25.0)]


async def test_off_is_the_power(hass: HomeAssistant, server: PlugServer) -> None:
    """Off turns the power off; any other mode turns it on again."""
    await act(hass, "set_hvac_mode", THERMOSTAT, hvac_mode="off")
    assert server.written == [("system", False)]
    assert shown(hass, THERMOSTAT) == "off"
    server.written.clear()
    await act(hass, "set_hvac_mode", THERMOSTAT, hvac_mode="heat_cool")
    assert server.written[0] == ("system", True)
    assert sorted(server.written[1:]) == [("mode", "auto"), ("target", 21.0)]
    assert shown(hass, THERMOSTAT) == "heat_cool"
    await act(hass, "turn_off", THERMOSTAT)
    await act(hass, "turn_on", THERMOSTAT)
    assert shown(hass, THERMOSTAT) == "heat_cool"


async def test_options_of_the_same_mode_are_one(
    hass: HomeAssistant, server: PlugServer
) -> None:
    """Emergency heat is heat; nothing is written if that mode is set already."""
    server.change(mode="em heat")
    await act(hass, "set_fan_mode", THERMOSTAT, fan_mode="circulate")
    assert server.written == [("fan", "Circulate")]
    await hass.async_block_till_done()
    await act(hass, "set_hvac_mode", THERMOSTAT, hvac_mode="heat")
    assert server.written == [("fan", "Circulate")]


async def test_written_value_gives_way_to_readings(
    hass: HomeAssistant, server: PlugServer, tick: Tick
) -> None:
    """A value that the device did not take is shown for a few seconds only."""
    server.lags = True
    await act(hass, "set_temperature", THERMOSTAT, temperature=19)
    assert attributes(hass, THERMOSTAT)["temperature"] == 19
    await tick(OPTIMISTIC_SECONDS + 1)
    assert attributes(hass, THERMOSTAT)["temperature"] == 21


@pytest.mark.parametrize(
    ("service", "entity_id", "data"),
    [
        ("set_temperature", THERMOSTAT, {"temperature": 19}),
        ("open_valve", VALVE, {}),
        ("set_valve_position", OPENING, {"position": 70}),
    ],
)
async def test_refused_write_changes_nothing(
    hass: HomeAssistant,
    server: PlugServer,
    service: str,
    entity_id: str,
    data: dict[str, object],
) -> None:
    """The reason of the server is in the error."""
    before = hass.states.get(entity_id)
    refusal = Answer(422, b'{"reason":"It is locked"}', "application/json")
    server.faults.add(Fault(refusal, method="POST"))
    with pytest.raises(ServiceValidationError, match="It is locked"):
        await act(hass, service, entity_id, **data)
    assert hass.states.get(entity_id) == before


async def test_valves_are_opened_and_closed(
    hass: HomeAssistant, server: PlugServer
) -> None:
    """A valve is told to open by its command, or by a position."""
    assert shown(hass, VALVE) == "closed"
    await act(hass, "open_valve", VALVE)
    assert server.written == [("open", True)]
    assert shown(hass, VALVE) == "open"
    assert shown(hass, OPENING) == "open"
    assert attributes(hass, OPENING)["current_position"] == 40
    await act(hass, "set_valve_position", OPENING, position=75)
    assert attributes(hass, OPENING)["current_position"] == 75
    await act(hass, "close_valve", OPENING)
    assert server.written[1:] == [("to", 75), ("to", 0)]
    assert shown(hass, OPENING) == "closed"


async def test_tracker_appears_with_its_first_position(
    hass: HomeAssistant, loaded: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Without a position there is no entity; with one it needs no reload."""
    assert hass.states.get(TRACKER) is None
    server.values |= {"latitude": 24.62495, "longitude": 118.030576}
    await tick(POLL_SECONDS)
    await hass.async_block_till_done()
    assert shown(hass, TRACKER) == "not_home"
    found = attributes(hass, TRACKER)
    assert (found["latitude"], found["longitude"]) == (24.62495, 118.030576)
    assert found["source_type"] == "gps"
    registry = er.async_get(hass)
    tracker = registry.async_get(TRACKER)
    assert tracker is not None
    assert tracker.entity_category is None
    assert tracker.device_id is not None
    on_the_map = registry.async_get("device_tracker.bicycle_position_on_the_map")
    assert on_the_map is not None
    assert on_the_map.disabled
    assert on_the_map.entity_category is EntityCategory.DIAGNOSTIC
    parts = {"composites_latitude", "composites_longitude", "composites_is_open"}
    assert parts.isdisjoint(entity.unique_id for entity in registry.entities.values())


@pytest.mark.parametrize("position", [(0.0, 0.0), (91.0, 10.0), (10.0, -181.0)])
async def test_impossible_position_is_unknown(
    hass: HomeAssistant,
    server: PlugServer,
    tick: Tick,
    position: tuple[float, float],
) -> None:
    """Devices without a position report zeros, or what does not exist."""
    server.values |= {"latitude": position[0], "longitude": position[1]}
    await tick(POLL_SECONDS)
    await hass.async_block_till_done()
    assert shown(hass, TRACKER) == STATE_UNKNOWN
    assert "latitude" not in attributes(hass, TRACKER)


async def test_registered_composite_is_there_without_a_value(
    hass: HomeAssistant, loaded: MockConfigEntry, server: PlugServer
) -> None:
    """What the registry knows stays, also after a restart without a value."""
    server.values.pop("temperature")
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get(THERMOSTAT) is not None
    assert "current_temperature" in attributes(hass, THERMOSTAT)
    assert attributes(hass, THERMOSTAT)["current_temperature"] is None


async def test_composite_that_is_gone_is_removed(
    hass: HomeAssistant, loaded: MockConfigEntry, server: PlugServer
) -> None:
    """Its entity is removed once it has been missing several times in a row."""
    server.settable[COMPOSITES] = False
    for _ in range(GONE_AFTER):
        assert er.async_get(hass).async_get(THERMOSTAT) is not None
        await loaded.runtime_data.inventory.async_refresh()
    assert er.async_get(hass).async_get(THERMOSTAT) is None
    assert er.async_get(hass).async_get(TRACKER) is None


async def test_mode_that_is_not_known_is_refused(
    hass: HomeAssistant, server: PlugServer
) -> None:
    """Home Assistant refuses a mode that the thermostat does not have."""
    with pytest.raises(HomeAssistantError):
        await act(hass, "set_hvac_mode", THERMOSTAT, hvac_mode="dry")
    assert server.written == []
