"""Fixtures: a simulated besmart in both editions, and a config entry for it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.besmart import (
    CLIENT,
    HOUSE_MID,
    INVERTER_MID,
    WORKSHOP_MID,
    BesmartSimulator,
    default_sensors,
)
from simulators.server import serve

from ..conftest import NOW

START = NOW.replace(hour=0, minute=0) - timedelta(days=9)
HOUSE = f"sensor_{CLIENT}_{HOUSE_MID}"
WORKSHOP = f"sensor_{CLIENT}_{WORKSHOP_MID}"
INVERTER = f"sensor_{CLIENT}_{INVERTER_MID}"
DEVICES = [HOUSE, WORKSHOP, INVERTER]
DELIVERED = "sensor.dom_zlocieniec_energy_delivered"
DELAY = "sensor.dom_zlocieniec_data_delay"
MEASURED_AT = "sensor.dom_zlocieniec_last_measurement"

QUARTER = timedelta(minutes=15)
LATEST = NOW - QUARTER

approx = partial(pytest.approx, rel=1e-9)
"""The default tolerance is larger than a watt-hour."""

type Edition = Literal["2021", "2026"]


both_editions = pytest.mark.parametrize("edition", ["2021", "2026"])


@pytest.fixture
def edition() -> Edition:
    """Return the server's edition; `both_editions` lets a test run with each."""
    return "2026"


@pytest.fixture
def simulator(edition: Edition) -> BesmartSimulator:
    """Return a simulated besmart with some days of history, 15 minutes late."""
    return BesmartSimulator(
        edition=edition,
        clock=dt_util.utcnow,
        sensors=default_sensors(7, START),
        delay=timedelta(minutes=15),
        predictions=timedelta(hours=24),
    )


@pytest.fixture
async def url(simulator: BesmartSimulator) -> AsyncIterator[str]:
    """Serve the simulator on a real socket."""
    async with serve(simulator.app) as base_url:
        yield f"{base_url}/api"


@pytest.fixture
def entry(
    url: str, hass: HomeAssistant, simulator: BesmartSimulator, wants_history: bool
) -> MockConfigEntry:
    """Return a config entry for the simulator that is not set up yet."""
    config_entry = MockConfigEntry(
        domain=DOMAIN,
        title="besmart",
        minor_version=3,
        unique_id="besmart:anna",
        data={
            "backend": "besmart",
            "url": url,
            "login": simulator.login,
            "password": simulator.password,
        },
        options={
            "devices": DEVICES,
            "known_devices": DEVICES,
            "new_devices": True,
            "history": wants_history,
            "energy_dashboard": True,
        },
    )
    config_entry.add_to_hass(hass)
    return config_entry


def true(simulator: BesmartSimulator, moid: int, at: datetime) -> float:
    """Return the true value of the house's meter."""
    return simulator.shown(simulator.sensor(HOUSE_MID), moid, at)
