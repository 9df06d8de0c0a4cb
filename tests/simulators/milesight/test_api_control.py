"""Writing properties and calling services."""

from datetime import UTC, datetime, timedelta

import pytest

from simulators.faults import Json
from simulators.milesight import Entity
from simulators.milesight.templates import Template

from .conftest import VERSIONS, Beaver, Got, beaver, build, clock

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def update(client: Beaver, **exchange: Json) -> Got:
    return await client.post("entity/property/update", {"exchange": {**exchange}})


async def call(client: Beaver, **exchange: Json) -> Got:
    return await client.post("entity/service/call", {"exchange": {**exchange}})


async def value(client: Beaver, entity: Entity) -> Json:
    return (await client.get(f"entity/{entity.id}/status")).object.get("value")


async def test_a_switched_plug_draws_nothing_and_counts_nothing() -> None:
    simulator = build()
    switch, power, energy, voltage = (
        simulator.world.entity("Fridge plug", name)
        for name in ("socket_status", "active_power", "power_consumption", "voltage")
    )
    async with beaver(simulator) as client:
        assert await value(client, power) != 0
        got = await update(client, **{switch.key: False})
        assert got.status == 200
        assert "data" not in got.json
        assert await value(client, switch) is False
        # The plug reports at once: its socket is off, the mains are not.
        assert await value(client, power) == 0
        assert float(str(await value(client, voltage))) > 200
        counted = await value(client, energy)
        clock(simulator).forward(hours=5)
        assert await value(client, energy) == counted
        assert await value(client, switch) is False
        await update(client, **{switch.key: True})
        clock(simulator).forward(hours=5)
        after = await value(client, energy)
        assert isinstance(after, int)
        assert isinstance(counted, int)
        span = clock(simulator).now - timedelta(hours=5), clock(simulator).now
        whole = simulator.amount(energy, *span)
        # The latest report is up to twenty minutes old.
        assert 0.8 * whole < after - counted <= whole
        assert whole > 100


@pytest.mark.parametrize(
    ("identifier", "written", "expected"),
    [
        ("socket_status", False, False),
        ("led_mode", 1, 1),
        ("led_mode", "0", 0),
        ("led_mode", 9, 9),
        ("over_current_protection.enable", False, False),
    ],
)
async def test_values_are_the_latest_ones_at_once(
    identifier: str, written: Json, expected: Json
) -> None:
    async with beaver() as client:
        entity = client.simulator.world.entity("Boiler plug", identifier)
        assert await value(client, entity) != expected
        assert (await update(client, **{entity.key: written})).status == 200
        got = (await client.get(f"entity/{entity.id}/status")).object
        assert got["value"] == expected
        assert type(got["value"]) is type(expected)
        assert got["timestamp"] == str(client.simulator.now * 1000)


@pytest.mark.parametrize(
    ("identifier", "written"),
    [
        ("socket_status", "true"),
        ("socket_status", 1),
        ("led_mode", True),
        ("reporting_interval", 59),
        ("reporting_interval", 64801),
        ("reporting_interval", 60.5),
        ("reporting_interval", "soon"),
        ("reporting_interval", None),
    ],
)
async def test_values_that_are_refused(identifier: str, written: Json) -> None:
    async with beaver() as client:
        entity = client.simulator.world.entity("Boiler plug", identifier)
        before = await value(client, entity)
        got = await update(client, **{entity.key: written})
        assert got.error == (400, "multiple_error")
        data = got.json["data"]
        assert isinstance(data, list)
        assert isinstance(data[0], dict)
        assert str(data[0]["error_code"]).startswith("entity_value_")
        assert await value(client, entity) == before


async def test_keys_that_cannot_be_written_are_dropped_silently() -> None:
    """They are refused without a word if nothing else is in the exchange."""
    async with beaver() as client:
        world = client.simulator.world
        readonly = world.entity("Boiler plug", "voltage")
        service = world.entity("Boiler plug", "reboot")
        socket = world.entity("Boiler plug", "socket_status")
        before = await value(client, readonly)
        useless: dict[str, Json] = {
            readonly.key: 1.0,
            service.key: True,
            socket.id: False,
        }
        got = await update(client, **useless)
        assert got.error == (400, "parameter_validation_failed")
        assert "error_message" not in got.json
        assert (await update(client, **useless, **{socket.key: False})).status == 200
        assert await value(client, socket) is False
        assert await value(client, readonly) == before


@pytest.mark.parametrize("path", ["entity/property/update", "entity/service/call"])
@pytest.mark.parametrize("body", [{}, {"exchange": {}}, {"exchange": 1}])
async def test_exchanges_that_are_none(path: str, body: Json) -> None:
    async with beaver() as client:
        assert (await client.post(path, body)).error == (400, "multiple_error")


async def test_reset_sets_the_register_to_zero() -> None:
    simulator = build()
    energy = simulator.world.entity("Boiler plug", "power_consumption")
    reset = simulator.world.entity("Boiler plug", "reset_power_consumption")
    async with beaver(simulator) as client:
        before = await value(client, energy)
        assert isinstance(before, int)
        assert before > 10_000
        assert (await call(client, **{reset.key: True})).data == {}
        assert await value(client, energy) == 0
        clock(simulator).forward(hours=24)
        await client.login()
        assert 4000 < int(str(await value(client, energy))) < 6000


async def test_a_reset_discards_what_the_register_does_not_show() -> None:
    """The amount of a span is the difference of what the register shows in it."""
    simulator = build()
    device = simulator.world.device("Heat pump meter")
    energy = simulator.world.entity(device.name, "total_active_energy")
    simulator.world.reset_registers(device, simulator.now)
    moment = datetime.fromtimestamp(simulator.now, UTC)
    start = simulator.position(energy, moment)
    for minutes in range(5, 200, 5):
        end = moment + timedelta(minutes=minutes)
        shown = simulator.position(energy, end) - start
        assert simulator.amount(energy, moment, end) == pytest.approx(shown)


async def test_services_that_fail_or_are_unknown() -> None:
    simulator = build()
    task = simulator.world.entity("Boiler plug", "delay_task")
    child = simulator.world.entity("Boiler plug", "delay_task.delay_time")
    other = simulator.world.entity("Boiler plug", "delay_task.socket_status")
    async with beaver(simulator) as client:
        got = await call(client, **{child.key: 60})
        assert got.error == (400, "multiple_error")
        assert (await call(client, **{child.key: 60, other.key: True})).data == {}
        simulator.failing_services.add(task.key)
        got = await call(client, **{child.key: 60, other.key: True})
        assert got.error == (500, "eventbus_execution_error")
        got = await call(client, nothing={})
        assert got.error == (400, "parameter_validation_failed")


async def test_a_device_reports_when_it_is_asked_to() -> None:
    simulator = build()
    voltage = simulator.world.entity("Boiler plug", "voltage")
    query = simulator.world.entity("Boiler plug", "query_device_status")
    async with beaver(simulator) as client:
        await call(client, **{query.key: True})
        got = (await client.get(f"entity/{voltage.id}/status")).object
        assert got["timestamp"] == str(simulator.now * 1000)
        body: Json = {"entity_id": voltage.id, "page_size": 2}
        newest, before = (await client.post("entity/history/search", body)).rows
        assert newest["timestamp"] == got["timestamp"]
        assert (
            int(str(before["timestamp"])) % 600_000
            != int(str(got["timestamp"])) % 600_000
        )


def refusals(got: Got) -> list[tuple[Json, Json]]:
    """Return the codes and messages of a multiple_error."""
    data = got.json["data"]
    assert isinstance(data, list)
    return [
        (row["error_code"], row["error_message"])
        for row in data
        if isinstance(row, dict)
    ]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_child_is_written_with_its_siblings(version: str) -> None:
    """The siblings that are not optional have to be in the same exchange."""
    simulator = build(version)
    enable, threshold = (
        simulator.world.entity("Boiler plug", f"over_current_protection.{name}")
        for name in ("enable", "threshold")
    )
    async with beaver(simulator) as client:
        got = await update(client, **{threshold.key: 10})
        assert got.error == (400, "multiple_error")
        words = "Entity Enable value must not be null"
        assert refusals(got) == [("entity_value_null", words)]
        assert await value(client, threshold) != 10
        both: dict[str, Json] = {threshold.key: 10, enable.key: False}
        assert (await update(client, **both)).status == 200
        assert await value(client, enable) is False


async def test_limits_that_only_the_codec_knows() -> None:
    simulator = build()
    interval = simulator.world.entity("Boiler plug", "reporting_interval")
    simulator.codec_limits[interval.key] = (600, 1200)
    async with beaver(simulator) as client:
        got = await update(client, **{interval.key: 500})
        assert got.error == (500, "eventbus_execution_error")
        ((code, words),) = refusals(got)
        assert code == "ns_gateway_device_data_encode_failed"
        assert str(words).endswith("reporting_interval must be between 600 and 1200")
        assert got.json["error_message"] == words
        assert (await update(client, **{interval.key: 600})).status == 200


async def test_numbers_are_rounded_half_up() -> None:
    async with beaver() as client:
        target = client.simulator.world.entity("Office fan coil", "target_temperature")
        await update(client, **{target.key: 21.25})
        assert await value(client, target) == 21.3


async def test_services_take_values_of_their_type() -> None:
    simulator = build()
    plug = simulator.world.device("Boiler plug")
    optional = Template(
        "say", "Say", "STRING", None, "W", "SERVICE", {"optional": True}
    )
    simulator.world.equip(plug, optional)
    reboot = simulator.world.entity(plug.name, "reboot")
    say = simulator.world.entity(plug.name, "say")
    async with beaver(simulator) as client:
        for entity, taken, refused in ((reboot, True, {}), (say, "", {})):
            assert (await call(client, **{entity.key: taken})).data == {}
            got = await call(client, **{entity.key: refused})
            assert got.error == (400, "multiple_error")
            assert refusals(got)[0][0] == "entity_value_not_match_type"
    assert simulator.calls == [{reboot.key: True}, {say.key: ""}]
