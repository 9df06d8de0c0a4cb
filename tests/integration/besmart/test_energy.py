"""besmart's meters on the Energy dashboard."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.energy.data import EnergyManager
from homeassistant.core import HomeAssistant
from simulators.besmart import HOUSE_MID, PV_PER_QUARTER, BesmartSimulator

from ..conftest import set_up
from ..test_energy_dashboard import energy  # noqa: F401 A fixture.
from .conftest import HOUSE, INVERTER, WORKSHOP, both_editions


@pytest.fixture
def wants_history() -> bool:
    """Import the history, which the energy sources need."""
    return True


@both_editions
async def test_meters_and_sun_are_sources(
    hass: HomeAssistant,
    energy: EnergyManager,  # noqa: F811 The fixture.
    entry: MockConfigEntry,
    simulator: BesmartSimulator,
) -> None:
    """A+ and A- of a meter are one grid source, and the inverter is a solar source.

    A meter behind it is a device.
    """
    simulator.types[70] = PV_PER_QUARTER
    simulator.sensor(HOUSE_MID).signals = (32, 34, 36)
    options = {**entry.options, "grid_meters": [HOUSE]}
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert energy.data is not None
    prefix = entry.runtime_data.history.prefix
    found = [
        (each["type"], each["stat_energy_from"], each.get("stat_energy_to"))
        for each in energy.data["energy_sources"]
    ]
    assert found == [
        ("grid", f"{prefix}{HOUSE}_signal_32", f"{prefix}{HOUSE}_signal_34"),
        ("solar", f"{prefix}{INVERTER}_signal_70", None),
    ]
    devices = [each["stat_consumption"] for each in energy.data["device_consumption"]]
    assert devices == [f"{prefix}{WORKSHOP}_signal_32"]
