"""The specification, and the requests of setting up."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.dsmr_reader import SPEC
from custom_components.metering_hub.backends.dsmr_reader.totals import TOTALS

from .conftest import ELECTRICITY, NOW, POWER, Connect, simulated

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_spec_declares_its_abilities() -> None:
    known = {"comparison", "day_totals", "history", "prices", "receive"}
    assert known == set(SPEC.capabilities)
    assert (SPEC.history_interval, SPEC.history_window) == (HOUR / 12, 3 * DAY)
    assert SPEC.currency == "EUR"


@pytest.mark.parametrize("extra", ["gas", "heat", "water"])
async def test_points_with_history(connect: Connect, extra: str) -> None:
    connected = await connect(simulated(extra_device=extra))
    points = (await connected.backend.inventory()).points
    found = {key for key, each in points.items() if each.has_history}
    assert found == {*ELECTRICITY, *TOTALS, extra, POWER}


async def test_connect_and_inventory_ask_once(connect: Connect) -> None:
    """Version and meter statistics are taken from `connect`, later fetched again."""
    connected = await connect(simulated())
    await connected.backend.connect()
    await connected.backend.inventory()
    requests = connected.simulator.faults
    assert requests.count("application/version") == 1
    assert requests.count("datalogger/meter-statistics") == 1
    await connected.backend.inventory()
    assert requests.count("application/version") == 2
    assert requests.count("datalogger/meter-statistics") == 2


async def test_a_repeated_answer_has_the_same_readings(connect: Connect) -> None:
    """What the server sends again is not read again, and what is new is."""
    connected = await connect(simulated())
    keys = ("electricity_delivered_1", "today_electricity1", "power_failure_count")
    points = (await connected.backend.inventory()).points
    wanted = [points[key] for key in keys]
    first = (await connected.backend.latest(wanted)).readings
    again = (await connected.backend.latest(wanted)).readings
    assert all(again[key] is first[key] for key in keys)
    connected.simulator.clock = lambda: NOW + HOUR
    later = (await connected.backend.latest(wanted)).readings
    assert later.keys() == first.keys()
    assert all(later[key].time > first[key].time for key in keys)
    assert later[keys[1]].value != first[keys[1]].value


async def test_an_old_telegram_is_read_once_per_poll(connect: Connect) -> None:
    """It stays the latest for as long as the meter is silent."""
    connected = await connect(simulated(stopped_at=NOW - HOUR))
    points = (await connected.backend.inventory()).points
    connected.take_request_count()
    wanted = [points["electricity_delivered_1"], points["today_electricity1"]]
    found = (await connected.backend.latest(wanted)).readings
    assert found[wanted[1].key].time <= NOW - HOUR
    assert connected.take_request_count("datalogger/dsmrreading") == 1
