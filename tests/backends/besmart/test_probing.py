"""Probing finds every signal, with a bounded number of requests at a time."""

from datetime import timedelta

import pytest

from simulators.besmart import CLIENT, HOUSE_MID, SignalType, sources
from simulators.besmart.events import Outage
from simulators.besmart.sensors import plant
from simulators.faults import Fault, html_error

from .conftest import ALWAYS, HOUSE_KEY, NOW, SIGNALS, START, Bench, MakeBench, key

FEW = (32, 34, 53, 103)
LATE = 999
"""A type that is the last of hundreds, and that nobody knows."""


def type_of(moid: int) -> SignalType:
    """Return a type of signal that is only in the server's list."""
    return SignalType(moid, f"X{moid}", f"Typ {moid}", "K", 100, "instant", 3600)


async def plant_bench(
    make_bench: MakeBench, sensors: int, *, types: int = 400, **knobs: object
) -> Bench:
    """Return a server with so many sensors, and with hundreds of types of signals."""
    bench = await make_bench(
        edition="2021", sensors=plant(3, START, sensors)[:sensors], **knobs
    )
    for sensor in bench.simulator.sensors:
        sensor.signals = FEW
    for moid in range(1000 - types, 1000):
        bench.simulator.types[moid] = type_of(moid)
    return bench


@pytest.mark.parametrize(
    ("sensors", "most"), [(3, 110), (8, 115), (50, 157), (200, 307)]
)
async def test_the_form_asks_for_a_bounded_number_of_types(
    make_bench: MakeBench, sensors: int, most: int
) -> None:
    """Login, types and lists; 100 types, and one of each sensor. It was 100 of each."""
    bench = await plant_bench(make_bench, sensors)
    backend = bench.backend()
    await backend.connect()
    found = await backend.inventory()
    assert len(found.devices) == sensors
    assert all(
        key(32, each.sensor_mid) in found.points for each in bench.simulator.sensors
    )
    assert bench.asked("") <= most
    bench.clock.pass_(hours=1)
    await backend.inventory()
    assert bench.asked("") <= max(50, sensors) + 3


async def test_types_beyond_the_first_hundred_are_found_in_the_end(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of 400 types is found within hours, over a restart."""
    monkeypatch.setitem(sources._READERS, LATE, lambda sensor, when: 27_515)
    bench = await plant_bench(make_bench, 3)
    bench.house.signals = (*FEW, LATE)
    backend = bench.backend()
    found = await backend.inventory()
    hours = 0
    while key(LATE) not in found.points:
        hours += 1
        assert hours < 30
        bench.clock.pass_(hours=1)
        memory = backend.remember()
        backend = bench.backend()
        backend.restore(memory)
        found = await backend.inventory()
    assert hours > 10


async def test_what_is_absent_is_asked_for_again_but_rarely(
    make_bench: MakeBench,
) -> None:
    """Likely types once a day, and the others once a week."""
    bench = await plant_bench(make_bench, 3, types=10)
    backend = bench.backend()
    await backend.inventory()
    absent = len(bench.simulator.types) - len(FEW)
    for day in range(1, 8):
        bench.asked()
        bench.clock.pass_(days=1)
        await backend.inventory()
        bench.clock.pass_(hours=1)
        await backend.inventory()
        likely = absent - 10
        asked = [
            r.path for r in bench.simulator.faults.requests if f"{CLIENT}." in r.path
        ]
        assert len(asked) == 3 * (absent if day == 7 else likely), day


async def test_what_other_sensors_of_the_kind_have_is_asked_first(
    make_bench: MakeBench,
) -> None:
    """An inverter needs few requests once another one is known."""
    bench = await plant_bench(make_bench, 20, types=0)
    for number, sensor in enumerate(bench.simulator.sensors):
        sensor.type_id = 5 if number % 2 else 2
        sensor.signals = (70,) if number % 2 else (32, 34)
    backend = bench.backend()
    found = await backend.inventory()
    assert all(
        key(moid, sensor.sensor_mid) in found.points
        for sensor in bench.simulator.sensors
        for moid in sensor.signals
    )


async def test_a_restart_adds_no_requests(make_bench: MakeBench) -> None:
    """What is left to ask waits for the next hour."""
    bench = await plant_bench(make_bench, 3)
    backend = bench.backend()
    await backend.inventory()
    restarted = bench.backend()
    restarted.restore(backend.remember())
    bench.asked()
    await restarted.inventory()
    assert bench.asked() == 0


@pytest.mark.parametrize("edition", ["2021"])
@pytest.mark.parametrize("days", [8, 36])
async def test_a_sensor_that_is_silent_is_found(bench: Bench, days: int) -> None:
    """A meter that stopped sending days ago still has a past."""
    start = NOW - timedelta(days=days)
    bench.simulator.events.append(Outage(start, ALWAYS, mid=HOUSE_MID))
    found = await bench.backend().inventory()
    assert HOUSE_KEY in found.devices
    assert key(32) in found.points


async def test_a_server_that_refuses_all_data_is_asked_a_few_times(
    make_bench: MakeBench,
) -> None:
    """Refusals are no proof of anything, and end the round."""
    bench = await plant_bench(make_bench, 50)
    fault = Fault(html_error(403), path=f"{CLIENT}.")
    bench.simulator.faults.add(fault)
    backend = bench.backend()
    found = await backend.inventory()
    assert len(found.devices) == 50
    assert bench.asked() <= 5
    bench.simulator.faults.clear()
    for _ in range(3):
        bench.clock.pass_(hours=1)
        found = await backend.inventory()
    assert key(32) in found.points


async def test_sensors_of_a_server_with_batches_take_few_requests(
    make_bench: MakeBench,
) -> None:
    """One request asks for many types of many sensors."""
    bench = await make_bench(edition="2026", sensors=plant(3, START, 5)[:3])
    for sensor in bench.simulator.sensors:
        sensor.signals = SIGNALS
    bench.simulator.absent |= {"states": 404}
    bench.options["sensors"] = [
        f"{CLIENT}.{each.sensor_mid}" for each in bench.simulator.sensors
    ]
    backend = bench.backend()
    found = await backend.inventory()
    assert all(
        key(32, each.sensor_mid) in found.points for each in bench.simulator.sensors
    )
    asked = [r.path for r in bench.simulator.faults.requests if "/data" in r.path]
    assert len(asked) <= 10
