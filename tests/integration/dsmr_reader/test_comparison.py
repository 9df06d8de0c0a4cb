"""What changes on a DSMR-reader within 30 days is in Home Assistant within a day."""

from datetime import date, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.base import Memory
from custom_components.metering_hub.backends.common.times import utc_text
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House, Outage

from ..conftest import API_KEY, NOW, Tick, set_up
from ..test_history import euro, imported, wants_history
from ..test_history_healing import clean_import

__all__ = ["euro", "wants_history"]

AMSTERDAM = dt_util.get_time_zone("Europe/Amsterdam")
DAY = 86400.0
HOUR = timedelta(hours=1)
START = (NOW - timedelta(days=40)).replace(minute=0)
OLD = NOW - timedelta(days=25)


@pytest.fixture
def simulator() -> DsmrReaderSimulator:
    """Return a simulated DSMR-reader of a house with 40 days of history."""
    return DsmrReaderSimulator(
        House(7, START), api_key=API_KEY, clock=dt_util.utcnow, interval=300
    )


def old_requests(simulator: DsmrReaderSimulator) -> list[str]:
    """Return the requests that begin before the trailing window.

    The sensors of costs ask for the days before today. What looks for news, as each
    import does, asks for one or a few telegrams of all that there are.
    """
    start = utc_text(START)
    limit = (dt_util.utcnow() - timedelta(days=6)).isoformat()
    today = dt_util.now(AMSTERDAM).date().isoformat()
    found = []
    for request in simulator.faults.requests:
        query = request.query
        begin = query.get("timestamp__gte") or query.get("day__gte") or limit
        is_old = begin < limit and query.get("day__lte", today) == today
        if is_old and query.get("timestamp__gte") != start:
            found.append(f"{request.path} {dict(query)}")
    return found


async def test_two_requests_compare_30_days(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """One counts the telegrams, and one fetches the days' statistics."""
    await imported(hass, loaded)
    for _ in range(3):
        simulator.faults.clear_requests()
        await tick(DAY)
        assert len(asked := old_requests(simulator)) == 2, asked


async def test_a_restart_reads_nothing_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """What was seen is kept, so that two requests suffice on the next day."""
    await imported(hass, loaded)
    await tick(DAY)
    simulator.faults.clear_requests()
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await imported(hass, loaded)
    await tick(DAY)
    assert len(asked := old_requests(simulator)) == 2, asked


async def test_late_telegrams_are_imported(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Telegrams that a datalogger sends weeks later replace the estimates."""
    simulator.retention = None
    hole = [Outage(OLD, OLD + 5 * HOUR)]
    simulator.house = House(7, START, outages=hole)
    await set_up(hass, entry)
    await imported(hass, entry)
    await tick(DAY)
    simulator.house = House(7, START)
    await tick(DAY)
    assert await imported(hass, entry) == await clean_import(hass, entry)


async def test_retention_is_no_news(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Every night the server deletes telegrams; no day is read again for it."""
    simulator.retention = timedelta(days=10)
    await set_up(hass, entry)
    await imported(hass, entry)
    await tick(DAY)
    simulator.faults.clear_requests()
    await tick(DAY)
    assert not [each for each in old_requests(simulator) if "'limit': '500'" in each]
    for _ in range(3):
        simulator.faults.clear_requests()
        await tick(DAY)
        assert len(asked := old_requests(simulator)) == 2, asked


async def test_telegrams_after_the_retention_are_compared(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Late telegrams of the days that the server keeps are found all the same."""
    simulator.retention = timedelta(days=12)
    begin = NOW - timedelta(days=5)
    simulator.house = House(7, START, outages=[Outage(begin, begin + 5 * HOUR)])
    await set_up(hass, entry)
    await imported(hass, entry)
    for _ in range(3):
        await tick(DAY)
    simulator.house = House(7, START)
    await tick(DAY)
    rows = (await imported(hass, entry))["electricity_delivered_2"]
    await tick(0)
    expected = (await clean_import(hass, entry))["electricity_delivered_2"]
    first = (begin - 3 * HOUR).timestamp()
    changes = {row["start"]: row["change"] for row in expected}
    for row in rows[:-1]:
        if first <= row["start"] <= first + 12 * 3600:
            assert row["change"] == pytest.approx(changes[row["start"]], abs=1e-6)


async def test_statistics_that_differ_are_read_again(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Only the day whose statistics differ, and what follows it, is looked at."""
    await imported(hass, loaded)
    backend = loaded.runtime_data.backend
    points = [*loaded.runtime_data.history.points.values()]
    start = dt_util.utcnow() - timedelta(days=30)
    first = await backend.compare_history(points, start, {})
    assert first is not None
    assert {*first.since.values()} == {start}
    again = await backend.compare_history(points, start, first.seen)
    assert again is not None
    assert again.since == {}
    days = first.seen["days"]
    assert isinstance(days, dict)
    seen: Memory = {**first.seen, "days": {**days, "2026-11-05": "another"}}
    found = await backend.compare_history(points, start, seen)
    assert found is not None
    assert {at.isoformat() for at in found.since.values()} == {
        "2026-11-04T23:00:00+00:00"
    }


async def test_day_totals_are_close_to_the_meter(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """The server's own totals of electricity, of the days that were compared."""
    await imported(hass, loaded)
    points = [*loaded.runtime_data.history.points.values()]
    end = dt_util.utcnow()
    totals = await loaded.runtime_data.backend.day_totals(
        points, end - timedelta(days=6), end
    )
    days = totals["electricity_delivered_2"]
    assert [*days] == [date(2026, 10, 23) + n * timedelta(days=1) for n in range(29)]
    rows = (await imported(hass, loaded))["electricity_delivered_2"]
    midnight = NOW.replace(day=16, hour=23, minute=0).timestamp()
    used = [r["change"] for r in rows if midnight <= r["start"] < midnight + DAY]
    assert days[date(2026, 11, 17)] == pytest.approx(sum(used), rel=0.02)
