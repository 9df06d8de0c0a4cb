"""The example dashboard uses entities and statistics that exist."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from ...dashboards import unknown_names
from .conftest import EVERYTHING


@pytest.mark.parametrize("wants_history", [True])
@pytest.mark.parametrize("options", [EVERYTHING])
async def test_the_dashboard_fits(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    assert unknown_names(hass, loaded, "bemserver") == []
