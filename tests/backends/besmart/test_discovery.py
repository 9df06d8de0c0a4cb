"""Sensors and signals of every edition, and what finding them costs."""

import pytest

from custom_components.metering_hub.backends.errors import UnreachableError
from custom_components.metering_hub.metering.model import Kind
from simulators.besmart import Workspace, default_sensors
from simulators.faults import Answer, Fault, html_error

from .conftest import HOUSE_KEY, HOUSE_TEXT, SIGNALS, START, Bench, both_editions, key

LISTS = ("workspaces", "find", "states")


def without(bench: Bench, *names: str, status: int = 404) -> None:
    """Remove endpoints from the server."""
    bench.simulator.absent |= dict.fromkeys(names, status)


@both_editions
async def test_a_house_and_its_signals(bench: Bench) -> None:
    """Name, model and serial number are known, and each signal is a point."""
    found = await bench.backend().inventory()
    (device,) = found.devices.values()
    assert device.key == HOUSE_KEY
    assert device.name == bench.house.name
    assert found.points.keys() == {
        *map(key, SIGNALS),
        f"{HOUSE_KEY}_measured_at",
        f"{HOUSE_KEY}_data_delay",
    }
    # No list has all sensors that an account can read.
    assert found.undecided == {"sensors"}
    if bench.simulator.edition == "2026":
        assert (device.model, device.serial) == ("CX2000-9", "135620")
    else:
        assert (device.model, device.serial) == ("Licznik", None)


@both_editions
async def test_what_an_inventory_costs(bench: Bench) -> None:
    """An hour later, only the lists are read; nothing else is requested."""
    backend = bench.backend()
    await backend.connect()
    first = await backend.inventory()
    bench.asked()
    bench.clock.pass_(hours=1)
    second = await backend.inventory()
    assert second == first
    # In 2021, workspaces, their sensors and shared ones; in 2026, the states of all.
    assert bench.asked("") == (3 if bench.simulator.edition == "2021" else 1)


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_new_signal_is_found_within_a_day(bench: Bench) -> None:
    """Only signals without data are probed again, once a day."""
    backend = bench.backend()
    await backend.inventory()
    bench.house.signals = (*SIGNALS, 36)
    bench.clock.pass_(hours=23)
    assert key(36) not in (await backend.inventory()).points
    bench.asked()
    bench.clock.pass_(hours=2)
    assert key(36) in (await backend.inventory()).points
    known = [f"/api/sensors/{HOUSE_TEXT}/signals/{moid}/data" for moid in SIGNALS]
    assert not any(map(bench.count, known))


async def test_a_new_signal_is_in_the_states_at_once(bench: Bench) -> None:
    """If there are states, nothing is probed at all."""
    backend = bench.backend()
    await backend.inventory()
    bench.house.signals = (*SIGNALS, 36)
    assert key(36) in (await backend.inventory()).points


@both_editions
@pytest.mark.parametrize("status", [404, 405])
async def test_a_server_without_lists_leaves_it_to_the_user(
    bench: Bench, status: int
) -> None:
    """The user enters the sensors, which are then like any others."""
    without(bench, *LISTS, status=status)
    found = await bench.backend().inventory()
    assert not found.devices
    assert found.undecided == {"sensors"}
    bench.options["sensors"] = [HOUSE_TEXT]
    backend = bench.backend()
    assert await backend.check_setup() == {}
    found = await backend.inventory()
    assert set(map(key, SIGNALS)) <= found.points.keys()
    name = bench.house.name if bench.simulator.edition == "2026" else HOUSE_TEXT
    assert found.devices[HOUSE_KEY].name == name


async def test_states_of_one_sensor_only(bench: Bench) -> None:
    """Editions before 0.35 refuse to list the states of all sensors."""
    refusal = Fault(
        Answer(422, '"Error"', "application/json"), "/api/sensors/states", times=1
    )
    bench.simulator.faults.add(refusal)
    bench.options["sensors"] = [HOUSE_TEXT]
    backend = bench.backend()
    found = await backend.inventory()
    assert found.devices[HOUSE_KEY].serial == "135620"
    await backend.inventory()
    bench.clock.pass_(days=1)
    assert (await backend.inventory()).devices[HOUSE_KEY].serial == "135620"
    asked = [r.query for r in bench.simulator.faults.requests if "states" in r.path]
    # Once a day for each sensor, and never again for all of them.
    assert [bool(query) for query in asked] == [False, True, True]


@pytest.mark.parametrize("edition", ["2021"])
async def test_no_sensors_at_all(bench: Bench) -> None:
    """An account without sensors is not an error; the user can enter some."""
    bench.simulator.sensors.clear()
    found = await bench.backend().inventory()
    assert not found.devices
    assert not found.points
    assert found.undecided == {"sensors"}


@both_editions
async def test_a_sensor_without_signals_is_ignored(bench: Bench) -> None:
    """A device without entities is useless; it appears with its first signal."""
    bench.house.signals = ()
    backend = bench.backend()
    assert not (await backend.inventory()).devices
    bench.house.signals = (32,)
    bench.clock.pass_(days=1)
    assert list((await backend.inventory()).devices) == [HOUSE_KEY]


@pytest.mark.parametrize("edition", ["2021"])
async def test_workspaces_of_several_clients(bench: Bench) -> None:
    """The sensors of each client are listed; one without any does no harm."""
    other = default_sensors(5, START)[1]
    other.client_cid = 77
    bench.simulator.sensors.append(other)
    bench.simulator.workspaces.append(Workspace(22, "Inny", root=77))
    bench.simulator.workspaces.append(Workspace(23, "Pusty", root=78))
    devices = (await bench.backend().inventory()).devices
    assert list(devices) == [f"sensor_77_{other.sensor_mid}", HOUSE_KEY]


@pytest.mark.parametrize("edition", ["2021"])
async def test_without_workspaces_all_sensors_are_listed(bench: Bench) -> None:
    """Neither the list of workspaces nor the right to read it is required."""
    bench.simulator.faults.add(Fault(html_error(403), path="/api/workspaces"))
    assert list((await bench.backend().inventory()).devices) == [HOUSE_KEY]


@pytest.mark.parametrize("answer", ["text", "null", "empty"])
@both_editions
async def test_known_signals_need_no_types(bench: Bench, answer: str) -> None:
    """Known types do not depend on the server's list."""
    bench.simulator.types_answer = answer  # type: ignore[assignment]  # One of these.
    points = (await bench.backend().inventory()).points
    assert points[key(32)].kind is Kind.REGISTER
    assert points[key(32)].unit == "kWh"


async def test_a_server_that_is_down_is_not_empty(bench: Bench) -> None:
    """An error is raised, so that nothing is removed."""
    backend = bench.backend()
    await backend.inventory()
    bench.simulator.faults.add(Fault(html_error(503), path="/api/sensors/states"))
    with pytest.raises(UnreachableError):
        await backend.inventory()
