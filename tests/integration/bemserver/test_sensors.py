"""Entities of a BEMServer: their states, and the effects of server faults."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.sensor import ATTR_LAST_RESET, ATTR_STATE_CLASS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulators.bemserver import CLEAN, RAW, BemserverSimulator
from simulators.bemserver.fuels import add_fuels
from simulators.faults import Answer, Drop, Fault, MutateJson, html_error

from ..conftest import NOW, Tick, set_up
from .conftest import EVERYTHING

MIDNIGHT = datetime(2026, 11, 20, 23, tzinfo=UTC)
MINUTE = 60.0
QUARTER = 15 * MINUTE


def state_of(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> State:
    """Return the state of a point's entity."""
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if entity.unique_id == f"{entry.unique_id}_{key}":
            state = hass.states.get(entity.entity_id)
            assert state is not None, f"{key} has no state"
            return state
    raise AssertionError(f"{key} does not exist")


@pytest.mark.parametrize("options", [EVERYTHING])
async def test_devices_are_the_places(
    hass: HomeAssistant, loaded: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """Campaigns contain sites, sites contain buildings; smaller places need series."""
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    by_id = {device.id: device.name for device in devices}
    parents = {device.name: by_id.get(device.via_device_id or "") for device in devices}
    assert parents == {
        "BEMServer": None,
        "Campus Paris": "BEMServer",
        "Office Montréal": "BEMServer",
        "Main campus": "Campus Paris",
        "Annex": "Campus Paris",
        "Office": "Office Montréal",
        "Building A": "Main campus",
        "Building B": "Main campus",
        "Building C": "Main campus",
        "Annex hall": "Annex",
        "Ground floor": "Building A",
        "Meeting room": "Ground floor",
        "Server room": "Building B",
        "North zone": "Campus Paris",
    }


@pytest.mark.parametrize("options", [EVERYTHING])
async def test_a_direction_without_degrees_is_a_plain_number(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Only degrees have the state class of angles; Home Assistant refuses others."""
    add_fuels(simulator.world, NOW, simulator.store.start)
    await set_up(hass, entry)
    shown = {}
    for number in (221, 222, 223):
        state = state_of(hass, entry, f"timeseries_{number}")
        assert float(state.state) > 0
        shown[number] = [
            state.attributes.get(name)
            for name in (ATTR_STATE_CLASS, "device_class", "unit_of_measurement")
        ]
    assert shown == {
        221: [None, None, None],
        222: [None, None, "rad"],
        223: ["measurement_angle", "wind_direction", "°"],
    }
    fuel = state_of(hass, entry, "timeseries_203_amount").attributes
    assert (fuel[ATTR_STATE_CLASS], fuel["device_class"]) == ("total", "weight")
    assert "Traceback" not in caplog.text


async def test_an_amount_shows_today_so_far(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """Linked energy is summed from the campaign's midnight to the latest value."""
    state = state_of(hass, loaded, "timeseries_1_amount")
    assert float(state.state) == pytest.approx(simulator.amount(1, MIDNIGHT, NOW))
    assert state.attributes[ATTR_STATE_CLASS] == "total"
    assert state.attributes[ATTR_LAST_RESET] == MIDNIGHT.isoformat()
    montreal = state_of(hass, loaded, "timeseries_51_amount")
    midnight = datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert montreal.attributes[ATTR_LAST_RESET] == midnight.isoformat()
    amount = simulator.amount(51, midnight, NOW)
    assert float(montreal.state) == pytest.approx(amount)


async def test_an_amount_grows_and_starts_again_at_midnight(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Values are added one by one; a new day starts with its own first value."""
    now = NOW
    for _ in range(4):
        now += timedelta(minutes=15)
        await tick(QUARTER)
        state = state_of(hass, loaded, "timeseries_1_amount")
        expected = simulator.amount(1, MIDNIGHT, now)
        assert float(state.state) == pytest.approx(expected)
    midnight = MIDNIGHT + timedelta(days=1)
    await tick((midnight - now).total_seconds() + MINUTE)
    assert state_of(hass, loaded, "timeseries_1_amount").state == "unknown"
    await tick(QUARTER)
    state = state_of(hass, loaded, "timeseries_1_amount")
    end = midnight + timedelta(minutes=16)
    assert float(state.state) == pytest.approx(simulator.amount(1, midnight, end))
    assert state.attributes[ATTR_LAST_RESET] == midnight.isoformat()


async def test_late_values_are_added_within_an_hour(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Values that arrive hours late are included from the next full hour on."""
    series = simulator.world.series[1]
    start = MIDNIGHT + timedelta(hours=3)
    missing = simulator.amount(1, start, start + timedelta(hours=1))
    for state in (RAW, CLEAN):
        simulator.store.delete(series, state, start, start + timedelta(hours=1))
    await set_up(hass, entry)
    shown = float(state_of(hass, entry, "timeseries_1_amount").state)
    assert shown == pytest.approx(simulator.amount(1, MIDNIGHT, NOW))
    for state in (RAW, CLEAN):
        simulator.store.post(series, state, {start: missing})
    await tick(3600)
    later = NOW + timedelta(hours=1)
    expected = simulator.amount(1, MIDNIGHT, later)
    state = state_of(hass, entry, "timeseries_1_amount")
    assert float(state.state) == pytest.approx(expected)


async def test_kinds_and_units(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """Meters, amounts and measured values have Home Assistant's classes and units."""
    expected = {
        "timeseries_13_register": ("total_increasing", "energy", "kWh"),
        "timeseries_14_register": ("total_increasing", "gas", "m³"),
        "timeseries_15_register": ("total_increasing", "water", "m³"),
        "timeseries_16": ("measurement", "power", "W"),
        "timeseries_18": ("measurement", "humidity", "%"),
        "timeseries_19": ("measurement", "carbon_dioxide", "ppm"),
        "timeseries_44": ("measurement", "irradiance", "W/m²"),
        "timeseries_55_amount": ("total", "energy", "kWh"),
        "timeseries_56": ("measurement", "temperature", "°C"),
        "timeseries_57": ("measurement", "humidity", "%"),
        "timeseries_58_amount": ("total", None, "BTU"),
        "timeseries_47": ("measurement", None, None),
    }
    for key, (state_class, device_class, unit) in expected.items():
        attributes = state_of(hass, loaded, key).attributes
        assert attributes[ATTR_STATE_CLASS] == state_class, key
        assert attributes.get("device_class") == device_class, key
        assert attributes.get("unit_of_measurement") == unit, key
    position = simulator.position(13, NOW)
    assert float(state_of(hass, loaded, "timeseries_13_register").state) == position


async def test_raw_values_without_clean_ones(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """A server without the clean-up task has raw values only."""
    simulator.without_clean()
    await set_up(hass, entry)
    state = state_of(hass, entry, "timeseries_1_amount")
    assert float(state.state) == pytest.approx(simulator.amount(1, MIDNIGHT, NOW))


async def test_a_series_deleted_between_catalogue_and_poll(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """The other series of its batch are not affected."""
    simulator.world.delete_series(16)
    await tick(MINUTE)
    assert state_of(hass, loaded, "timeseries_16").state == "unavailable"
    assert state_of(hass, loaded, "timeseries_18").state != "unavailable"
    assert state_of(hass, loaded, "timeseries_1_amount").state != "unavailable"
    simulator.faults.clear_requests()
    await tick(MINUTE)
    assert simulator.faults.count("/timeseries_data/") == 2


async def test_a_series_that_is_no_longer_permitted(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """The server does not name it, so it is found by reading the catalogue."""
    hidden = next(s.id for s in simulator.world.scopes.values() if s.name == "Private")
    simulator.world.series[16].scope_id = hidden
    await tick(MINUTE)
    assert state_of(hass, loaded, "timeseries_16").state == "unavailable"
    assert state_of(hass, loaded, "timeseries_18").state != "unavailable"


async def test_a_deactivated_user_starts_a_reauthentication(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Although the tokens are alive; else all would be unavailable without a word."""
    simulator.reader.is_active = False
    await tick(MINUTE)
    assert state_of(hass, loaded, "timeseries_1_amount").state == "unavailable"
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    simulator.reader.is_active = True
    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert state_of(hass, loaded, "timeseries_1_amount").state != "unavailable"


async def test_a_database_that_is_down_is_an_outage(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Even logging in fails with 500, which is an outage."""
    simulator.database_down = True
    await tick(3600)
    assert state_of(hass, loaded, "timeseries_1_amount").state == "unavailable"
    assert not hass.config_entries.flow.async_progress()
    assert not await hass.config_entries.async_reload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.SETUP_RETRY
    assert not hass.config_entries.flow.async_progress()
    simulator.database_down = False
    await tick(MINUTE)
    assert loaded.state is ConfigEntryState.LOADED
    assert state_of(hass, loaded, "timeseries_1_amount").state != "unavailable"


async def test_500_once_after_a_database_restart(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """The first answer of each worker is wrong, the second one is correct."""
    simulator.restart_database(1)
    await tick(MINUTE)
    assert state_of(hass, loaded, "timeseries_1_amount").state != "unavailable"


async def test_a_changed_key_of_the_server_logs_in_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """It invalidates both tokens, but not the password."""
    logins = simulator.counters.logins
    simulator.secret_key = "another-secret-key-of-32-bytes-!"
    await tick(MINUTE)
    assert state_of(hass, loaded, "timeseries_1_amount").state != "unavailable"
    assert simulator.counters.logins == logins + 1
    assert not hass.config_entries.flow.async_progress()


async def test_tokens_are_refreshed_before_they_run_out(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """For hours, there is one login and no refused token."""
    logins = simulator.counters.logins
    for _ in range(12):
        await tick(5 * MINUTE)
    assert simulator.counters.logins == logins
    assert 3 <= simulator.counters.refreshes <= 6
    assert state_of(hass, loaded, "timeseries_1_amount").state != "unavailable"


async def test_a_unit_change_changes_the_value(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """After the next catalogue, the unit is kilowatts; the user still sees watts."""
    simulator.world.series[16].unit = "kW"
    await tick(3601)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert loaded.runtime_data.inventory.data.points["timeseries_16"].unit == "kW"
    kilowatts = simulator.position(16, NOW + timedelta(hours=1))
    assert kilowatts is not None
    state = state_of(hass, loaded, "timeseries_16")
    assert float(state.state) == pytest.approx(kilowatts * 1000)
    assert state.attributes["unit_of_measurement"] == "W"


def _naive(answer: object) -> object:
    assert isinstance(answer, dict)
    return {
        series: {time[:19]: value for time, value in points.items()}
        for series, points in answer.items()
    }


def _endless(answer: object) -> object:
    assert isinstance(answer, dict)
    return {
        series: dict.fromkeys(points, "Infinity") if series == "16" else points
        for series, points in answer.items()
    }


@pytest.mark.parametrize("change", [_naive, _endless])
async def test_a_series_without_a_valid_value_is_unavailable(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
    change: object,
) -> None:
    """Naive times and infinite numbers are no readings; valid ones come back."""
    simulator.faults.add(Fault(MutateJson(change), "/timeseries_data/"))  # type: ignore[arg-type]  # Any JSON.
    await tick(QUARTER)
    assert state_of(hass, loaded, "timeseries_16").state == STATE_UNAVAILABLE
    simulator.faults.clear()
    await tick(QUARTER)
    position = simulator.position(16, NOW + timedelta(minutes=30))
    assert float(state_of(hass, loaded, "timeseries_16").state) == position


async def test_infinity_in_the_json(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """A bare Infinity costs its series, and the other ones are read."""
    newest = (NOW + timedelta(minutes=15)).isoformat()
    body = f'{{"16": {{"{newest}": Infinity}}, "41": {{"{newest}": 12.5}}}}'
    answer = Answer(200, body, "application/json")
    simulator.faults.add(Fault(answer, "/timeseries_data/"))
    await tick(QUARTER)
    assert state_of(hass, loaded, "timeseries_16").state == STATE_UNAVAILABLE
    assert state_of(hass, loaded, "timeseries_41").state == "12.5"


@pytest.mark.parametrize(
    "action", [html_error(502), Drop(), html_error(200, "Maintenance")]
)
async def test_a_proxy_without_a_server_behind(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
    action: Answer | Drop,
) -> None:
    """HTML instead of values makes everything unavailable until values return."""
    simulator.faults.add(Fault(action))
    await tick(MINUTE)
    assert state_of(hass, loaded, "timeseries_1_amount").state == "unavailable"
    simulator.faults.clear()
    await tick(MINUTE)
    assert state_of(hass, loaded, "timeseries_1_amount").state != "unavailable"


@pytest.mark.parametrize(
    "options", [{**EVERYTHING, "amounts": ["13"], "registers": ["55"]}]
)
async def test_the_user_overrides_a_kind(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The user can override the detected kind."""
    assert state_of(hass, loaded, "timeseries_13_amount")
    assert state_of(hass, loaded, "timeseries_55_register")


async def test_site_points(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """Degree days, notifications, completeness, and whether data are late."""
    assert state_of(hass, loaded, "campaign_1_notifications").state == "2"
    yesterday = state_of(hass, loaded, "site_1_heating_degree_days_yesterday")
    month = state_of(hass, loaded, "site_1_heating_degree_days_month")
    assert 0 < float(yesterday.state) < float(month.state)
    assert yesterday.attributes["unit_of_measurement"] == "°C·d"
    assert float(state_of(hass, loaded, "site_1_completeness").state) == 100
    assert state_of(hass, loaded, "building_1_data_late").state == "off"


async def test_late_data(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """Data are late after three intervals without a value, but at least an hour."""
    simulator.store.latency = timedelta(hours=3)
    await tick(40 * MINUTE)
    assert state_of(hass, loaded, "building_1_data_late").state == "off"
    await tick(40 * MINUTE)
    assert state_of(hass, loaded, "building_1_data_late").state == "on"
    simulator.store.latency = timedelta(0)
    await tick(5 * MINUTE)
    assert state_of(hass, loaded, "building_1_data_late").state == "off"
