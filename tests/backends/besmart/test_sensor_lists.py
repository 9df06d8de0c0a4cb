"""Lists that are missing or fail, sensors in none of them, and workspaces."""

import logging

import pytest

from custom_components.metering_hub.backends.errors import PermissionDeniedError
from simulators.besmart import CLIENT, HOUSE_MID, WORKSHOP_MID, Workspace
from simulators.besmart.sensors import default_sensors
from simulators.faults import Answer, Fault, html_error

from .conftest import HOUSE_KEY, SIGNALS, START, Bench, MakeBench, key

STATES, FIND = "/api/sensors/states", "/api/sensors/find"
PROBLEM = "application/problem+json"


def refusal(status: int) -> Answer:
    """Return a refusal of the server's own."""
    return Answer(status, '{"detail": "Error"}', PROBLEM)


@pytest.mark.parametrize("edition", ["2021"])
async def test_shared_sensors_outside_of_the_workspaces(bench: Bench) -> None:
    """The list without a client has what others share with the account."""
    shared = default_sensors(5, START)[1]
    shared.client_cid = 77
    bench.simulator.sensors.append(shared)
    devices = (await bench.backend().inventory()).devices
    assert list(devices) == [f"sensor_77_{WORKSHOP_MID}", HOUSE_KEY]


@pytest.mark.parametrize("edition", ["2021"])
async def test_several_workspaces_are_areas(bench: Bench) -> None:
    """Houses that look alike are told apart; one workspace tells nothing."""
    found = await bench.backend().inventory()
    assert found.devices[HOUSE_KEY].suggested_area is None
    other = default_sensors(5, START)[1]
    other.client_cid, other.name = 77, bench.house.name
    bench.simulator.sensors.append(other)
    bench.simulator.workspaces.append(Workspace(22, "Szczecin", root=77))
    devices = (await bench.backend().inventory()).devices
    assert devices[HOUSE_KEY].suggested_area == "Złocieniec"
    assert devices[f"sensor_77_{WORKSHOP_MID}"].suggested_area == "Szczecin"
    # Nobody can say in which of two workspaces of one client a sensor is.
    bench.simulator.workspaces.append(Workspace(23, "Piwnica"))
    devices = (await bench.backend().inventory()).devices
    assert devices[HOUSE_KEY].suggested_area is None


@pytest.mark.parametrize(
    ("edition", "path", "status"),
    [
        ("2026", STATES, 500),
        ("2021", FIND, 400),
        ("2021", FIND, 422),
        ("2021", FIND, 403),
        ("2021", "/api/workspaces", 500),
    ],
)
async def test_a_list_that_fails_keeps_what_it_had(
    bench: Bench, path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Also after a restart; the failure is one line in the log."""
    backend = bench.backend()
    before = await backend.inventory()
    bench.simulator.faults.add(Fault(refusal(status), path=path))
    restarted = bench.backend()
    restarted.restore(backend.remember())
    with caplog.at_level(logging.INFO, "custom_components"):
        for _ in range(3):
            bench.clock.pass_(hours=1)
            assert (await backend.inventory()).points.keys() == before.points.keys()
    # Each list is one: that of a workspace, and the one of what others share.
    lists = {str(r.query) for r in bench.simulator.faults.requests if r.path == path}
    assert sum("until it answers" in line for line in caplog.messages) == len(lists)
    after = await restarted.inventory()
    assert after.points.keys() == before.points.keys()


@pytest.mark.parametrize(
    ("edition", "path", "status"),
    [("2026", STATES, 500), ("2021", FIND, 400), ("2021", FIND, 422)],
)
async def test_a_list_that_never_answered_does_not_block(
    bench: Bench, path: str, status: int
) -> None:
    """The account is set up; the user enters the sensors that nothing lists."""
    bench.simulator.faults.add(Fault(refusal(status), path=path))
    backend = bench.backend()
    assert not (await backend.inventory()).devices
    bench.options["sensors"] = [f"{CLIENT}.{HOUSE_MID}"]
    backend = bench.backend()
    assert await backend.check_setup() == {}
    assert key(32) in (await backend.inventory()).points


@pytest.mark.parametrize("edition", ["2021"])
async def test_an_account_that_may_see_no_list(bench: Bench) -> None:
    """That is a lack of rights, and not an empty house."""
    backend = bench.backend()
    await backend.connect()
    bench.simulator.faults.add(Fault(refusal(403)))
    with pytest.raises(PermissionDeniedError):
        await backend.inventory()


@pytest.mark.parametrize("edition", ["2026"])
async def test_lists_that_were_empty_and_are_missing(bench: Bench) -> None:
    """A proxy may answer for lists that the edition does not have."""
    backend = bench.backend()
    await backend.connect()
    bench.simulator.faults.add(Fault(Answer(200, "[]", "application/json")))
    assert not (await backend.inventory()).devices
    bench.simulator.faults.clear()
    bench.clock.pass_(hours=1)
    assert key(32) in (await backend.inventory()).points


@pytest.mark.parametrize("edition", ["2026"])
async def test_a_sensor_that_comes_back_in_the_list(bench: Bench) -> None:
    """A list that answers again is believed, also about what is gone."""
    backend = bench.backend()
    await backend.inventory()
    fault = Fault(html_error(500), path=STATES, times=2)
    bench.simulator.faults.add(fault)
    assert HOUSE_KEY in (await backend.inventory()).devices
    bench.simulator.sensors.clear()
    assert not (await backend.inventory()).devices


@pytest.mark.parametrize("edition", ["2026"])
async def test_a_sensor_without_a_state_can_be_entered(bench: Bench) -> None:
    """It is in no list of the present edition, but has data."""
    bench.simulator.stateless.add(HOUSE_MID)
    assert not (await bench.backend().inventory()).devices
    bench.options["sensors"] = [f"{CLIENT}.{HOUSE_MID}"]
    backend = bench.backend()
    assert await backend.check_setup() == {}
    found = await backend.inventory()
    assert found.devices[HOUSE_KEY].name == bench.house.name
    assert set(map(key, SIGNALS)) <= found.points.keys()


async def test_names_are_read_again_in_small_groups(make_bench: MakeBench) -> None:
    """A restart with many sensors does not ask for all of their names at once."""
    sensors = [
        sensor
        for number in range(40)
        for sensor in default_sensors(3, START)[:1]
        if setattr(sensor, "sensor_mid", 1000 + number) is None
    ]
    bench = await make_bench(edition="2026", sensors=sensors)
    backend = bench.backend()
    first = await backend.inventory()
    assert all(device.name for device in first.devices.values())
    restarted = bench.backend()
    restarted.restore(backend.remember())
    names = []
    for _ in range(3):
        bench.asked()
        found = await restarted.inventory()
        asked = [
            r.path for r in bench.simulator.faults.requests if f"/{CLIENT}." in r.path
        ]
        names.append((len(asked), sum(d.name is None for d in found.devices.values())))
        bench.clock.pass_(hours=1)
    assert names == [(25, 15), (15, 0), (0, 0)]
    assert found.points == first.points
