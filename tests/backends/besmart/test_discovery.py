"""Which sensors and signals are found, in every edition, and what that costs."""

from dataclasses import replace

import pytest

from custom_components.metering_hub.backends.errors import UnreachableError
from custom_components.metering_hub.metering.model import Kind
from simulators.besmart import (
    CLIENT,
    HOUSE_MID,
    PV_PER_QUARTER,
    Workspace,
    default_sensors,
    sources,
)
from simulators.faults import Answer, Fault, html_error

from .conftest import SIGNALS, START, Bench, both_editions, key

HOUSE_TEXT = f"{CLIENT}.{HOUSE_MID}"
HOUSE_KEY = f"sensor_{CLIENT}_{HOUSE_MID}"
UNKNOWN = 451
LISTS = ("workspaces", "find", "states")


def without(bench: Bench, *names: str, status: int = 404) -> None:
    """Take endpoints away from the server."""
    bench.simulator.absent |= dict.fromkeys(names, status)


@both_editions
async def test_a_house_and_its_signals(bench: Bench) -> None:
    """Name, kind and number of the meter are known, and each signal is a point."""
    found = await bench.backend().inventory()
    (device,) = found.devices.values()
    assert device.key == HOUSE_KEY
    assert device.name == bench.house.name
    assert found.points.keys() == {
        *map(key, SIGNALS),
        f"{HOUSE_KEY}_measured_at",
        f"{HOUSE_KEY}_data_delay",
    }
    assert not found.undecided
    if bench.simulator.edition == "2026":
        assert (device.model, device.serial) == ("CX2000-9", "135620")
    else:
        assert (device.model, device.serial) == ("Licznik", None)


@both_editions
async def test_what_an_inventory_costs(bench: Bench) -> None:
    """An hour later, only the lists are read; nothing is probed, no name asked."""
    backend = bench.backend()
    await backend.connect()
    first = await backend.inventory()
    bench.asked()
    bench.clock.pass_(hours=1)
    second = await backend.inventory()
    assert second == first
    # Workspaces and their sensors in 2021, the states of all in 2026.
    assert bench.asked("") == (2 if bench.simulator.edition == "2021" else 1)


@both_editions
async def test_a_restart_probes_nothing_again(bench: Bench) -> None:
    """Signals, units and missing endpoints are remembered."""
    backend = bench.backend()
    first = await backend.inventory()
    bench.clock.pass_(hours=2)
    restarted = bench.backend()
    restarted.restore(backend.remember())
    bench.asked()
    assert await restarted.inventory() == first
    assert bench.count("/api/sensors/signals/types") == 1
    # Login, types, the lists; in 2026 the name of the sensor, too.
    assert bench.asked("") == 4


async def test_what_is_remembered_names_nobody(bench: Bench) -> None:
    """Only numbers of sensors and signals, units and times."""
    backend = bench.backend()
    await backend.inventory()
    memory = str(backend.remember())
    for secret in (bench.house.name, bench.simulator.login, "135620", "PL000"):
        assert secret not in memory


@pytest.mark.parametrize(
    "memory",
    [
        {"lacking": None, "probed": [], "units": 5, "growing": "x", "beginnings": {}},
        {
            "lacking": {"find": "never", "states": 1e300},
            "probed": {"1": {}, "a.b": {}, "1.2": {"asked": 1, "moids": [None, "x"]}},
            "units": {"1.2": "kWh", "1.2.3": None, "x.y.z": "kWh"},
            "growing": {"1.2.3": "yes"},
            "beginnings": {"1.2.3": {"asked": None}, "1.2.4": []},
        },
    ],
)
async def test_a_memory_of_another_version(
    bench: Bench, memory: dict[str, object]
) -> None:
    """What cannot be read was never known."""
    backend = bench.backend()
    backend.restore(memory)  # type: ignore[arg-type]  # JSON.
    assert len((await backend.inventory()).points) == len(SIGNALS) + 2


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_new_signal_is_found_within_a_day(bench: Bench) -> None:
    """Signals that had no data are asked for again once a day, and only those."""
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
    """Where there are states, nothing is probed at all."""
    backend = bench.backend()
    await backend.inventory()
    bench.house.signals = (*SIGNALS, 36)
    assert key(36) in (await backend.inventory()).points


@both_editions
@pytest.mark.parametrize("status", [404, 405])
async def test_a_server_that_lists_nothing_asks_a_person(
    bench: Bench, status: int
) -> None:
    """Then the sensors are named; what is named is there like any other."""
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


@both_editions
@pytest.mark.parametrize(
    ("texts", "error"),
    [
        (["x"], "invalid_sensor"),
        (["263429"], "invalid_sensor"),
        (["263429."], "invalid_sensor"),
        ([".582029"], "invalid_sensor"),
        (["263429.582029.32"], "invalid_sensor"),
        (["263429.58²"], "invalid_sensor"),
        (["-1.5"], "invalid_sensor"),
        (["1" * 30 + ".1"], "invalid_sensor"),
        ([HOUSE_TEXT, "x"], "invalid_sensor"),
        (["263429.1"], "unknown_sensor"),
        ([HOUSE_TEXT, "1.582029"], "unknown_sensor"),
        ([f" {HOUSE_TEXT} "], None),
        ([], None),
    ],
)
async def test_named_sensors_are_checked(
    bench: Bench, texts: list[str], error: str | None
) -> None:
    """How they are written, and whether the server knows them."""
    bench.options["sensors"] = texts
    expected = {"sensors": error} if error else {}
    assert await bench.backend().check_setup() == expected


async def test_states_of_one_sensor_only(bench: Bench) -> None:
    """Editions before 0.35 refuse to give the states of all."""
    refusal = Fault(
        Answer(422, '"Error"', "application/json"), "/api/sensors/states", times=1
    )
    bench.simulator.faults.add(refusal)
    bench.options["sensors"] = [HOUSE_TEXT]
    backend = bench.backend()
    found = await backend.inventory()
    assert found.devices[HOUSE_KEY].serial == "135620"
    await backend.inventory()
    asked = [r.query for r in bench.simulator.faults.requests if "states" in r.path]
    assert [bool(query) for query in asked] == [False, True, True]


@pytest.mark.parametrize("edition", ["2021"])
async def test_no_sensors_at_all(bench: Bench) -> None:
    """An account without sensors is no error; a person may name some."""
    bench.simulator.sensors.clear()
    found = await bench.backend().inventory()
    assert not found.devices
    assert not found.points
    assert found.undecided == {"sensors"}


@both_editions
async def test_a_sensor_without_signals_is_left_out(bench: Bench) -> None:
    """A device without entities is of no use; it comes with its first signal."""
    bench.house.signals = ()
    backend = bench.backend()
    assert not (await backend.inventory()).devices
    bench.house.signals = (32,)
    bench.clock.pass_(days=1)
    assert list((await backend.inventory()).devices) == [HOUSE_KEY]


@pytest.mark.parametrize("edition", ["2021"])
async def test_workspaces_of_several_clients(bench: Bench) -> None:
    """The sensors of each client are asked for; one without any does no harm."""
    other = default_sensors(5, START)[1]
    other.client_cid = 77
    bench.simulator.sensors.append(other)
    bench.simulator.workspaces.append(Workspace(22, "Inny", root=77))
    bench.simulator.workspaces.append(Workspace(23, "Pusty", root=78))
    devices = (await bench.backend().inventory()).devices
    assert list(devices) == [f"sensor_77_{other.sensor_mid}", HOUSE_KEY]


@pytest.mark.parametrize("edition", ["2021"])
async def test_without_workspaces_all_sensors_are_asked_for(bench: Bench) -> None:
    """A list of workspaces is not needed, nor rights to see it."""
    bench.simulator.faults.add(Fault(html_error(403), path="/api/workspaces"))
    assert list((await bench.backend().inventory()).devices) == [HOUSE_KEY]


@pytest.mark.parametrize("answer", ["text", "null", "empty"])
@both_editions
async def test_known_signals_need_no_types(bench: Bench, answer: str) -> None:
    """Where the server lists no types, the known ones are what they are."""
    bench.simulator.types_answer = answer  # type: ignore[assignment]  # One of these.
    points = (await bench.backend().inventory()).points
    assert points[key(32)].kind is Kind.REGISTER
    assert points[key(32)].unit == "kWh"


async def test_a_server_that_is_down_is_no_empty_server(bench: Bench) -> None:
    """Nothing must be removed because of it."""
    backend = bench.backend()
    await backend.inventory()
    bench.simulator.faults.add(Fault(html_error(500), path="/api/sensors/states"))
    with pytest.raises(UnreachableError):
        await backend.inventory()


@pytest.mark.parametrize(("like", "kind"), [(32, Kind.REGISTER), (70, Kind.INTERVAL)])
async def test_an_unknown_energy_is_learned_from_its_data(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, like: int, kind: Kind
) -> None:
    """It is a register if a week has shown that it only grows, and asked about once."""
    simulated = replace(PV_PER_QUARTER, moid=UNKNOWN, description="Nowa")
    bench.simulator.types[UNKNOWN] = simulated
    if like == 32:
        monkeypatch.setitem(sources._REGISTERS, UNKNOWN, sources._REGISTERS[like])  # type: ignore[attr-defined]  # A dict.
    else:
        monkeypatch.setitem(sources._READERS, UNKNOWN, sources._READERS[like])  # type: ignore[attr-defined]  # A dict.
    bench.house.signals = (UNKNOWN,)
    backend = bench.backend()
    point = (await backend.inventory()).points[key(UNKNOWN)]
    assert (point.kind, point.name, point.unit) == (kind, "Nowa", "kWh")
    restarted = bench.backend()
    restarted.restore(backend.remember())
    bench.asked()
    assert (await restarted.inventory()).points[key(UNKNOWN)] == point
    assert bench.asked() == 0


@both_editions
async def test_identity_is_the_account(bench: Bench) -> None:
    """It is the same however the login is written, and says nothing about it."""
    first = await bench.backend().connect()
    bench.simulator.login = bench.simulator.login.upper()
    second = await bench.backend().connect()
    assert first.unique_id == second.unique_id
    assert first.unique_id is not None
    assert "anna" not in f"{first}{second}"


async def test_a_new_endpoint_is_tried_again_after_a_week(bench: Bench) -> None:
    """What is missing is asked for once, and not every hour."""
    backend = bench.backend()
    for days, tried in ((0, 1), (6, 0), (2, 1)):
        bench.clock.pass_(days=days)
        await backend.inventory()
        assert bench.count("/api/sensors/find") == tried
        bench.asked()
