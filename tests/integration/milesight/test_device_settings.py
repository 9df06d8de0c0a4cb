"""Values that are set together, texts, and what no device has confirmed."""

from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.metering_hub.const import DOMAIN
from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er
from simulators.faults import Json
from simulators.milesight import MilesightSimulator
from simulators.milesight.templates import Template, parent, select, text, toggle

from ..conftest import Tick, set_up, shown
from .helpers import entity_id_of

PLUG = "Boiler plug"


@pytest.fixture
def devices() -> int:
    """Return how many devices the server has."""
    return 1


def silent(template: Template) -> Template:
    """Return a setting that no device has reported yet."""
    return replace(template, source=None, access="RW")


@pytest.fixture
async def settings(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> MockConfigEntry:
    """Return an entry whose plug has an alarm, a label and a key; all are enabled."""
    key: dict[str, Json] = {"max_length": 16}
    simulator.world.equip(
        simulator.world.device(PLUG),
        *parent(
            "alarm",
            "Alarm (On)",
            silent(toggle("active", "Alarm (Active)")),
            silent(select("mode", "Alarm (Mode)", {"0": "Below", "1": "Above"}, 0)),
            silent(Template("secret_key", "Alarm (Key)", "STRING", attribute=key)),
        ),
        silent(text("label", "Label", "", min_length=2, max_length=8)),
        silent(text("d2d_key", "D2D Key", "", max_length=16)),
    )
    await set_up(hass, entry)
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if entity.domain in ("switch", "select", "text"):
            registry.async_update_entity(entity.entity_id, disabled_by=None)
    # Home Assistant waits for half a minute before it reloads the entry.
    await tick(40)
    return entry


VALUES = {"Active": True, "Mode": "above", "Key": "0123456789abcdef"}


async def set_values(
    hass: HomeAssistant, context: Context | None = None, **data: object
) -> None:
    await hass.services.async_call(
        DOMAIN, "set_values", data, blocking=True, context=context
    )


def written(simulator: MilesightSimulator, identifier: str) -> list[Json]:
    """Return what was written to an entity of the plug."""
    site = simulator.world.device(PLUG).site
    return [value for _, value in site.written.get(identifier, [])]


async def test_single_entity_names_its_siblings(
    hass: HomeAssistant, settings: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    entity_id = entity_id_of(hass, simulator, PLUG, "alarm.active")
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(
            "switch", "turn_on", {"entity_id": entity_id}, blocking=True
        )
    assert refused.value.translation_key == "incomplete_group"
    assert refused.value.translation_placeholders == {"reason": "Mode, Key"}
    assert written(simulator, "alarm.active") == []


async def test_action_sets_all_values_at_once(
    hass: HomeAssistant,
    settings: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    entity_id = entity_id_of(hass, simulator, PLUG, "alarm.active")
    await set_values(hass, entity_id=entity_id, values=VALUES)
    assert written(simulator, "alarm.active") == [True]
    assert written(simulator, "alarm.mode") == [1]
    assert written(simulator, "alarm.secret_key") == [VALUES["Key"]]
    await tick(40)
    assert shown(hass, entity_id) == "on"
    state = hass.states.get(entity_id)
    assert state is not None
    # The latest value is the server's own echo of what was written.
    assert state.attributes["delivery"] == "sent"
    simulator.world.write(
        simulator.world.entity(PLUG, "alarm.active"), True, simulator.now
    )
    await tick(40)
    state = hass.states.get(entity_id)
    assert state is not None
    assert state.attributes["delivery"] == "confirmed"
    secret = entity_id_of(hass, simulator, PLUG, "alarm.secret_key")
    assert shown(hass, secret) == STATE_UNKNOWN


async def test_action_by_device_and_group(
    hass: HomeAssistant, settings: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    entity_id = entity_id_of(hass, simulator, PLUG, "alarm.active")
    entity = er.async_get(hass).async_get(entity_id)
    assert entity is not None
    device = {"device_id": entity.device_id}
    await set_values(
        hass,
        **device,
        group="Delay Task",
        values={"Delay Time": 5, "Socket Status": "off"},
    )
    ((key, value), (_, state)) = simulator.calls[0].items()
    assert key.endswith("delay_task.delay_time")
    assert (value, state) == (5, False)
    for group, values, key in (
        ("Nothing", VALUES, "unknown_group"),
        ("Alarm", {"Colour": 1}, "unknown_setting"),
        ("Alarm", VALUES | {"Active": 5}, "setting_no_flag"),
        ("Alarm", VALUES | {"Mode": "Purple"}, "setting_no_option"),
        ("Alarm", VALUES | {"Key": "x" * 17}, "setting_wrong_length"),
        ("Alarm", {"Active": True}, "incomplete_group"),
        ("Delay Task", {"Delay Time": "soon"}, "setting_no_number"),
        ("Delay Task", {"Delay Time": 0}, "setting_out_of_range"),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await set_values(hass, **device, group=group, values=values)
        assert refused.value.translation_key == key
    assert written(simulator, "alarm.active") == []


async def test_action_needs_the_control_of_all_entities(
    hass: HomeAssistant,
    settings: MockConfigEntry,
    simulator: MilesightSimulator,
    hass_read_only_user: MockUser,
) -> None:
    ids = [
        entity_id_of(hass, simulator, PLUG, f"alarm.{name}")
        for name in ("active", "mode", "secret_key")
    ]
    user = hass_read_only_user
    context = Context(user_id=user.id)
    for allowed in (ids[:2], ids):
        policy = {each: {POLICY_CONTROL: True} for each in allowed}
        user.mock_policy({"entities": {"entity_ids": policy}})
        if allowed == ids:
            await set_values(hass, context, entity_id=ids[0], values=VALUES)
            continue
        with pytest.raises(Unauthorized):
            await set_values(hass, context, entity_id=ids[0], values=VALUES)
        assert written(simulator, "alarm.active") == []
    assert written(simulator, "alarm.active") == [True]


async def test_texts(
    hass: HomeAssistant,
    settings: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """A secret is sent, and never shown."""
    for identifier, value, state in (
        ("label", "Cellar", "Cellar"),
        ("d2d_key", "0123456789abcdef", STATE_UNKNOWN),
    ):
        entity_id = entity_id_of(hass, simulator, PLUG, identifier)
        await hass.services.async_call(
            "text", "set_value", {"entity_id": entity_id, "value": value}, blocking=True
        )
        assert written(simulator, identifier) == [value]
        assert shown(hass, entity_id) == state
        await tick(40)
        assert shown(hass, entity_id) == state


async def test_form(
    hass: HomeAssistant, settings: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    options = hass.config_entries.options
    step = await options.async_init(settings.entry_id)
    assert "device_settings" in (step["menu_options"] or ())
    flow = step["flow_id"]
    await options.async_configure(flow, {"next_step_id": "device_settings"})
    inventory = settings.runtime_data.inventory.data
    (group,) = (each for each in inventory.groups.values() if each.name == "Alarm")
    await options.async_configure(flow, {"device": group.device_key})
    step = await options.async_configure(flow, {"group": group.key})
    assert step["step_id"] == "device_settings_values"
    limit = simulator.world.entity(PLUG, "alarm.mode")
    values = {"Active": "on", "Mode": "above", "Key": "x" * 17}
    step = await options.async_configure(flow, values)
    assert step["errors"] == {"Key": "setting_wrong_length"}
    simulator.codec_limits[limit.key] = (0, 0)
    values["Key"] = "0123456789abcdef"
    step = await options.async_configure(flow, values)
    assert step["errors"] == {"base": "settings_rejected"}
    assert (
        "must be between 0 and 0" in (step["description_placeholders"] or {})["reason"]
    )
    for marker in step["data_schema"].schema:
        if str(marker) == "Key":
            assert not (marker.description or {}).get("suggested_value")
    simulator.codec_limits.clear()
    step = await options.async_configure(flow, values)
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "settings_sent"
    assert written(simulator, "alarm.mode") == [1]
