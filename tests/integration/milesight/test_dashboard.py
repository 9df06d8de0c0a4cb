"""The ready dashboard names entities and statistics that a Beaver IoT has."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulators.milesight.catalog import MODELS

from ...dashboards import unknown_names


@pytest.mark.parametrize("wants_history", [True])
@pytest.mark.parametrize("devices", [len(MODELS)])
async def test_the_dashboard_fits(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    assert unknown_names(hass, loaded, "milesight") == []
