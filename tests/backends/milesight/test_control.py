"""Control: values are written, and refusals reported."""

import asyncio
from dataclasses import replace

import pytest

from custom_components.metering_hub.backends.errors import (
    IncompleteGroupError,
    NotFoundError,
    Reason,
    RejectedError,
    ServerFaultError,
    UnreachableError,
)
from custom_components.metering_hub.metering.model import Kind, TextLimits, Value
from simulators.faults import Drop, Fault, Json, MutateJson, html_error
from simulators.milesight.templates import Access, Template, ValueType, parent, toggle
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Connect

UPDATE = "/entity/property/update"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("device", "identifier", "value", "written"),
    [
        ("Boiler plug", "socket_status", False, False),
        ("Boiler plug", "led_mode", "on", 1),
        ("Boiler plug", "reporting_interval", 120.0, 120),
        ("Boiler plug", "over_current_protection.threshold", 10, 10),
        ("Boiler plug", "over_current_protection.enable", False, False),
        ("Office fan coil", "target_temperature", 22.5, 22.5),
        ("Office fan coil", "fan_mode", "high", 3),
    ],
)
async def test_written_value_is_set(  # One per column.
    connect: Connect,
    version: str,
    device: str,
    identifier: str,
    value: Value,
    written: Json,
) -> None:
    beaver = await connect(build(version, count=8))
    point = beaver.point(await beaver.inventory(), device, identifier)
    assert point.writable
    await beaver.backend.write(point, value)
    entity = beaver.entity(device, identifier)
    latest = beaver.simulator.store.latest(entity)
    assert latest is not None
    assert latest.value == written
    assert type(latest.value) is type(written)
    assert (await beaver.read([point]))[point.key].value == value


@pytest.mark.parametrize("version", VERSIONS)
async def test_button_calls_its_service(connect: Connect, version: str) -> None:
    beaver = await connect(build(version, count=8))
    inventory = await beaver.inventory()
    register = beaver.point(inventory, "Boiler plug", "power_consumption")
    assert (await beaver.read([register]))[register.key].value != 0
    button = beaver.point(inventory, "Boiler plug", "reset_power_consumption")
    await beaver.backend.write(button, None)
    beaver.clock.forward(seconds=1)
    assert (await beaver.read([register]))[register.key].value == 0


@pytest.mark.parametrize("version", VERSIONS)
async def test_refusal_has_the_servers_own_words(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version, count=8))
    inventory = await beaver.inventory()
    point = beaver.point(inventory, "Boiler plug", "reporting_interval")
    with pytest.raises(RejectedError, match="out of valid range"):
        await beaver.backend.write(point, 5)
    gone = beaver.point(inventory, "Well pump", "reporting_interval")
    beaver.simulator.world.delete(beaver.simulator.world.device("Well pump"))
    with pytest.raises(RejectedError) as raised:
        await beaver.backend.write(gone, 20)
    assert raised.value.reason is Reason.NOTHING_ACCEPTED


@pytest.mark.parametrize("version", VERSIONS)
async def test_service_that_fails(connect: Connect, version: str) -> None:
    beaver = await connect(build(version, count=8))
    button = beaver.point(await beaver.inventory(), "Boiler plug", "reboot")
    key = beaver.entity("Boiler plug", "reboot").key
    beaver.simulator.failing_services.add(key)
    with pytest.raises(RejectedError, match="Service call failed"):
        await beaver.backend.write(button, None)


@pytest.mark.parametrize(
    ("identifier", "value"),
    [("led_mode", "Purple"), ("reporting_interval", 60.5), ("reporting_interval", "a")],
)
async def test_invalid_value_is_not_sent(
    connect: Connect, identifier: str, value: Value
) -> None:
    beaver = await connect(build(count=8))
    point = beaver.point(await beaver.inventory(), "Boiler plug", identifier)
    beaver.requests()
    with pytest.raises(RejectedError):
        await beaver.backend.write(point, value)
    assert beaver.requests() == []


async def test_deleted_entity(connect: Connect) -> None:
    beaver = await connect(build(count=8))
    point = beaver.point(await beaver.inventory(), "Well pump", "reporting_interval")
    beaver.simulator.world.delete(beaver.simulator.world.device("Well pump"))
    await beaver.backend.inventory()
    with pytest.raises(NotFoundError):
        await beaver.backend.write(point, 20)


async def test_write_is_never_sent_twice(connect: Connect) -> None:
    """The server may have processed a request whose answer was lost."""
    beaver = await connect(build(count=8))
    point = beaver.point(await beaver.inventory(), "Boiler plug", "socket_status")
    for action, error in (
        (html_error(500), ServerFaultError),
        (Drop(), UnreachableError),
    ):
        beaver.simulator.faults.add(Fault(action, "property/update"))
        beaver.requests()
        with pytest.raises(error):
            await beaver.backend.write(point, False)
        assert beaver.requests() == [UPDATE]
        beaver.simulator.faults.clear()


async def test_write_with_a_revoked_token(connect: Connect) -> None:
    beaver = await connect(build(count=8))
    point = beaver.point(await beaver.inventory(), "Boiler plug", "socket_status")
    beaver.simulator.sessions.revoke()
    await beaver.backend.write(point, False)
    assert (await beaver.read([point]))[point.key].value is False


async def test_service_with_a_single_choice_is_a_button(connect: Connect) -> None:
    """A service with only one possible value is a button."""
    beaver = await connect(build(count=1))
    key = beaver.entity("Boiler plug", "reboot").key

    def give_choice(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        content = data["content"]
        assert isinstance(content, list)
        for row in content:
            if isinstance(row, dict) and row["entity_key"] == key:
                row["entity_value_type"] = "LONG"
                row["entity_value_attribute"] = {"enum": {"1": "Yes"}}
        return answer

    reboot = beaver.entity("Boiler plug", "reboot")
    reboot.value_type, reboot.attribute = "LONG", {}

    beaver.simulator.faults.add(Fault(MutateJson(give_choice), "entity/search"))
    button = beaver.point(await beaver.inventory(), "Boiler plug", "reboot")
    assert button.options is None
    await beaver.backend.write(button, None)
    assert beaver.simulator.calls == [{key: 1}]


def text(key: str, access: Access = "RW", **attribute: Json) -> Template:
    """Return a writable text that no device has reported yet."""
    return Template(key, key, "STRING", None, access, attribute=attribute)


def forbidden() -> tuple[Template, ...]:
    """Return an object of which no device has reported the children."""
    children = (replace(toggle(key, key), source=None) for key in ("heat", "cool"))
    return parent("forbidden", "Forbidden (heat)", *children)


@pytest.mark.parametrize("version", VERSIONS)
async def test_child_goes_with_the_known_values_of_its_siblings(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version, count=1))
    inventory = await beaver.inventory()
    name = "over_current_protection.threshold"
    threshold = beaver.point(inventory, "Boiler plug", name)
    assert threshold.group in inventory.groups
    beaver.requests()
    await beaver.backend.write(threshold, 7)
    assert beaver.requests()[-1] == UPDATE
    assert (await beaver.read([threshold]))[threshold.key].value == 7


@pytest.mark.parametrize("version", VERSIONS)
async def test_child_is_refused_before_anything_is_sent(
    connect: Connect, version: str
) -> None:
    """Its siblings are not known, so the person has to set them, too."""
    simulator = build(version, count=1)
    simulator.world.equip(simulator.world.device("Boiler plug"), *forbidden())
    beaver = await connect(simulator)
    inventory = await beaver.inventory()
    heat = beaver.point(inventory, "Boiler plug", "forbidden.heat")
    with pytest.raises(IncompleteGroupError, match=r"^cool$"):
        await beaver.backend.write(heat, True)
    assert UPDATE not in beaver.requests()
    group = inventory.groups[heat.group or ""]
    assert group.name == "Forbidden"
    keys = {field.name: field.key for field in group.fields}
    with pytest.raises(IncompleteGroupError, match=r"^heat$"):
        await beaver.backend.write_group(group, {keys["cool"]: True})
    await beaver.backend.write_group(group, {keys["heat"]: True, keys["cool"]: False})
    assert (await beaver.read([heat]))[heat.key].value is True
    await beaver.backend.write(heat, False)
    assert (await beaver.read([heat]))[heat.key].value is False


async def test_children_that_are_set_at_once_do_not_undo_each_other(
    connect: Connect,
) -> None:
    simulator = build(count=1)
    simulator.world.equip(simulator.world.device("Boiler plug"), *forbidden())
    beaver = await connect(simulator)
    inventory = await beaver.inventory()
    both = [
        beaver.point(inventory, "Boiler plug", f"forbidden.{key}")
        for key in ("heat", "cool")
    ]
    group = inventory.groups[both[0].group or ""]
    await beaver.backend.write_group(group, {point.key: False for point in both})
    beaver.clock.forward(seconds=1)
    await asyncio.gather(*(beaver.backend.write(point, True) for point in both))
    readings = await beaver.read(both)
    assert [readings[point.key].value for point in both] == [True, True]


async def test_service_with_parameters_is_called_with_all_of_them(
    connect: Connect,
) -> None:
    beaver = await connect(build(count=1))
    inventory = await beaver.inventory()
    (group,) = (each for each in inventory.groups.values() if each.name == "Delay Task")
    keys = {field.name: field.key for field in group.fields}
    values = {keys["Delay Time"]: 60.0, keys["Socket Status"]: True}
    await beaver.backend.write_group(group, values)
    prefix = beaver.entity("Boiler plug", "delay_task").key
    expected = {f"{prefix}.delay_time": 60, f"{prefix}.socket_status": True}
    assert beaver.simulator.calls == [expected]


@pytest.mark.parametrize(
    ("value_type", "attribute", "argument"),
    [
        ("BOOLEAN", {"enum": {"false": "no", "true": "yes"}}, True),
        ("STRING", {"optional": True}, ""),
        ("OBJECT", {}, {}),
        ("LONG", {"enum": {"0": "no", "1": "yes"}}, 1),
    ],
)
async def test_button_sends_what_its_service_takes(
    connect: Connect, value_type: ValueType, attribute: dict[str, Json], argument: Json
) -> None:
    simulator = build(count=1)
    service = Template("ring", "Ring", value_type, None, "W", "SERVICE", attribute)
    simulator.world.equip(simulator.world.device("Boiler plug"), service)
    beaver = await connect(simulator)
    button = beaver.point(await beaver.inventory(), "Boiler plug", "ring")
    assert button.kind is Kind.ACTION
    await beaver.backend.write(button, None)
    key = beaver.entity("Boiler plug", "ring").key
    assert simulator.calls == [{key: argument}]


async def test_reset_that_is_a_property_is_a_button(connect: Connect) -> None:
    simulator = build(count=1)
    plug = simulator.world.device("Boiler plug")
    simulator.world.equip(plug, toggle("reset_total", "Reset Total"))
    beaver = await connect(simulator)
    button = beaver.point(await beaver.inventory(), "Boiler plug", "reset_total")
    assert button.kind is Kind.ACTION
    await beaver.backend.write(button, None)
    latest = simulator.store.latest(beaver.entity("Boiler plug", "reset_total"))
    assert latest is not None
    assert latest.value is True


async def test_limits_of_the_codec_come_back_in_its_words(connect: Connect) -> None:
    beaver = await connect(build(count=1))
    point = beaver.point(await beaver.inventory(), "Boiler plug", "reporting_interval")
    key = beaver.entity("Boiler plug", "reporting_interval").key
    beaver.simulator.codec_limits[key] = (600, 1200)
    with pytest.raises(RejectedError, match="must be between 600 and 1200"):
        await beaver.backend.write(point, 300)


async def test_numbers_are_rounded_before_they_are_sent(connect: Connect) -> None:
    beaver = await connect(build(count=8))
    point = beaver.point(
        await beaver.inventory(), "Office fan coil", "target_temperature"
    )
    await beaver.backend.write(point, 22.25)
    entity = beaver.entity("Office fan coil", "target_temperature")
    assert entity.site.written[entity.identifier][-1][1] == 22.3
    with pytest.raises(RejectedError):
        await beaver.backend.write(point, float("nan"))


async def test_texts(connect: Connect) -> None:
    simulator = build(count=1)
    simulator.world.equip(
        simulator.world.device("Boiler plug"),
        text("label", min_length=2, max_length=8),
        text("d2d_key", max_length=16),
        text("code", "W"),
    )
    beaver = await connect(simulator)
    inventory = await beaver.inventory()
    label, key, code = (
        beaver.point(inventory, "Boiler plug", name)
        for name in ("label", "d2d_key", "code")
    )
    assert label.text == TextLimits(shortest=2, longest=8)
    assert key.text == TextLimits(longest=16, is_secret=True)
    assert code.text is not None
    assert code.text.is_secret
    beaver.requests()
    with pytest.raises(RejectedError, match="between 2 and 8"):
        await beaver.backend.write(label, "x")
    assert beaver.requests() == []
    await beaver.backend.write(label, "Kitchen")
    await beaver.backend.write(key, "0123456789abcdef")
    readings = await beaver.read([label, key])
    assert readings[label.key].value == "Kitchen"
    assert key.key not in readings


async def test_options_of_the_same_text_can_both_be_written(connect: Connect) -> None:
    simulator = build(count=1)
    attribute: dict[str, Json] = {"enum": {"0": "On", "1": "On", "2": "Off"}}
    mode = Template("mode", "Mode", "LONG", None, "RW", attribute=attribute)
    simulator.world.equip(simulator.world.device("Boiler plug"), mode)
    beaver = await connect(simulator)
    point = beaver.point(await beaver.inventory(), "Boiler plug", "mode")
    entity = beaver.entity("Boiler plug", "mode")
    assert point.options is not None
    for option in point.options:
        await beaver.backend.write(point, option)
    assert [value for _, value in entity.site.written["mode"]] == [0, 1, 2]
