"""The simulator answers each captured call like the server it was captured from."""

import pytest

from simulators.milesight import MilesightSimulator

from .captured_calls import CapturedCall, calls_of, differences, put
from .conftest import VERSIONS, Object, beaver, build

pytestmark = pytest.mark.usefixtures("socket_enabled")


def stand_ins(simulator: MilesightSimulator, call: CapturedCall) -> dict[str, str]:
    """Return an entity of the same type for the one that the call names."""
    world = simulator.world
    names = {
        "long": "power_consumption",
        "double": "voltage",
        "boolean": "socket_status",
        "string": "sn",
    }
    data = call.answer.get("data")
    kind = str(data.get("value_type", "LONG")) if isinstance(data, dict) else "LONG"
    entity = world.entity("Boiler plug", names[kind.lower()])
    device = world.device("Boiler plug")
    found = {}
    _, noun, captured, *_ = [*call.path.split("/"), "", ""]
    if captured.isdecimal() and captured != "1":
        found[captured] = device.id if noun == "device" else entity.id
    body = call.body if isinstance(call.body, dict) else {}
    ids = body.get("entity_ids")
    if isinstance(ids, list) and "unknown" not in call.name:
        found |= {str(each): entity.id for each in ids}
    if "any_equals_key" in call.name or "eq_key" in call.name:
        filters = body["entity_filter"]
        assert isinstance(filters, dict)
        condition = filters["ENTITY_KEY"]
        assert isinstance(condition, dict)
        values = condition["values"]
        assert isinstance(values, list)
        found[str(values[0])] = entity.key
    return found


@pytest.mark.parametrize(
    "call",
    calls_of(
        "user",
        "device",
        "entity_search",
        "advanced_search",
        "batch",
        "unknown_path",
        "status_of",
        "status_long",
        "status_double",
        "status_boolean",
        "status_string",
        "meta",
    ),
)
async def test_answer_is_like_the_captured_one(call: CapturedCall) -> None:
    simulator = build(call.version)
    async with beaver(simulator) as client:
        got = await put(client, call, stand_ins(simulator, call))
        # The captured values were put into the database together with a time, which
        # the server itself never stores before 1.3.0.
        assert differences(call, got, {"updated_at"}) == []


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
