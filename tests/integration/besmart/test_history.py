"""The statistics of besmart's meters are exact, whatever happens."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.recorder.statistics import StatisticsRow
from homeassistant.core import HomeAssistant
from simulators.besmart import (
    HOUSE_MID,
    INVERTER_MID,
    PV_PER_QUARTER,
    WORKSHOP_MID,
    BesmartSimulator,
    Late,
    Outage,
    Removal,
    Revision,
    Sensor,
)
from simulators.faults import Drop, Fault

from ..conftest import NOW, Tick, set_up
from ..test_history import imported
from .conftest import HOUSE, INVERTER, START, WORKSHOP, both_editions

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
DELIVERED = f"{HOUSE}_signal_32"
RETURNED = f"{HOUSE}_signal_34"
SOLAR = f"{INVERTER}_signal_70"
NOW_HOUR = NOW.replace(minute=0)
DATA = ("/api/sensors/signals/data", f"/api/sensors/{HOUSE}")

type Rows = Mapping[str, list[StatisticsRow]]

approx = partial(pytest.approx, abs=1e-6)


@pytest.fixture
def wants_history() -> bool:
    """Import the history."""
    return True


@pytest.fixture
def simulator(simulator: BesmartSimulator) -> BesmartSimulator:
    """Return a simulator whose house has a few signals of each kind."""
    simulator.sensor(HOUSE_MID).signals = (32, 34, 36, 44, 53)
    return simulator


def start_of(row: StatisticsRow) -> datetime:
    """Return the start of a row's hour."""
    return datetime.fromtimestamp(row["start"], UTC)


def assert_exact(
    simulator: BesmartSimulator,
    rows: list[StatisticsRow],
    sensor: Sensor,
    moid: int,
    until: datetime,
) -> None:
    """Compare every hour up to a moment with what the meters really counted."""
    assert start_of(rows[0]) <= START
    hours = [row for row in rows if start_of(row) + HOUR <= until]
    assert start_of(hours[-1]) + HOUR == until
    assert len(hours) == (until - start_of(rows[0])) // HOUR
    for row in hours:
        hour = start_of(row)
        if hour < START:
            # The first position is at the end of an hour of its own.
            assert row["change"] == 0
            continue
        used = simulator.amount(sensor, moid, hour, hour + HOUR) / 1000
        assert row["change"] == approx(used), (moid, hour)


def data_requests(simulator: BesmartSimulator) -> int:
    """Return the number of requests for the data of signals."""
    return sum(
        request.path.endswith(("/data", "/data/v2"))
        for request in simulator.faults.requests
    )


@both_editions
async def test_registers_are_exact(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """Every hour is what the meter counted, with or without predictions."""
    rows = await imported(hass, loaded)
    for mid, device in ((HOUSE_MID, HOUSE), (WORKSHOP_MID, WORKSHOP)):
        sensor = simulator.sensor(mid)
        for moid in sensor.signals:
            key = f"{device}_signal_{moid}"
            if moid < 50:
                assert_exact(simulator, rows[key], sensor, moid, NOW_HOUR)
            else:
                assert key not in rows
    last = rows[DELIVERED][-1]
    assert start_of(last) == NOW_HOUR
    at = NOW - QUARTER
    assert last["state"] == simulator.shown(simulator.sensor(HOUSE_MID), 32, at)


async def test_power_is_a_mean_over_its_quarters(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """Each value counts for a quarter of an hour."""
    sensor = simulator.sensor(INVERTER_MID)
    rows = (await imported(hass, loaded))[SOLAR]
    hours = [row for row in rows if START <= start_of(row) < NOW_HOUR]
    assert len(hours) == (NOW_HOUR - START) // HOUR
    assert any(row["mean"] for row in hours)
    for row in hours:
        times = [start_of(row) + n * QUARTER for n in range(4)]
        values = [simulator.shown(sensor, 70, time) for time in times]
        assert row["mean"] == approx(sum(values) / 4), start_of(row)
        assert (row["min"], row["max"]) == (min(values), max(values))


async def test_energy_of_intervals_is_exact(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """The amount of an hour is the sum of the quarters that end in it."""
    simulator.types[70] = PV_PER_QUARTER
    await set_up(hass, entry)
    sensor = simulator.sensor(INVERTER_MID)
    rows = (await imported(hass, entry))[SOLAR]
    hours = [row for row in rows if START <= start_of(row) < NOW_HOUR]
    assert len(hours) == (NOW_HOUR - START) // HOUR
    assert hours[-1]["sum"] > 1
    for row in hours:
        ends = [start_of(row) + (n + 1) * QUARTER for n in range(4)]
        produced = sum(simulator.shown(sensor, 70, end) for end in ends)
        assert row["state"] == approx(produced), start_of(row)


async def test_new_values_are_imported(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """Values that arrive a quarter of an hour late are imported within an hour."""
    await imported(hass, loaded)
    for _ in range(8):
        await tick(900)
    rows = (await imported(hass, loaded))[DELIVERED]
    until = NOW_HOUR + 2 * HOUR
    assert_exact(simulator, rows, simulator.sensor(HOUSE_MID), 32, until)


async def test_corrected_late_and_deleted_values_are_imported_within_an_hour(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator, tick: Tick
) -> None:
    """There is a correction of five days ago, a disconnected meter, and a deletion."""
    then = NOW + timedelta(minutes=10)
    first = NOW_HOUR - timedelta(days=5)
    simulator.events += [
        Revision(first, first + 3 * HOUR, mid=HOUSE_MID, moid=32, offset=-150, at=then),
        Late(
            NOW_HOUR - 30 * HOUR, NOW_HOUR - 20 * HOUR, arrives=then, mid=WORKSHOP_MID
        ),
    ]
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    house, workshop = simulator.sensor(HOUSE_MID), simulator.sensor(WORKSHOP_MID)
    with pytest.raises(AssertionError):
        assert_exact(simulator, rows[DELIVERED], house, 32, NOW_HOUR)
    with pytest.raises(AssertionError):
        assert_exact(simulator, rows[f"{WORKSHOP}_signal_32"], workshop, 32, NOW_HOUR)
    removed = NOW_HOUR - timedelta(days=2)
    simulator.events.append(
        Removal(removed, removed + QUARTER, mid=HOUSE_MID, moid=34, keeps_row=True)
    )
    for _ in range(5):
        await tick(900)
    rows = await imported(hass, entry)
    assert_exact(simulator, rows[DELIVERED], house, 32, NOW_HOUR + HOUR)
    assert_exact(
        simulator, rows[f"{WORKSHOP}_signal_32"], workshop, 32, NOW_HOUR + HOUR
    )
    before, after = (simulator.shown(house, 34, removed + n * QUARTER) for n in (-1, 1))
    (row,) = [r for r in rows[RETURNED] if start_of(r) + HOUR == removed]
    # The deleted position at the end of the hour is estimated.
    assert before <= row["state"] <= after


async def test_predictions_are_never_imported(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """If nothing was measured, predictions are not consumption."""
    gap = NOW_HOUR - timedelta(hours=10)
    simulator.events.append(Outage(gap, NOW, mid=HOUSE_MID))
    await set_up(hass, entry)
    rows = (await imported(hass, entry))[DELIVERED]
    assert start_of(rows[-1]) + HOUR <= gap
    house = simulator.sensor(HOUSE_MID)
    assert rows[-1]["state"] == simulator.shown(house, 32, gap - QUARTER)


@pytest.mark.parametrize("values", ["number", "null"])
async def test_an_exchanged_meter_loses_no_energy(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BesmartSimulator,
    values: str,
) -> None:
    """The new meter starts far above the old one, which is not consumption."""
    house = simulator.sensor(HOUSE_MID)
    at = NOW_HOUR - timedelta(days=3) + timedelta(minutes=20)
    house.exchange(at, {32: 90_000_000, 34: 17})
    simulator.state_values = values  # type: ignore[assignment]  # One of its words.
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    for key, moid in ((DELIVERED, 32), (RETURNED, 34)):
        if values == "number":
            assert_exact(simulator, rows[key], house, moid, NOW_HOUR)
        else:
            # Without the positions at the exchange, only its quarter is missing.
            used = rows[key][-1]["sum"]
            true = simulator.amount(house, moid, START, NOW - QUARTER) / 1000
            lost = simulator.amount(house, moid, at - QUARTER, at + QUARTER) / 1000
            assert true - lost <= used <= true + 1e-6
    assert rows[DELIVERED][-1]["state"] > 90_000


async def test_a_restart_continues_from_the_recorder(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """After a restart, only the last week is read."""
    await imported(hass, loaded)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await tick(7200)
    simulator.faults.clear_requests()
    await set_up(hass, loaded)
    rows = await imported(hass, loaded)
    until = NOW_HOUR + 2 * HOUR
    assert_exact(simulator, rows[DELIVERED], simulator.sensor(HOUSE_MID), 32, until)
    week = (simulator.clock() - timedelta(days=8)).timestamp() * 1000
    asked = [r for r in simulator.faults.requests if "since" in r.query]
    assert all(float(request.query["since"]) > week for request in asked)
    # One poll and one look at the week; nothing is probed again.
    signals = sum(len(sensor.signals) for sensor in simulator.sensors)
    most = 2 * signals if simulator.edition == "2021" else 4
    assert data_requests(simulator) <= most


async def test_a_server_that_was_down_for_six_hours(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """What was missed is filled in once the server is back, and is exact."""
    await imported(hass, loaded)
    simulator.faults.add(Fault(Drop()))
    for _ in range(6):
        await tick(3600)
    simulator.faults.clear()
    await tick(3600)
    await tick(900)
    rows = (await imported(hass, loaded))[DELIVERED]
    assert_exact(simulator, rows, simulator.sensor(HOUSE_MID), 32, NOW_HOUR + 7 * HOUR)


@both_editions
async def test_top_ups_are_cheap(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """The week is read again once an hour; in between, only new values are."""
    await imported(hass, loaded)
    await tick(900)
    await imported(hass, loaded)
    simulator.faults.clear_requests()
    moment = simulator.clock()
    simulator.clock = lambda: moment
    polls = 0
    for _ in range(6):
        await tick(300)
        polls += 1
    await imported(hass, loaded)
    wanted = sum(
        moid < 50 or moid == 70 for s in simulator.sensors for moid in s.signals
    )
    each = wanted if simulator.edition == "2021" else 1
    # Nothing was measured, as the polls have shown, so nothing else is requested.
    assert data_requests(simulator) == polls * each
