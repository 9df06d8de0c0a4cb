"""The ready-made dashboard has only entities and statistics that exist."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulators.besmart import PV_PER_QUARTER, BesmartSimulator

from ...dashboards import unknown_names
from ..conftest import set_up
from .conftest import HOUSE


@pytest.mark.parametrize("wants_history", [True])
async def test_the_dashboard_fits(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    simulator.types[PV_PER_QUARTER.moid] = PV_PER_QUARTER
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "grid_meters": [HOUSE]}
    )
    await set_up(hass, entry)
    assert unknown_names(hass, entry, "besmart") == []
