"""Recovery from faults of besmart, without a new login by the user."""

from datetime import timedelta
import logging

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulators.besmart import BesmartSimulator
from simulators.faults import Answer, Drop, Fault, busy, html_error

from ..conftest import Tick, shown
from .conftest import DELIVERED, LATEST, QUARTER, approx, both_editions, true


@both_editions
async def test_a_token_that_expires_during_a_poll(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """One new login is enough, and nothing is missed."""
    logins = simulator.tokens.logins
    simulator.tokens.expire(after=3 if simulator.edition == "2021" else 0)
    await tick(900)
    assert simulator.tokens.logins == logins + 1
    expected = true(simulator, 32, LATEST + QUARTER)
    assert float(shown(hass, DELIVERED)) == approx(expected)


async def test_a_token_is_used_for_its_whole_life(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """Two hours of polls need one login; the next one is five minutes early."""
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
    """Entities are unavailable until the server is back, without a new login."""
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
async def test_retry_after_is_respected(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
    status: int,
) -> None:
    """The server gets no requests until then; afterwards, the values are back."""
    simulator.faults.add(Fault(busy(status, 1200), path="/api/sensors/signals/data"))
    await tick(300)
    assert shown(hass, DELIVERED) == STATE_UNAVAILABLE
    simulator.faults.clear()
    simulator.faults.clear_requests()
    await tick(900)
    assert not simulator.faults.count("/api/sensors/signals/data")
    await tick(305)
    assert float(shown(hass, DELIVERED)) > 0


async def test_missing_rights_are_not_a_refused_login(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """A 401 with a new token is about an endpoint, and costs one login per poll."""
    logins = simulator.tokens.logins
    simulator.faults.add(Fault(html_error(401), path="/api/sensors/signals/data"))
    simulator.faults.clear_requests()
    await tick(300)
    assert not hass.config_entries.flow.async_progress()
    assert shown(hass, DELIVERED) == STATE_UNAVAILABLE
    assert simulator.faults.count("/api/sensors/signals/data") == 2
    assert simulator.tokens.logins == logins + 1
    simulator.faults.clear()
    await tick(300)
    assert float(shown(hass, DELIVERED)) > 0


_NOTHING = "application/json"


@pytest.mark.parametrize(
    "answer",
    [
        html_error(401),
        html_error(403),
        html_error(404),
        html_error(422),
        html_error(500),
        html_error(200),
        Answer(200, "[", _NOTHING),
        Answer(200, "", _NOTHING),
        Answer(200, "[]", _NOTHING),
        Answer(200, "{}", _NOTHING),
        Answer(200, "null", _NOTHING),
    ],
    ids=str,
)
@both_editions
async def test_a_refused_poll_is_one_line_in_the_log(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    answer: Answer,
) -> None:
    """Entities are unavailable, not unknown, and back with the next good poll."""
    caplog.clear()
    simulator.faults.add(Fault(answer, path="signals/"))
    await tick(300)
    assert shown(hass, DELIVERED) == STATE_UNAVAILABLE
    lines = [r for r in caplog.records if "readings" in r.getMessage()]
    assert len([r for r in lines if r.levelno >= logging.WARNING]) == 1
    await tick(300)
    lines = [r for r in caplog.records if "readings" in r.getMessage()]
    assert len([r for r in lines if r.levelno >= logging.WARNING]) == 1
    simulator.faults.clear()
    await tick(300)
    assert float(shown(hass, DELIVERED)) > 0
