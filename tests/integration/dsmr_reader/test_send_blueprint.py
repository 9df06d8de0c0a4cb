"""The blueprint that hands the readings of a P1 reader to DSMR-reader."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
import shutil

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator

from ..conftest import NOW, Tick, set_up

BLUEPRINT = "metering_hub/send_p1_readings.yaml"
ROOT = Path(__file__).parents[3]
FILE = ROOT / "blueprints" / "automation" / BLUEPRINT

STATES = {
    "sensor.p1_import_t1": ("1234.5678", "kWh"),
    "sensor.p1_import_t2": ("2345.678", "kWh"),
    "sensor.p1_export_t1": ("0.5", "MWh"),
    "sensor.p1_export_t2": ("12345", "Wh"),
    "sensor.p1_power": ("-1234", "W"),
    "sensor.p1_gas": ("987.654", "m³"),
}
ALL = {
    "delivered_1": "sensor.p1_import_t1",
    "delivered_2": "sensor.p1_import_t2",
    "returned_1": "sensor.p1_export_t1",
    "returned_2": "sensor.p1_export_t2",
    "power_delivered": "sensor.p1_power",
    "extra_position": "sensor.p1_gas",
}
FEWEST = {name: ALL[name] for name in ("delivered_1", "power_delivered")}


def report(hass: HomeAssistant, **changes: str) -> None:
    """Let the P1 reader report all of its values, some of them changed."""
    for entity_id, (value, unit) in STATES.items():
        name = entity_id.removeprefix("sensor.p1_")
        attributes = {"unit_of_measurement": unit}
        hass.states.async_set(entity_id, changes.get(name, value), attributes)


@pytest.fixture(autouse=True)
def dsmr_reader(simulator: DsmrReaderSimulator) -> DsmrReaderSimulator:
    """Let the server have no readings of its own any more."""
    simulator.stopped_at = NOW - timedelta(minutes=1)
    return simulator


@pytest.fixture
async def automate(
    hass: HomeAssistant, loaded: MockConfigEntry, tmp_path: Path
) -> AsyncIterator[None]:
    """Turn the automation off in the end, which leaves a timer otherwise."""
    folder = tmp_path / "blueprints" / "automation" / "metering_hub"
    folder.mkdir(parents=True)
    shutil.copy(FILE, folder)
    hass.config.config_dir = str(tmp_path)
    yield
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "all"}, blocking=True
    )


async def start(
    hass: HomeAssistant, entry: MockConfigEntry, inputs: dict[str, str]
) -> None:
    """Set up an automation of the blueprint."""
    use = {"path": BLUEPRINT, "input": {"server": entry.entry_id, **inputs}}
    automation = {"automation": {"alias": "Send", "use_blueprint": use}}
    assert await async_setup_component(hass, "automation", automation)
    await hass.async_block_till_done()
    assert hass.states.async_entity_ids("automation") == ["automation.send"]


@pytest.mark.usefixtures("automate")
async def test_readings_arrive(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dsmr_reader: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """In kWh and kW, with the times at which they were reported and changed."""
    await start(hass, loaded, ALL)
    report(hass)
    reported = dt_util.utcnow()
    await tick(12)
    (row,) = dsmr_reader.inbox.rows
    known = {name: value for name, value in row.items() if value is not None}
    assert datetime.fromisoformat(str(known.pop("timestamp"))) == reported
    assert datetime.fromisoformat(str(known.pop("extra_device_timestamp"))) == reported
    assert known == {
        "id": 10**9,
        "electricity_delivered_1": "1234.568",
        "electricity_delivered_2": "2345.678",
        "electricity_returned_1": "500.000",
        "electricity_returned_2": "12.345",
        "electricity_currently_delivered": "0.000",
        "electricity_currently_returned": "1.234",
        "extra_device_delivered": "987.654",
    }


@pytest.mark.usefixtures("automate")
async def test_only_what_is_reported_is_sent(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dsmr_reader: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """A P1 reader that hangs or is gone sends nothing, and comes back."""
    await start(hass, loaded, ALL)
    report(hass)
    for _ in range(5):
        await tick(10)
    assert len(dsmr_reader.inbox.rows) == 1
    report(hass)
    await tick(10)
    assert len(dsmr_reader.inbox.rows) == 2
    report(hass, import_t2="unavailable")
    await tick(10)
    report(hass, power="unknown")
    await tick(10)
    assert len(dsmr_reader.inbox.rows) == 2
    report(hass)
    await tick(10)
    assert len(dsmr_reader.inbox.rows) == 3


@pytest.mark.usefixtures("automate")
async def test_the_fewest_sensors(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dsmr_reader: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """A meter without tariffs, return and gas."""
    await start(hass, loaded, FEWEST)
    report(hass, power="250")
    await tick(12)
    (row,) = dsmr_reader.inbox.rows
    assert row["electricity_currently_delivered"] == "0.250"
    assert row["electricity_currently_returned"] == "0.000"
    assert row["electricity_delivered_2"] == "0.000"
    assert row["extra_device_delivered"] is None


@pytest.mark.usefixtures("automate")
async def test_power_returned_of_its_own(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dsmr_reader: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    await start(hass, loaded, {**FEWEST, "power_returned": "sensor.p1_gas"})
    report(hass, power="0", gas="3.5")
    await tick(12)
    (row,) = dsmr_reader.inbox.rows
    assert row["electricity_currently_returned"] == "3.500"


@pytest.mark.usefixtures("automate")
async def test_a_restart_sends_nothing_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dsmr_reader: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    await start(hass, loaded, ALL)
    report(hass)
    await tick(12)
    assert len(dsmr_reader.inbox.rows) == 1
    await hass.config_entries.async_unload(loaded.entry_id)
    await set_up(hass, loaded)
    await tick(10)
    assert len(dsmr_reader.inbox.rows) == 1
