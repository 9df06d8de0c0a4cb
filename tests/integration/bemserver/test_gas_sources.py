"""Natural gas as an energy is a source of the Energy dashboard, in a known unit."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulators.bemserver import BemserverSimulator
from simulators.bemserver.fuels import add_fuels

from ..conftest import NOW, set_up
from ..test_energy_dashboard import sources
from .conftest import EVERYTHING, YEARS

MEGAJOULES, PROPANE = 206, 205


@pytest.fixture
def simulator() -> BemserverSimulator:
    """Return a campus with gas in MJ, and gas in a unit that the dashboard refuses."""
    simulator = BemserverSimulator(1, YEARS, clock=dt_util.utcnow)
    add_fuels(simulator.world, NOW, simulator.store.start)
    for number in simulator.world.series.keys() - {MEGAJOULES, PROPANE}:
        simulator.world.delete_series(number)
    simulator.world.series[PROPANE].unit = "BTU"
    return simulator


@pytest.mark.parametrize("wants_history", [True])
@pytest.mark.parametrize("options", [EVERYTHING])
async def test_gas_in_megajoules_is_a_source(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "energy", {})
    manager = await async_get_manager(hass)
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    prefix = entry.runtime_data.history.prefix
    assert [(each["type"], each["stat_energy_from"]) for each in sources(manager)] == [
        ("gas", f"{prefix}timeseries_{MEGAJOULES}_amount")
    ]
