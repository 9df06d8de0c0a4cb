"""What the backend keeps about a server over restarts."""

import pytest

from simulators.faults import Fault, html_error

from .conftest import SIGNALS, Bench, both_editions


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
    # Login, types and lists; in 2026, there is one list, and the name of the sensor.
    assert bench.asked("") == (5 if bench.simulator.edition == "2021" else 4)


async def test_the_memory_has_no_personal_data(bench: Bench) -> None:
    """It has only numbers of sensors and signals, units and times."""
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
    """Unreadable parts are ignored."""
    backend = bench.backend()
    backend.restore(memory)  # type: ignore[arg-type]  # JSON.
    assert len((await backend.inventory()).points) == len(SIGNALS) + 2


async def test_a_new_endpoint_is_tried_again_after_a_week(bench: Bench) -> None:
    """A missing endpoint is tried once, and not every hour."""
    backend = bench.backend()
    for days, tried in ((0, 1), (6, 0), (2, 1)):
        bench.clock.pass_(days=days)
        await backend.inventory()
        assert bench.count("/api/sensors/find") == tried
        bench.asked()


@pytest.mark.parametrize("edition", ["2026"])
async def test_an_endpoint_that_answered_before_is_not_missing(bench: Bench) -> None:
    """A 404 keeps what a list had, also after a restart, unless it lasts an hour."""
    backend = bench.backend()
    found = await backend.inventory()
    restarted = bench.backend()
    restarted.restore(backend.remember())
    bench.simulator.faults.add(Fault(html_error(404), path="/api/sensors/states"))
    for _ in range(2):
        assert (await restarted.inventory()).points.keys() == found.points.keys()
    bench.simulator.faults.clear()
    assert (await restarted.inventory()).points.keys() == found.points.keys()
    bench.simulator.faults.add(Fault(html_error(404), path="/api/sensors/states"))
    assert (await restarted.inventory()).points.keys() == found.points.keys()
    bench.clock.pass_(hours=2)
    assert not (await restarted.inventory()).points
