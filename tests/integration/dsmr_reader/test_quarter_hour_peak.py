"""The blueprint that warns before a new quarter-hour peak."""

from pathlib import Path
import shutil

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Fault, set_fields

from ..conftest import Tick, set_up, shown

BLUEPRINT = "metering_hub/quarter_hour_peak.yaml"
FILE = Path(__file__).parents[3] / "blueprints" / "automation" / BLUEPRINT
EXPECTED = "sensor.electricity_meter_expected_power_of_this_quarter_hour"
PEAK = "sensor.electricity_meter_quarter_hour_peak_of_the_month"
PEAKS = "quarter-hour-peak"


@pytest.fixture
async def automation(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tmp_path: Path,
    tick: Tick,
) -> None:
    """Set up a Belgian meter and an automation that is made of the blueprint."""
    simulator.belgian = True
    simulator.faults.add(Fault(set_fields(average_delivered="9.000"), path=PEAKS))
    await set_up(hass, entry)
    # In the evening, the house takes power from the grid.
    await tick(9 * 3600)
    await tick(60)
    folder = tmp_path / "blueprints" / "automation" / "metering_hub"
    folder.mkdir(parents=True)
    shutil.copy(FILE, folder)
    hass.config.config_dir = str(tmp_path)
    inputs = {"projection": EXPECTED, "peak": PEAK, "lowest_peak": 0.0}
    automation = {"use_blueprint": {"path": BLUEPRINT, "input": inputs}}
    assert await async_setup_component(hass, "persistent_notification", {})
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()


def notified(hass: HomeAssistant) -> list[str]:
    """Return the texts of all notifications."""
    return [
        str(each["message"])
        for each in hass.data.get("persistent_notification", {}).values()
        if each["notification_id"].startswith("metering_hub")
    ]


@pytest.mark.usefixtures("automation")
async def test_warns_before_a_new_peak_only(
    hass: HomeAssistant, simulator: DsmrReaderSimulator, tick: Tick
) -> None:
    """It warns a minute after the month's peak is going to be exceeded."""
    assert 0 < float(shown(hass, EXPECTED)) < float(shown(hass, PEAK)) == 9
    for _ in range(12):
        await tick(10)
    assert notified(hass) == []
    simulator.faults.clear()
    simulator.faults.add(Fault(set_fields(average_delivered="0.010"), path=PEAKS))
    for _ in range(6):
        await tick(10)
    assert float(shown(hass, EXPECTED)) > float(shown(hass, PEAK)) == 0.01
    assert notified(hass) == []
    for _ in range(7):
        await tick(10)
    (message,) = notified(hass)
    assert "instead of 0.0 kW" in message
    assert "minutes" in message
