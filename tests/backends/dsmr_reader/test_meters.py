"""The meters of the Netherlands, Belgium and Luxembourg, and what is behind them."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.dsmr_reader.meters import STALE_AFTER
from custom_components.metering_hub.metering.model import Reading
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House
from simulators.times import epoch

from .conftest import NOW, START, Connect, Connected, point, simulated, utc

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
STUCK = epoch(utc(2019, 5, 1))


def belgian(**knobs: object) -> DsmrReaderSimulator:
    """Return a simulator of a Belgian meter."""
    return simulated(House(7, START, belgian=True), **knobs)


async def latest(connected: Connected, *keys: str) -> dict[str, Reading]:
    """Return the latest readings of some points."""
    found = await connected.backend.latest([point(key) for key in keys])
    return dict(found.readings)


async def names(connected: Connected) -> dict[str, str | None]:
    """Return the names of all points."""
    points = (await connected.backend.inventory()).points
    return {key: each.translation_key for key, each in points.items()}


@pytest.mark.parametrize("other", ["water", "heat"])
async def test_belgian_gas_beside_another_meter(connect: Connect, other: str) -> None:
    """The server stores the gas, though it is not the last one in the telegram."""
    connected = await connect(belgian(other_device=other))
    inventory = await connected.backend.inventory()
    assert {"gas", other} & inventory.points.keys() == {"gas"}
    device = inventory.devices["extra_device"]
    assert device.serial == connected.simulator.house.extra_serial()
    assert inventory.points["gas"].unit == "m³"
    assert inventory.undecided == frozenset()
    found = (await latest(connected, "gas"))["gas"]
    assert found.value == connected.true("gas", found.time)


@pytest.mark.parametrize(("kind", "unit"), [("water", "m³"), ("heat", "GJ")])
async def test_belgian_meter_whose_channel_was_chosen(
    connect: Connect, kind: str, unit: str
) -> None:
    """The owner has chosen the channel of the other meter."""
    connected = await connect(belgian(extra_device=kind, other_device="gas"))
    inventory = await connected.backend.inventory()
    assert {"gas", kind} & inventory.points.keys() == {kind}
    assert inventory.points[kind].unit == unit
    device = inventory.devices["extra_device"]
    assert device.serial == connected.simulator.house.extra_serial()


async def test_a_raw_telegram_that_is_newer(connect: Connect) -> None:
    """While the raw telegram is ahead, no other meter is taken for the stored one."""
    simulator = belgian(other_device="water")
    connected = await connect(simulator)
    for minutes in range(0, 60, 5):
        simulator.clock = lambda minutes=minutes: NOW + minutes * MINUTE
        # It reads the meter statistics before the stored telegram.
        inventory = await connected.backend.inventory()
        assert "gas" in inventory.points
        reading = (await latest(connected, "gas"))["gas"]
        assert reading.quality is None


@pytest.mark.parametrize("dsmr2", [True, False])
async def test_dutch_tariffs(connect: Connect, *, dsmr2: bool) -> None:
    """DSMR 2.2 and 3.0 meters have no version, but they are not Belgian."""
    connected = await connect(simulated(dsmr2=dsmr2, tariff=1))
    found = await names(connected)
    assert found["electricity_delivered_1"] == "electricity_delivered_low"
    price = found["electricity_returned_2_price"]
    assert price == "electricity_returned_normal_price"
    reading = (await latest(connected, "electricity_tariff"))["electricity_tariff"]
    assert reading.value == "low"


async def test_old_gas_meter(connect: Connect) -> None:
    """DSMR 2.2 has the position on a line of its own, and no summer time."""
    connected = await connect(simulated(dsmr2=True, now=utc(2026, 7, 1, 9, 33, 20)))
    inventory = await connected.backend.inventory()
    device = inventory.devices["extra_device"]
    assert device.serial == connected.simulator.house.extra_serial()
    assert (await latest(connected, "gas"))["gas"].time == utc(2026, 7, 1, 9)


async def test_belgian_tariffs(connect: Connect) -> None:
    """In Belgium, number 1 is the normal tariff."""
    connected = await connect(belgian(tariff=1))
    found = await names(connected)
    assert found["electricity_delivered_1"] == "electricity_delivered_normal"
    reading = (await latest(connected, "electricity_tariff"))["electricity_tariff"]
    assert reading.value == "normal"


async def test_one_register(connect: Connect) -> None:
    """A meter in Luxembourg has no tariffs, so nothing is called low or normal."""
    connected = await connect(simulated(luxembourg=True, extra_device="none"))
    found = await names(connected)
    assert not [name for name in found.values() if name and "low" in name]
    assert not [name for name in found.values() if name and "normal" in name]
    assert found["electricity_delivered_1"] == "electricity_delivered"
    assert found["electricity_returned_1"] == "electricity_returned"
    assert found["electricity_delivered_1_price"] == "electricity_delivered_price"
    assert not {"electricity_delivered_2", "electricity_tariff"} & found.keys()
    serial = connected.simulator.house.serial(NOW)
    devices = (await connected.backend.inventory()).devices
    assert devices["electricity_meter"].serial == serial


async def test_a_dead_gas_meter(connect: Connect) -> None:
    """A telegram that repeats a position for ten days confirms nothing."""
    died = NOW.replace(minute=0, second=0) - 10 * DAY
    simulator = simulated(extra_dead_since=died, retention=None)
    connected = await connect(simulator)
    for minutes in (0, 1, 10):
        simulator.clock = lambda minutes=minutes: NOW + minutes * MINUTE
        reading = (await latest(connected, "gas"))["gas"]
        assert (reading.time, reading.last_confirmed) == (died, died)


async def test_a_gas_meter_that_dies(connect: Connect) -> None:
    """It is believed for as long as a new position may take to arrive."""
    died = NOW.replace(minute=0, second=0)
    simulator = simulated(extra_dead_since=died)
    connected = await connect(simulator)
    for hours, is_alive in ((1, True), (5, True), (7, False), (48, False)):
        simulator.clock = lambda hours=hours: died + hours * HOUR
        reading = (await latest(connected, "gas"))["gas"]
        age = simulator.clock() - reading.last_confirmed
        assert (age <= STALE_AFTER) == is_alive


@pytest.mark.parametrize(
    "clock", [lambda _: STUCK, lambda when: when - 2 * 365 * 86400]
)
async def test_a_misdated_gas_meter_is_alive(connect: Connect, clock: object) -> None:
    """Its first position is compared with that of the day before."""
    simulator = simulated(extra_clock=clock)
    connected = await connect(simulator)
    reading = (await latest(connected, "gas"))["gas"]
    assert NOW - reading.last_confirmed <= STALE_AFTER
