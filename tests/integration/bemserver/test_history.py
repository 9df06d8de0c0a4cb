"""History of a BEMServer: statistics equal what the server stores."""

from datetime import UTC, datetime, timedelta
import re

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.bemserver import points
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.identifiers import HISTORY_EVENTS_KEY
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from simulators.bemserver import CLEAN, RAW, BemserverSimulator
from simulators.bemserver.mixtures import monthly
from simulators.faults import Drop, Fault, html_error

from ..conftest import NOW, Tick, set_up
from ..test_history import Statistics, imported
from .conftest import EVERYTHING, YEARS

HOUR = timedelta(hours=1)
THIS_HOUR = NOW.replace(minute=0)
QUARTER = 900.0


@pytest.fixture
def wants_history() -> bool:
    """Import the history."""
    return True


@pytest.fixture
def options() -> dict[str, object]:
    """Choose all devices."""
    return EVERYTHING


@pytest.fixture
def simulator() -> BemserverSimulator:
    """Return a campus with one series of each kind, because importing takes long."""
    simulator = BemserverSimulator(1, YEARS, clock=dt_util.utcnow)
    for number in simulator.world.series.keys() - {1, 11, 13, 16, 61}:
        simulator.world.delete_series(number)
    return simulator


@pytest.fixture
async def statistics(hass: HomeAssistant, entry: MockConfigEntry) -> Statistics:
    """Return the statistics after the first import."""
    await set_up(hass, entry)
    return await imported(hass, entry)


def start_of(simulator: BemserverSimulator) -> datetime:
    """Return the time of the first values."""
    return simulator.store.start


def hour_of(row: object) -> datetime:
    """Return the start of a row."""
    assert isinstance(row, dict)
    return datetime.fromtimestamp(row["start"], UTC)


def check_amounts(
    statistics: Statistics, simulator: BemserverSimulator, key: str, number: int
) -> None:
    """Compare every hour of amounts with the stored values."""
    total = 0.0
    rows = statistics[key]
    assert hour_of(rows[0]) == start_of(simulator)
    assert hour_of(rows[-1]) == THIS_HOUR
    for row in rows:
        start = hour_of(row)
        amount = simulator.amount(number, start, start + HOUR)
        total += amount
        assert row["state"] == pytest.approx(amount, abs=1e-6)
        assert row["sum"] == pytest.approx(total, abs=1e-4)


async def test_amounts_are_exact(
    statistics: Statistics, simulator: BemserverSimulator
) -> None:
    """Every hour has exactly the stored amount, from the first hour on."""
    for number in (1, 11):
        check_amounts(statistics, simulator, f"timeseries_{number}_amount", number)


async def test_positions_are_exact(
    statistics: Statistics, simulator: BemserverSimulator
) -> None:
    """The sum between two hours is the difference of the meter's positions."""
    rows = statistics["timeseries_13_register"]
    first = simulator.position(13, start_of(simulator))
    assert first is not None
    for row in rows[:-1]:
        position = simulator.position(13, hour_of(row) + HOUR)
        assert position is not None
        assert row["state"] == position
        assert row["sum"] == pytest.approx(position - first, abs=1e-6)
    assert rows[-1]["state"] == simulator.position(13, NOW)


async def test_days_are_spread_over_their_hours(
    statistics: Statistics, simulator: BemserverSimulator
) -> None:
    """A daily amount becomes rows of equal amounts."""
    rows = statistics["timeseries_61_amount"]
    day = start_of(simulator) + timedelta(days=3)
    whole = simulator.amount(61, day, day + timedelta(days=1))
    states = [r["state"] for r in rows if day <= hour_of(r) < day + timedelta(days=1)]
    assert len(states) == 24
    assert states == pytest.approx([whole / 24] * 24, abs=1e-5)
    assert sum(s or 0 for s in states) == pytest.approx(whole, abs=1e-6)


async def test_measured_values_have_mean_and_extremes(
    statistics: Statistics, simulator: BemserverSimulator
) -> None:
    """They are computed by the server, also for the current hour."""
    rows = {hour_of(row): row for row in statistics["timeseries_16"]}
    for hour in (start_of(simulator) + 30 * HOUR, THIS_HOUR - HOUR, THIS_HOUR):
        quarters = [hour + timedelta(minutes=15 * n) for n in range(4)]
        values = [
            value
            for at in quarters
            if at <= NOW - timedelta(minutes=15)
            and (value := simulator.position(16, at)) is not None
        ]
        row = rows[hour]
        assert row["min"] == min(values)
        assert row["max"] == max(values)
        assert row["mean"] == pytest.approx(sum(values) / len(values), abs=1e-6)


async def test_nulls_are_no_rows(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """Hours without a value are missing, not zero."""
    start = THIS_HOUR - 30 * HOUR
    for state in (RAW, CLEAN):
        simulator.store.delete(
            simulator.world.series[1], state, start, start + 5 * HOUR
        )
    await set_up(hass, entry)
    rows = (await imported(hass, entry))["timeseries_1_amount"]
    hours = {hour_of(row) for row in rows}
    assert start - HOUR in hours
    assert not hours & {start + n * HOUR for n in range(5)}
    assert start + 5 * HOUR in hours


def delete(simulator: BemserverSimulator, start: datetime, hours: int) -> None:
    """Delete the amounts of some hours in both states of the data."""
    series = simulator.world.series[1]
    for state in (RAW, CLEAN):
        simulator.store.delete(series, state, start, start + hours * HOUR)


def check_deleted(
    statistics: Statistics, before: Statistics, start: datetime, hours: int
) -> None:
    """Compare all amounts with those before: the deleted hours have none."""
    key = "timeseries_1_amount"
    deleted = [start + number * HOUR for number in range(hours)]
    rows = {hour_of(row): row for row in statistics[key]}
    changes = {hour_of(row): row["change"] for row in before[key][:-1]}
    assert sum(changes[hour] or 0.0 for hour in deleted) > 1
    for hour, change in changes.items():
        expected = 0.0 if hour in deleted else change
        assert rows[hour]["change"] == pytest.approx(expected, abs=1e-6), hour
        assert rows[hour]["state"] == pytest.approx(expected, abs=1e-6), hour


async def test_deleted_values_leave_rows_without_use(
    hass: HomeAssistant,
    statistics: Statistics,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """No hour keeps what was deleted, and none is negative."""
    start = THIS_HOUR - 20 * HOUR
    delete(simulator, start, 3)
    for _ in range(4):
        await tick(QUARTER)
    check_deleted(await imported(hass, entry), statistics, start, 3)


@pytest.mark.parametrize("before", [None, 0, 5])
async def test_import_history_of_deleted_values(
    hass: HomeAssistant,
    statistics: Statistics,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    before: int | None,
) -> None:
    """The action repairs what was deleted before the span that is compared."""
    deleted = THIS_HOUR - 200 * HOUR
    delete(simulator, deleted, 3)
    fields = {"entry": entry.entry_id}
    if before is not None:
        fields["start"] = (deleted - before * HOUR).isoformat()
    await hass.services.async_call(DOMAIN, "import_history", fields, blocking=True)
    check_deleted(await imported(hass, entry), statistics, deleted, 3)


async def test_the_current_hour_grows_and_ends(
    hass: HomeAssistant,
    statistics: Statistics,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """The row of the current hour is correct at any time."""
    for _ in range(3):
        await tick(QUARTER)
    now = dt_util.utcnow()
    rows = (await imported(hass, entry))["timeseries_1_amount"]
    done, current = rows[-2:]
    assert hour_of(current) == now.replace(minute=0)
    amount = simulator.amount(1, THIS_HOUR, THIS_HOUR + HOUR)
    assert done["state"] == pytest.approx(amount, abs=1e-6)


async def test_corrected_and_late_values_are_imported(
    hass: HomeAssistant,
    statistics: Statistics,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Changes of the last two days are imported within an hour, with later sums."""
    at = THIS_HOUR - 20 * HOUR
    before = statistics["timeseries_1_amount"][-2]
    for state in (RAW, CLEAN):
        simulator.store.correct(simulator.world.series[1], state, {at: 100.0})
    for _ in range(4):
        await tick(QUARTER)
    rows = (await imported(hass, entry))["timeseries_1_amount"]
    corrected = next(row for row in rows if hour_of(row) == at)
    amount = simulator.amount(1, at, at + HOUR)
    assert amount > 100
    assert corrected["state"] == pytest.approx(amount, abs=1e-6)
    same_hour = next(row for row in rows if row["start"] == before["start"])
    total = simulator.amount(1, start_of(simulator), THIS_HOUR)
    assert same_hour["sum"] == pytest.approx(total, abs=1e-4)


async def test_missed_hours_are_filled_in(
    hass: HomeAssistant,
    statistics: Statistics,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Five hours without the server and a restart leave no gap and no jump."""
    simulator.faults.add(Fault(Drop()))
    await tick(5 * 3600)
    simulator.faults.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    rows = (await imported(hass, entry))["timeseries_13_register"]
    hours = [hour_of(row) for row in rows]
    assert hours == [start_of(simulator) + n * HOUR for n in range(len(hours))]
    position = simulator.position(13, dt_util.utcnow())
    assert rows[-1]["state"] == position


async def test_a_page_that_fails_loses_nothing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """An interrupted import is continued by the next one."""
    simulator.faults.add(Fault(html_error(504), "/timeseries_data/aggregate", skip=10))
    await set_up(hass, entry)
    await imported(hass, entry)
    assert entry.runtime_data.history.data.state == "failed"
    simulator.faults.clear()
    await tick(3600)
    rows = (await imported(hass, entry))["timeseries_1_amount"]
    total = simulator.amount(1, start_of(simulator), dt_util.utcnow())
    assert rows[-1]["sum"] == pytest.approx(total, abs=1e-4)


async def test_history_is_imported_again_in_another_unit(
    hass: HomeAssistant,
    statistics: Statistics,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    entity_registry: er.EntityRegistry,
    tick: Tick,
) -> None:
    """The unit applies to all stored values, so they are imported again.

    An event warns of it, because the server may be wrong.
    """
    simulator.world.series[1].unit = "Wh"
    await tick(3601)
    await tick(QUARTER)
    rows = (await imported(hass, entry))["timeseries_1_amount"]
    # Home Assistant shows kWh where it can convert.
    total = simulator.amount(1, start_of(simulator), dt_util.utcnow())
    assert rows[-1]["sum"] == pytest.approx(total, rel=1e-6)
    assert hour_of(rows[0]) == start_of(simulator)
    entity_id = entity_registry.async_get_entity_id(
        "event", DOMAIN, f"{entry.unique_id}_{HISTORY_EVENTS_KEY}"
    )
    assert entity_id is not None
    state = hass.states.get(entity_id)
    assert state is not None
    warned = [each.get("rule") for each in state.attributes["recent"]]
    assert warned.count("unit_changed") == 1


async def test_disabled_series_have_no_statistics(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Disabled series are not imported until they are enabled."""
    monkeypatch.setattr(points, "ENABLED_PER_DEVICE", 0)
    await set_up(hass, entry)
    amounts = {f"timeseries_{number}_amount" for number in (1, 11, 61)}
    assert (await imported(hass, entry)).keys() == amounts
    entity_id = entity_registry.async_get_entity_id(
        "sensor", DOMAIN, f"{entry.unique_id}_timeseries_13_register"
    )
    assert entity_id is not None
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(entry.entry_id)
    expected = {*amounts, "timeseries_13_register"}
    assert (await imported(hass, entry)).keys() == expected


def test_the_campus_is_old_enough() -> None:
    """Fewer days would not suffice to detect kinds, or to fill a window."""
    assert timedelta(days=365.25 * YEARS) > timedelta(days=8)


async def test_rows_of_all_groups_are_counted(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    caplog: pytest.LogCaptureFixture,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Points that resume from other days are imported in passes of their own."""
    caplog.set_level("INFO")
    await set_up(hass, entry)
    await imported(hass, entry)
    monthly(simulator)
    freezer.tick(timedelta(hours=2))
    assert await hass.config_entries.async_reload(entry.entry_id)
    caplog.clear()
    rows = await imported(hass, entry)
    added = len(rows["timeseries_49_amount"])
    assert added > 2000
    counts = re.findall(r"up to date, (\d+) rows written", caplog.text)
    assert [int(count) > added for count in counts] == [True]
    assert entry.runtime_data.history.data.rows == int(counts[0])


async def test_a_monthly_series_does_not_make_others_be_read_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """After a restart, the others are read from the start of their window on."""
    monthly(simulator)
    await set_up(hass, entry)
    await imported(hass, entry)
    simulator.faults.clear_requests()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await imported(hass, entry)
    window = dt_util.utcnow() - timedelta(days=7)
    asked = [
        request
        for request in simulator.faults.requests
        if request.query.get("start_time", "z") < window.isoformat()
        and "timeseries_data" in request.path
        and request.query.get("aggregation") != "count"
    ]
    assert {n for each in asked for n in each.query.getall("timeseries")} == {"49"}
    assert simulator.faults.count("/timeseries_data") <= 40
