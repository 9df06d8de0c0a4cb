"""Fixtures: a simulated Beaver IoT of each release, and an entry for it."""

from collections.abc import AsyncIterator
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from simulators.milesight import MilesightSimulator

from ..conftest import NOW, set_up
from ..four_servers import serving
from . import helpers


@pytest.fixture(params=["1.0.0", "1.2.1", "1.2.5", "1.3.1"])
def release(request: pytest.FixtureRequest) -> str:
    """Return each of the releases that differ."""
    return str(request.param)


@pytest.fixture
def devices() -> int:
    """Return how many devices the server has: plugs, clamps and a meter."""
    return 6


@pytest.fixture
def simulator(request: pytest.FixtureRequest, devices: int) -> MilesightSimulator:
    """Return a simulated server whose time is Home Assistant's."""
    version = (
        request.getfixturevalue("release")
        if "release" in request.fixturenames
        else "1.3.1"
    )
    return helpers.make_simulator(version, devices, NOW - timedelta(days=8))


@pytest.fixture
async def url(
    hass: HomeAssistant,
    simulator: MilesightSimulator,
    freezer: FrozenDateTimeFactory,
) -> AsyncIterator[str]:
    """Serve the simulator on a real socket until all entries are unloaded."""
    async with serving(hass, freezer, {"milesight": simulator}) as hosts:
        yield f"http://{hosts['milesight']}"
        simulator.faults.clear()


@pytest.fixture
def entry(url: str, hass: HomeAssistant, wants_history: bool) -> MockConfigEntry:
    """Return an entry for the simulator that is not set up yet."""
    config_entry = MockConfigEntry(
        domain=DOMAIN,
        title="Beaver IoT",
        minor_version=3,
        unique_id="milesight:user",
        data={"backend": "milesight", **helpers.credentials(url)},
        options={
            "devices": [],
            "known_devices": [],
            "new_devices": True,
            "history": wants_history,
            "energy_dashboard": True,
        },
    )
    config_entry.add_to_hass(hass)
    return config_entry


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return an entry that is set up."""
    await set_up(hass, entry)
    return entry
