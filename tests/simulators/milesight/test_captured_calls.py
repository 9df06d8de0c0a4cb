"""The simulator answers each captured call like the server it was captured from."""

from dataclasses import replace
import json
import re

import pytest

from simulators.milesight import MilesightSimulator
from simulators.milesight.templates import Template, parent, toggle

from .captured_calls import CapturedCall, all_calls, differences, put
from .conftest import VERSIONS, Object, beaver, build

pytestmark = pytest.mark.usefixtures("socket_enabled")


NAMES = {
    "LONG": "power_consumption",
    "DOUBLE": "voltage",
    "BOOLEAN": "socket_status",
    "STRING": "sn",
}
"""The simulated entities of each type."""

WRITTEN = {
    "switch_1": "socket_status",
    "relay": "socket_status",
    "limit": "limit",
    "energy_import": "power_consumption",
    "report_interval": "reporting_interval",
    "reboot": "reboot",
    "temperature_control_forbidden_config.auto_enable": "forbidden.auto",
}
"""The simulated entities that take the place of captured ones."""


def prepared(call: CapturedCall) -> MilesightSimulator:
    """Return a simulator with all kinds of entities that the calls name."""
    simulator = build(call.version)
    plug = simulator.world.device("Boiler plug")
    limit = Template("limit", "Limit", "DOUBLE", None, "RW")
    attribute: Object = {"min": 0.0, "max": 17.25, "fraction_digits": 2}
    simulator.world.equip(plug, replace(limit, attribute=attribute))
    forbidden = parent("forbidden", "Forbidden", toggle("auto", "A"), toggle("b", "B"))
    simulator.world.equip(plug, *forbidden)
    if call.name.startswith("service_call_"):
        text = Template("reboot", "Reboot", "STRING", None, "W", "SERVICE")
        simulator.world.equip(plug, replace(text, attribute={"optional": True}))
    if call.name == "write_refused_by_codec":
        interval = simulator.world.entity(plug.name, "reporting_interval")
        interval.attribute = {}
        simulator.codec_limits[interval.key] = (60, 64800)
    return simulator


def stand_ins(simulator: MilesightSimulator, call: CapturedCall) -> dict[str, str]:
    """Return an entity of the same type for the one that the call names."""
    world = simulator.world
    kind = re.search(r'"value_type": "(\w+)"', json.dumps(call.answer))
    name = NAMES.get(kind[1] if kind else "LONG", "power_consumption")
    entity = world.entity("Boiler plug", name)
    found = {}
    _, noun, captured, *_ = [*call.path.split("/"), "", ""]
    if captured.isdecimal() and captured != "1":
        device = world.device("Boiler plug")
        found[captured] = device.id if noun == "device" else entity.id
    body = call.body if isinstance(call.body, dict) else {}
    if "entity_id" in body:
        found[str(body["entity_id"])] = entity.id
    ids = body.get("entity_ids")
    if isinstance(ids, list) and "unknown" not in call.name:
        others = [entity, world.entity("Cellar", "humidity")]
        found |= {str(each): one.id for each, one in zip(ids, others, strict=False)}
    filters = body.get("entity_filter")
    if isinstance(filters, dict) and isinstance(filters.get("ENTITY_KEY"), dict):
        found[json.loads(json.dumps(filters))["ENTITY_KEY"]["values"][0]] = entity.key
    exchange = body.get("exchange")
    for key in exchange if isinstance(exchange, dict) else ():
        if written := WRITTEN.get(key.split(".", 3)[-1]):
            found[key] = world.entity("Boiler plug", written).key
    return found


@pytest.mark.parametrize("call", all_calls())
async def test_answer_is_like_the_captured_one(call: CapturedCall) -> None:
    """Each call of the captures, none left out."""
    simulator = prepared(call)
    # Before 1.2.1, any entity's values are the answer to a search of several.
    is_any = (call.version, call.name) == ("1.0.0", "history_search_two_entities")
    async with beaver(simulator) as client:
        got = await put(client, call, stand_ins(simulator, call))
        # The captured values were put into the database together with a time, which
        # the server itself never stores before 1.3.0.
        any_type = {"value"} if is_any else set()
        assert differences(call, got, {"updated_at"}, any_type) == []


async def test_limits_of_an_enum_are_nan_on_1_0() -> None:
    """As `detect_status` in the captured page of entities."""
    simulator = build("1.0.0")
    entity = simulator.world.entity("Boiler plug", "led_mode")
    async with beaver(simulator) as client:
        found = (await client.get(f"entity/{entity.id}/meta")).object
    attribute = found["value_attribute"]
    assert isinstance(attribute, dict)
    assert (attribute["min"], attribute["max"]) == ("NaN", "NaN")


@pytest.mark.parametrize("version", VERSIONS)
async def test_page_past_the_end(version: str) -> None:
    """Devices have the right total, entities page 1 again, or nothing on 1.0.0."""
    async with beaver(build(version)) as client:
        past: Object = {"page_size": 10, "page_number": 999}
        devices = (await client.post("device/search", past)).object
        assert devices["content"] == []
        assert devices["total"] == 24
        entities = (await client.post("entity/search", past)).object
        is_first = version != "1.0.0"
        assert bool(entities["content"]) is is_first
        assert bool(entities["total"]) is is_first
        assert entities["page_number"] == 1
