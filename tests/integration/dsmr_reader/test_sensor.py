"""The entities of a DSMR-reader."""

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from custom_components import metering_hub
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Action, Answer, Fault, html_error, set_fields

from ..conftest import NOW, Tick, set_up, shown

POWER = "sensor.electricity_meter_power"
DELIVERED_NORMAL = "sensor.electricity_meter_normal_tariff_delivered"
DELIVERED_TODAY = "sensor.electricity_meter_delivered_today"
TARIFF = "sensor.electricity_meter_tariff"
GAS = "sensor.gas_meter_meter_reading"
PRICE = "sensor.electricity_meter_low_tariff_price"
READINGS = "/api/v2/datalogger/dsmrreading"
STATISTICS = "/api/v2/datalogger/meter-statistics"


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize("platform", [Platform.SENSOR, Platform.BINARY_SENSOR])
async def test_all_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    entry: MockConfigEntry,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    snapshot: SnapshotAssertion,
) -> None:
    """Every entity of a Dutch three-phase meter with gas matches its snapshot."""
    monkeypatch.setattr(metering_hub, "PLATFORMS", (platform,))
    await set_up(hass, entry)
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


async def test_devices(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    loaded: MockConfigEntry,
) -> None:
    """Both meters are described, and the gas meter is behind the electricity meter."""
    devices = {
        device.name: device
        for device in dr.async_entries_for_config_entry(
            device_registry, loaded.entry_id
        )
    }
    electricity, gas = devices["Electricity meter"], devices["Gas meter"]
    assert gas.via_device_id == electricity.id
    assert electricity.manufacturer == "Iskraemeco"
    assert electricity.model == "2M550T-1012"
    assert electricity.sw_version == "DSMR-reader 5.11.0"
    assert electricity.hw_version == "DSMR 5.0"
    assert electricity.serial_number
    assert gas.serial_number
    assert electricity.configuration_url == loaded.data["url"]


async def test_power_follows_the_meter(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """Power changes with the use of the house."""
    seen = {shown(hass, POWER)}
    for _ in range(6):
        await tick(900)
        seen.add(shown(hass, POWER))
    assert len(seen) > 3


async def test_registers_equal_the_meter(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The registers equal the meter's, to the watt-hour."""
    await tick(3600)
    true_position = simulator.house.registers(simulator.clock())
    assert float(shown(hass, DELIVERED_NORMAL)) * 1000 == pytest.approx(
        true_position[1], abs=1e-6
    )
    assert float(shown(hass, GAS)) * 1000 == pytest.approx(true_position[4], abs=30)


async def test_one_request_per_fast_poll(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """A fast poll is one cheap request for the latest telegram."""
    await tick(10)
    simulator.faults.clear_requests()
    await tick(10)
    [request] = simulator.faults.requests
    assert request.path == READINGS
    assert dict(request.query) == {
        "ordering": "-timestamp",
        "limit": "1",
        "timestamp__gte": "2026-11-21T10:30:10Z",
        "timestamp__lte": "2026-11-21T10:35:20Z",
    }
    assert request.headers["X-AUTHKEY"] == loaded.data["api_key"]


async def test_requests_of_an_hour(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Each endpoint is requested at its own interval."""
    simulator.faults.clear_requests()
    for _ in range(360):
        await tick(10)
    count = simulator.faults.count
    # The hourly inventory requests the latest telegram once more.
    assert count(READINGS) == pytest.approx(360, abs=2)
    for slow in ("today", "electricity-live"):
        assert count(f"/api/v2/consumption/{slow}") == 60
    assert count("/api/v2/application/monitoring") == 60
    assert count("/api/v2/statistics/day") == 0
    assert count(STATISTICS) <= 3
    assert count("/api/v2/consumption/energy-supplier-prices") <= 1
    # The sensors of these endpoints are disabled by default.
    assert count("/api/v2/consumption/gas-live") == 0
    assert count("quarter-hour-peak") == 0


@pytest.mark.parametrize(
    "failure",
    [
        html_error(500),
        html_error(403),
        html_error(404),
        Answer(200, "{", "application/json"),
    ],
)
async def test_one_failed_poll_of_prices_costs_a_minute(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    failure: Action,
) -> None:
    """Only what failed is asked for again, after a minute instead of an hour."""
    prices = "/api/v2/consumption/energy-supplier-prices"
    simulator.faults.add(Fault(failure, path=prices))
    await tick(3600)
    assert shown(hass, PRICE) == STATE_UNAVAILABLE
    simulator.faults.clear()
    simulator.faults.clear_requests()
    for _ in range(6):
        await tick(10)
    assert float(shown(hass, PRICE)) == pytest.approx(0.24153)
    for _ in range(30):
        await tick(10)
    assert simulator.faults.count(prices) == 1
    assert simulator.faults.count(STATISTICS) <= 1


async def test_tariff_returns_after_a_null(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Meter statistics that lack the tariff once do not hide it until it changes."""
    before = shown(hass, TARIFF)
    simulator.faults.add(Fault(set_fields(electricity_tariff=None), path=STATISTICS))
    await tick(3600)
    assert shown(hass, TARIFF) == STATE_UNKNOWN
    simulator.faults.clear()
    await tick(60)
    assert shown(hass, TARIFF) == before


async def test_stopped_datalogger_makes_readings_unavailable(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Readings become unavailable after five minutes, and return with new telegrams."""
    simulator.stopped_at = NOW
    for _ in range(4):
        await tick(60)
    assert shown(hass, POWER) != STATE_UNAVAILABLE
    for _ in range(2):
        await tick(60)
    for entity_id in (POWER, DELIVERED_NORMAL, GAS, TARIFF, DELIVERED_TODAY):
        assert shown(hass, entity_id) == STATE_UNAVAILABLE
    assert shown(hass, "binary_sensor.electricity_meter_problems") == "off"
    simulator.stopped_at = None
    await tick(60)
    for entity_id in (POWER, DELIVERED_NORMAL, GAS, TARIFF, DELIVERED_TODAY):
        assert shown(hass, entity_id) not in (STATE_UNAVAILABLE, STATE_UNKNOWN)


async def test_datalogger_that_stopped_long_ago(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """An old telegram still gives entities, but they are unavailable."""
    simulator.stopped_at = NOW.replace(hour=2)
    await set_up(hass, entry)
    assert shown(hass, POWER) == STATE_UNAVAILABLE
    assert shown(hass, GAS) == STATE_UNAVAILABLE


async def test_no_readings_today(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """A JSON text from `today` and `{}` from live endpoints mean no reading."""
    simulator.no_readings_today = True
    await tick(60)
    for entity_id in (DELIVERED_TODAY, TARIFF):
        assert shown(hass, entity_id) == STATE_UNKNOWN
    simulator.no_readings_today = False
    await tick(60)
    assert float(shown(hass, DELIVERED_TODAY)) > 0


@pytest.mark.usefixtures("all_enabled")
async def test_gas_live_without_gas(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """`{}` from gas-live means no reading."""
    await set_up(hass, entry)
    await tick(60)
    entity_id = "sensor.gas_meter_consumption_in_the_last_interval"
    assert float(shown(hass, entity_id)) >= 0
    simulator.extra_device = "none"
    await tick(60)
    assert shown(hass, entity_id) == STATE_UNKNOWN


async def test_no_gas(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Without a second meter there is one device, and no gas entity."""
    simulator.extra_device = "none"
    await set_up(hass, entry)
    devices = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert [device.name for device in devices] == ["DSMR-reader", "Electricity meter"]
    assert not [state for state in hass.states.async_all() if "gas" in state.entity_id]


@pytest.mark.parametrize(
    ("extra_device", "entity_id", "unit", "device_class"),
    [
        ("gas", "sensor.gas_meter_meter_reading", "m³", "gas"),
        ("heat", "sensor.heat_meter_meter_reading", "GJ", "energy"),
        ("water", "sensor.water_meter_meter_reading", "m³", "water"),
    ],
)
async def test_kind_of_the_second_meter(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    extra_device: str,
    entity_id: str,
    unit: str,
    device_class: str,
) -> None:
    """The telegram decides what the second meter measures."""
    simulator.extra_device = extra_device
    await set_up(hass, entry)
    state = hass.states.get(entity_id)
    assert state is not None
    assert float(state.state) > 0
    assert state.attributes["unit_of_measurement"] == unit
    assert state.attributes["device_class"] == device_class
    assert state.attributes["state_class"] == "total_increasing"


async def test_second_meter_without_telegram_is_what_the_user_chose(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Without a telegram it is gas, unless the option is something else."""
    simulator.telegram = False
    await set_up(hass, entry)
    assert float(shown(hass, GAS)) > 0
    options = {**entry.options, "extra_device": "water"}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert float(shown(hass, "sensor.water_meter_meter_reading")) > 0


async def test_belgian_meter(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """In Belgium, tariff 1 is the normal one, and the month's peak is enabled."""
    simulator.belgian = True
    await set_up(hass, entry)
    registers = simulator.house.registers(simulator.clock())
    assert float(shown(hass, DELIVERED_NORMAL)) == registers[0] / 1000
    assert shown(hass, TARIFF) == "low"  # It is a Saturday.
    assert float(shown(hass, "sensor.electricity_meter_quarter_hour_peak_of_the_month"))


@pytest.mark.usefixtures("all_enabled")
async def test_only_phases_that_the_meter_has(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """A one-phase meter has no sensors for the other two."""
    simulator.phases = 1
    await set_up(hass, entry)
    names = {
        state.entity_id
        for state in hass.states.async_all()
        if "_l1" in state.entity_id or "_l2" in state.entity_id
    }
    assert "sensor.electricity_meter_l1_voltage" in names
    assert not [name for name in names if name.endswith("_l2") and "sag" not in name]


async def test_tariff_changes_within_a_minute(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The meter statistics are fetched again when the tariff's name has changed."""
    assert shown(hass, TARIFF) == "low"
    await tick(60)
    simulator.faults.clear_requests()
    simulator.tariff = 2
    await tick(60)
    assert shown(hass, TARIFF) == "normal"
    assert simulator.faults.count(STATISTICS) == 1
    await tick(60)
    assert simulator.faults.count(STATISTICS) == 1


async def test_older_server(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Points that an older server does not have are missing; the rest works."""
    simulator.version = "4.3.0"
    await set_up(hass, entry)
    assert float(shown(hass, DELIVERED_NORMAL)) > 0
    assert hass.states.get(PRICE) is None
    assert hass.states.get("binary_sensor.electricity_meter_problems") is None


async def test_missing_and_strange_fields_cost_only_themselves(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Nulls, wrong types and unknown fields never fail an update."""
    strange = set_fields(
        electricity_delivered_2=None,
        electricity_returned_1=[],
        electricity_returned_2="NaN",
        something_new={"a": 1},
        extra_device_timestamp="yesterday",
    )
    simulator.faults.add(Fault(strange, READINGS))
    await tick(60)
    assert shown(hass, DELIVERED_NORMAL) == STATE_UNKNOWN
    assert float(shown(hass, POWER)) != 0
    assert float(shown(hass, GAS)) > 0
