"""What besmart does wrong heals by itself, and nobody has to log in again for it."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulators.besmart import BesmartSimulator
from simulators.faults import Drop, Fault, busy, html_error

from ..conftest import Tick, shown
from .conftest import DELIVERED, LATEST, QUARTER, approx, both_editions, true


@both_editions
async def test_a_token_that_expires_in_mid_poll(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """One new login, and nothing is missed."""
    logins = simulator.tokens.logins
    simulator.tokens.expire(after=3 if simulator.edition == "2021" else 0)
    await tick(900)
    assert simulator.tokens.logins == logins + 1
    expected = true(simulator, 32, LATEST + QUARTER)
    assert float(shown(hass, DELIVERED)) == approx(expected)


async def test_a_token_lives_its_whole_life(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """Two hours of polls need one login; the next comes five minutes early."""
    logins = simulator.tokens.logins
    for _ in range(22):
        await tick(300)
    assert simulator.tokens.logins == logins
    await tick(300)
    assert simulator.tokens.logins == logins + 1


@both_editions
async def test_a_server_that_was_down_for_six_hours(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """Everything is unavailable, nobody has to log in, and it comes back by itself."""
    simulator.faults.add(Fault(Drop()))
    for _ in range(7):
        await tick(3000)
    assert shown(hass, DELIVERED) == STATE_UNAVAILABLE
    simulator.faults.clear()
    await tick(3600)
    now = simulator.clock().replace(second=0) - timedelta(minutes=15)
    at = now - timedelta(minutes=now.minute % 15)
    assert float(shown(hass, DELIVERED)) == approx(true(simulator, 32, at))
    assert loaded.state is ConfigEntryState.LOADED
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_asks_to_wait_is_left_alone(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
    status: int,
) -> None:
    """Retry-After is kept to, and then the values are back."""
    simulator.faults.add(Fault(busy(status, 1200), path="/api/sensors/signals/data"))
    await tick(300)
    assert shown(hass, DELIVERED) == STATE_UNAVAILABLE
    simulator.faults.clear()
    simulator.faults.clear_requests()
    await tick(900)
    assert not simulator.faults.count("/api/sensors/signals/data")
    await tick(305)
    assert float(shown(hass, DELIVERED)) > 0


async def test_refused_rights_are_no_refused_login(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """A 401 with a fresh token is about an endpoint: nobody has to log in again."""
    simulator.faults.add(Fault(html_error(401), path="/api/sensors/signals/data"))
    await tick(300)
    assert not hass.config_entries.flow.async_progress()
    # What the batch does not give away is asked for signal by signal.
    assert float(shown(hass, DELIVERED)) > 0
