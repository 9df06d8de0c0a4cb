"""Control: values are written, and refusals reported."""

import pytest

from custom_components.metering_hub.backends.errors import (
    NotFoundError,
    RejectedError,
    ServerFaultError,
    UnreachableError,
)
from custom_components.metering_hub.metering.model import Value
from simulators.faults import Drop, Fault, Json, MutateJson, html_error
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Connect

UPDATE = "/entity/property/update"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("device", "identifier", "value", "written"),
    [
        ("Boiler plug", "socket_status", False, False),
        ("Boiler plug", "led_mode", "On", 1),
        ("Boiler plug", "reporting_interval", 120.0, 120),
        ("Boiler plug", "over_current_protection.threshold", 10, 10),
        ("Boiler plug", "over_current_protection.enable", False, False),
        ("Office fan coil", "target_temperature", 22.5, 22.5),
        ("Office fan coil", "fan_mode", "High", 3),
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
    with pytest.raises(RejectedError, match="must not be less than 60"):
        await beaver.backend.write(point, 5)
    gone = beaver.point(inventory, "Well pump", "reporting_interval")
    beaver.simulator.world.delete(beaver.simulator.world.device("Well pump"))
    with pytest.raises(RejectedError, match="No property"):
        await beaver.backend.write(gone, 20)


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

    beaver.simulator.faults.add(Fault(MutateJson(give_choice), "entity/search"))
    button = beaver.point(await beaver.inventory(), "Boiler plug", "reboot")
    assert button.options is None
    beaver.simulator.failing_services.add(key)
    with pytest.raises(RejectedError, match="Service call failed"):
        await beaver.backend.write(button, None)
