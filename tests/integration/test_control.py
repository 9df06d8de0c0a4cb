"""Switches, numbers, selects and buttons send values, and report errors."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.metering_hub.live.written_value import OPTIMISTIC_SECONDS
from homeassistant.components.number import DOMAIN as NUMBER
from homeassistant.components.select import DOMAIN as SELECT
from homeassistant.const import (
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    EntityCategory,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from simulators.faults import Action, Answer, Drop, Fault, busy, html_error

from .conftest import Tick, set_up, shown
from .plug import POLL_SECONDS, PlugServer, eventually, told

BUTTON = "button.plug_clear"
LIMIT = "number.plug_limit"
MODE = "select.plug_mode"
POWER = "sensor.plug_power"
RELAY = "switch.plug_relay"

ACTIONS = {
    RELAY: ("switch", "turn_on", {}),
    LIMIT: (NUMBER, "set_value", {"value": 500}),
    MODE: (SELECT, "select_option", {"option": "comfort"}),
    BUTTON: ("button", "press", {}),
}
"""An action for each platform."""


async def act(hass: HomeAssistant, entity_id: str) -> None:
    """Perform the action of an entity."""
    domain, action, data = ACTIONS[entity_id]
    target = {"entity_id": entity_id}
    await hass.services.async_call(domain, action, data, blocking=True, target=target)


async def switch(hass: HomeAssistant, action: str) -> None:
    """Turn the relay on or off."""
    target = {"entity_id": RELAY}
    await hass.services.async_call("switch", action, blocking=True, target=target)


@pytest.mark.parametrize(
    ("entity_id", "before", "written", "after"),
    [
        (RELAY, STATE_OFF, ("relay", True), STATE_ON),
        (LIMIT, "1000.0", ("limit", 500.0), "500.0"),
        (MODE, "eco", ("mode", "comfort"), "comfort"),
    ],
)
async def test_written_value_is_shown_at_once_and_read_again(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    tick: Tick,
    entity_id: str,
    before: str,
    written: tuple[str, object],
    after: str,
) -> None:
    """The state changes at once; a reading a second later confirms it."""
    assert shown(hass, entity_id) == before
    await act(hass, entity_id)
    assert server.written == [written]
    assert shown(hass, entity_id) == after
    assert server.reads == []
    await tick(1)
    assert server.reads == [{written[0]}]
    assert shown(hass, entity_id) == after
    for _ in range(20):
        await tick(1)
    assert server.reads == [{written[0]}]
    assert shown(hass, entity_id) == after


async def test_switch_off(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer
) -> None:
    """The switch can be turned off."""
    await switch(hass, "turn_on")
    await switch(hass, "turn_off")
    assert server.written == [("relay", True), ("relay", False)]
    assert shown(hass, RELAY) == STATE_OFF


async def test_number_is_described_by_its_point(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer
) -> None:
    """Limits, step, unit and class are the point's; other values are not sent."""
    state = hass.states.get(LIMIT)
    assert state is not None
    assert dict(state.attributes) == {
        "min": 10.0,
        "max": 3680.0,
        "step": 5.0,
        "mode": "box",
        "unit_of_measurement": "W",
        "device_class": "power",
        "friendly_name": "Plug Limit",
    }
    for value in (9.9, 3680.1):
        with pytest.raises(ServiceValidationError):
            await hass.services.async_call(
                NUMBER, "set_value", {"entity_id": LIMIT, "value": value}, blocking=True
            )
    assert server.written == []


async def test_number_without_limits_takes_any_value(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer
) -> None:
    """Without limits, the server decides which values it rejects."""
    entity_id = "number.plug_offset"
    state = hass.states.get(entity_id)
    assert state is not None
    assert state.attributes["unit_of_measurement"] == "parsec"
    assert "device_class" not in state.attributes
    data = {"entity_id": entity_id, "value": -123456.78}
    await hass.services.async_call(NUMBER, "set_value", data, blocking=True)
    assert server.written == [("offset", -123456.78)]


async def test_select_has_the_options_of_its_point(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer
) -> None:
    """Other values than the options are not sent."""
    state = hass.states.get(MODE)
    assert state is not None
    assert state.attributes["options"] == ["eco", "comfort", "off"]
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(
            SELECT, "select_option", {"entity_id": MODE, "option": "no"}, blocking=True
        )
    assert server.written == []


@pytest.mark.parametrize(
    ("entity_id", "values"),
    [
        (RELAY, {"relay": "on"}),
        (RELAY, {"relay": 1}),
        (LIMIT, {"limit": "much"}),
        (LIMIT, {"limit": True}),
        (MODE, {"mode": 3}),
    ],
)
async def test_value_of_the_wrong_type_is_unknown(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    tick: Tick,
    entity_id: str,
    values: dict[str, str | float | bool],
) -> None:
    """An invalid value is unknown, and other points are not affected."""
    server.values |= {**values, "power": 99.0}
    await tick(POLL_SECONDS)
    assert shown(hass, entity_id) == STATE_UNKNOWN
    assert shown(hass, POWER) == "99.0"


async def test_text_that_can_be_set_is_only_shown(
    hass: HomeAssistant, plug: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """A writable text is a diagnostic sensor."""
    assert shown(hass, "sensor.plug_note") == "cellar"
    note = entity_registry.async_get("sensor.plug_note")
    assert note is not None
    assert note.entity_category is EntityCategory.DIAGNOSTIC


@pytest.mark.parametrize("entity_id", [LIMIT, BUTTON])
async def test_settings_are_configuration(
    plug: MockConfigEntry, entity_registry: er.EntityRegistry, entity_id: str
) -> None:
    """Writable points are configuration, even if they are declared diagnostic."""
    entity = entity_registry.async_get(entity_id)
    assert entity is not None
    assert entity.entity_category is EntityCategory.CONFIG


async def test_button_triggers_the_action_and_reads_its_device(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """After a press, the values of the same device are read together, once."""
    assert shown(hass, BUTTON) == STATE_UNKNOWN
    await act(hass, BUTTON)
    assert server.written == [("clear", None)]
    assert shown(hass, BUTTON).startswith("2026-11-21T10:30")
    server.values["power"] = 0.0
    await tick(1)
    assert shown(hass, POWER) == "0.0"
    same_device = {"power", "register", "relay", "limit", "offset", "mode", "note"}
    assert server.reads == [same_device]


async def test_actions_are_not_polled(
    plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Actions have no value to read."""
    await tick(POLL_SECONDS)
    [read] = server.reads
    assert "relay" in read
    assert "clear" not in read


REFUSALS = [
    pytest.param(
        Answer(422, b'{"reason":"Relay is locked"}', "application/json"),
        "rejected",
        {"reason": "Relay is locked"},
        id="value refused",
    ),
    pytest.param(html_error(403), "permission_denied", {}, id="forbidden"),
    pytest.param(html_error(404), "not_found", {}, id="not found"),
    pytest.param(html_error(500), "server_error", {"status": "500"}, id="fails"),
    pytest.param(Drop(), "cannot_connect", {}, id="hangs up"),
    pytest.param(busy(429, 60), "rate_limited_for", {"seconds": "60"}, id="too often"),
]


@pytest.mark.parametrize("entity_id", ACTIONS)
@pytest.mark.parametrize(("answer", "key", "told"), REFUSALS)
async def test_rejected_write_raises_and_changes_nothing(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    tick: Tick,
    entity_id: str,
    answer: Action,
    key: str,
    told: dict[str, str],
) -> None:
    """The error has the reason; a rejected value is a validation error."""
    before = shown(hass, entity_id)
    server.faults.add(Fault(answer, method="POST"))
    with pytest.raises(HomeAssistantError) as refused:
        await act(hass, entity_id)
    assert refused.value.translation_key == key
    assert refused.value.translation_placeholders == told
    assert isinstance(refused.value, ServiceValidationError) is (key == "rejected")
    if entity_id != BUTTON:
        assert shown(hass, entity_id) == before
    await tick(OPTIMISTIC_SECONDS)
    assert server.faults.count("/values", "POST") == 1
    assert server.reads == []
    assert hass.config_entries.flow.async_progress() == []


async def test_reason_is_part_of_the_message(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer
) -> None:
    """The message contains the reason that the server returned."""
    refusal = Answer(422, b'{"reason":"Relay is locked"}', "application/json")
    server.faults.add(Fault(refusal, method="POST"))
    with pytest.raises(ServiceValidationError, match="the request: Relay is locked"):
        await act(hass, RELAY)


async def test_rejected_credentials_start_a_reauthentication(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer
) -> None:
    """The write raises, and a reauthentication starts."""
    server.faults.add(Fault(html_error(401), method="POST"))
    with pytest.raises(HomeAssistantError) as refused:
        await act(hass, RELAY)
    assert refused.value.translation_key == "invalid_auth"
    await hass.async_block_till_done()
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    assert shown(hass, RELAY) == STATE_OFF


async def test_early_reading_does_not_undo_what_was_written(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A slow server still returns the previous value, which is not shown."""
    server.lags = True
    await act(hass, RELAY)
    states = async_capture_events(hass, "state_changed")
    for _ in range(6):
        await tick(1)
    assert server.reads == [{"relay"}, {"relay"}]
    assert shown(hass, RELAY) == STATE_ON
    server.apply()
    for _ in range(20):
        await tick(1)
    assert len(server.reads) == 3
    assert shown(hass, RELAY) == STATE_ON
    assert states == []


async def test_previous_value_is_shown_again_in_the_end(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A write without effect is only shown for some seconds."""
    server.lags = True
    await act(hass, RELAY)
    for _ in range(int(OPTIMISTIC_SECONDS) - 1):
        await tick(1)
        assert shown(hass, RELAY) == STATE_ON
    await tick(1)
    assert shown(hass, RELAY) == STATE_OFF
    assert server.reads == [{"relay"}] * 3
    server.apply()
    await tick(POLL_SECONDS)
    assert shown(hass, RELAY) == STATE_ON


async def test_other_value_is_shown_at_once(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """The server may round the value, or another user may change it."""
    await act(hass, LIMIT)
    assert shown(hass, LIMIT) == "500.0"
    server.values["limit"] = 495.0
    await tick(1)
    assert shown(hass, LIMIT) == "495.0"


async def test_reading_requested_before_the_write_is_ignored(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A poll in progress may have any value from before the write."""
    server.values["limit"] = 700.0
    gate = server.hold()
    poll = asyncio.create_task(tick(POLL_SECONDS))
    await eventually(lambda: len(server.reads) == 1)
    await act(hass, LIMIT)
    gate.set()
    await poll
    assert shown(hass, LIMIT) == "500.0"
    await tick(1)
    assert shown(hass, LIMIT) == "500.0"
    assert server.reads[1:] == [{"limit"}]


async def test_writes_in_a_row_do_not_flicker(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """No earlier value is shown again until the last one is confirmed."""
    server.lags = True
    await switch(hass, "turn_on")
    await switch(hass, "turn_off")
    await switch(hass, "turn_on")
    await tick(1)
    assert shown(hass, RELAY) == STATE_ON
    assert server.reads == [{"relay"}]
    server.values["mode"] = "off"
    await told(plug, server, "relay", "mode")
    await tick(1)
    assert shown(hass, RELAY) == STATE_ON
    assert shown(hass, MODE) == "off"


async def test_server_that_fails_is_unavailable_for_control(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Nothing is sent while the entity is unavailable."""
    server.faults.add(Fault(Drop(), "/values"))
    await tick(POLL_SECONDS)
    assert {shown(hass, entity_id) for entity_id in ACTIONS} == {STATE_UNAVAILABLE}
    for entity_id in ACTIONS:
        await act(hass, entity_id)
    assert server.written == []
    server.faults.clear()
    await tick(POLL_SECONDS)
    assert shown(hass, RELAY) == STATE_OFF


async def test_failure_after_a_write_is_shown(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A written value does not make the entity available."""
    server.lags = True
    server.faults.add(Fault(Drop(), "/values", skip=1))
    await tick(POLL_SECONDS - 5)
    await act(hass, RELAY)
    await tick(5)
    assert shown(hass, RELAY) == STATE_UNAVAILABLE
    server.faults.clear()
    server.apply()
    await tick(POLL_SECONDS)
    assert shown(hass, RELAY) == STATE_ON


async def test_state_is_written_only_for_own_changes(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Changes of other points do not write the state of a control."""

    def reported() -> dict[str, datetime]:
        return {
            state.entity_id: state.last_reported for state in hass.states.async_all()
        }

    before = reported()
    server.values["power"] = 1.5
    await tick(POLL_SECONDS)
    after = reported()
    assert {
        entity_id for entity_id in after if after[entity_id] != before[entity_id]
    } == {POWER}


async def test_unloading_cancels_timers(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """After unloading, nothing is read or shown."""
    server.lags = True
    await act(hass, RELAY)
    assert await hass.config_entries.async_unload(plug.entry_id)
    assert shown(hass, RELAY) == STATE_UNAVAILABLE
    for _ in range(20):
        await tick(1)
    assert server.reads == []
    assert shown(hass, RELAY) == STATE_UNAVAILABLE


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("relay", RELAY, "binary_sensor.plug_relay"),
        ("power", POWER, "number.plug_power"),
    ],
)
async def test_point_that_changes_platform_leaves_no_entity_behind(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    entity_registry: er.EntityRegistry,
    tick: Tick,
    key: str,
    before: str,
    after: str,
) -> None:
    """A point that becomes writable or read-only has a single entity."""
    server.settable[key] = not server.settable[key]
    await tick(3600)
    await tick(1)
    assert entity_registry.async_get(before) is None
    assert shown(hass, after) in (STATE_OFF, "12.5")


async def test_point_that_changes_platform_keeps_what_the_user_has_set(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    entity_registry: er.EntityRegistry,
    tick: Tick,
) -> None:
    """Name, area, icon, labels, aliases, visibility and entity id go on."""
    chosen: dict[str, Any] = {
        "aliases": ["the pump"],
        "area_id": "cellar",
        "categories": {"helpers": "water"},
        "hidden_by": er.RegistryEntryHider.USER,
        "icon": "mdi:water-pump",
        "labels": {"garden"},
        "name": "Pump",
    }
    entity_registry.async_update_entity(
        RELAY, new_entity_id="switch.garden_pump", **chosen
    )
    server.settable["relay"] = False
    await tick(3600)
    await tick(1)
    assert entity_registry.async_get("switch.garden_pump") is None
    moved = entity_registry.async_get("binary_sensor.garden_pump")
    assert moved is not None
    assert {field: getattr(moved, field) for field in chosen} == chosen
    assert shown(hass, moved.entity_id) == STATE_OFF


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (er.RegistryEntryDisabler.USER, er.RegistryEntryDisabler.USER),
        (er.RegistryEntryDisabler.INTEGRATION, None),
        (None, None),
    ],
)
async def test_point_that_changes_platform_stays_as_the_user_left_it(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    entity_registry: er.EntityRegistry,
    tick: Tick,
    before: er.RegistryEntryDisabler | None,
    after: er.RegistryEntryDisabler | None,
) -> None:
    """What the user disabled stays so; what only its default disabled may be shown."""
    entity_registry.async_update_entity(RELAY, disabled_by=before)
    server.settable["relay"] = False
    await tick(3600)
    await tick(1)
    moved = entity_registry.async_get("binary_sensor.plug_relay")
    assert moved is not None
    assert moved.disabled_by is after
    is_shown = hass.states.get("binary_sensor.plug_relay") is not None
    assert is_shown is (after is None)


async def test_backend_that_cannot_write_has_no_controls(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Only backends that can write have control platforms."""
    await set_up(hass, entry)
    loaded = {name for name in hass.config.components if name.startswith("metering_")}
    assert {"metering_hub.sensor", "metering_hub.binary_sensor"} <= loaded
    assert not {"metering_hub.switch", "metering_hub.button"} & loaded
