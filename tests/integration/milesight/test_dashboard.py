"""The example dashboard uses entities and statistics that a Beaver IoT has."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.milesight import MilesightSimulator

from ...dashboards import unknown_names
from ..conftest import NOW


@pytest.fixture
def simulator() -> MilesightSimulator:
    """Return a server with the devices of the demo, whose EUIs the file names."""
    return MilesightSimulator(clock=dt_util.utcnow, start=NOW - timedelta(days=8))


@pytest.mark.parametrize("wants_history", [True])
async def test_the_dashboard_fits(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    assert unknown_names(hass, loaded, "milesight") == []
