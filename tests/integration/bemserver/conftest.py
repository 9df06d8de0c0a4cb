"""Fixtures: a simulated BEMServer and a config entry for it."""

from collections.abc import AsyncIterator

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.bemserver import DEFAULT_EMAIL, DEFAULT_PASSWORD, BemserverSimulator
from simulators.server import serve

SOME_DEVICES = ["building_1", "campaign_1", "site_1", "site_3"]
EVERYTHING = {"devices": [], "known_devices": [], "new_devices": True}
YEARS = 0.022
"""Eight days: enough to detect kinds, and quick to import."""


@pytest.fixture
def simulator() -> BemserverSimulator:
    """Return a simulated BEMServer whose time is Home Assistant's."""
    return BemserverSimulator(1, YEARS, clock=dt_util.utcnow)


@pytest.fixture
async def url(simulator: BemserverSimulator) -> AsyncIterator[str]:
    """Serve the simulator on a real socket."""
    async with serve(simulator.app) as base_url:
        yield base_url


@pytest.fixture
def options() -> dict[str, object]:
    """Return a selection of few devices, which are set up faster."""
    known = [*SOME_DEVICES, "campaign_2", "building_2", "building_3", "site_2"]
    return {"devices": SOME_DEVICES, "known_devices": known, "new_devices": False}


@pytest.fixture
def entry(
    url: str, hass: HomeAssistant, wants_history: bool, options: dict[str, object]
) -> MockConfigEntry:
    """Return an entry for the simulator that is not set up yet."""
    config_entry = MockConfigEntry(
        domain=DOMAIN,
        title="BEMServer",
        minor_version=3,
        unique_id="bemserver:campus",
        data={
            "backend": "bemserver",
            "url": url,
            "email": DEFAULT_EMAIL,
            "password": DEFAULT_PASSWORD,
            "verify_ssl": True,
        },
        options={
            "history": wants_history,
            "energy_dashboard": True,
            **options,
        },
    )
    config_entry.add_to_hass(hass)
    return config_entry
