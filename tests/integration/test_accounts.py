"""What a person is told when an account, its rights or its contract end."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from simulators.bemserver import BemserverSimulator
from simulators.besmart import BesmartSimulator
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Answer, Fault
from simulators.milesight import MilesightSimulator

from .conftest import DOMAIN, NOW, Tick
from .four_servers import POLL, Simulator, one_server

QUARTER = 15 * 60.0
REAUTH = "reauth"


def _deactivate(server: Simulator) -> None:
    """Deactivate the user: BEMServer refuses everything with 403 from then on."""
    assert isinstance(server, BemserverSimulator)
    for user in server.users:
        user.is_active = False


def _change_password(server: Simulator) -> None:
    """Change the password, and end the tokens that were made with it."""
    assert isinstance(server, BesmartSimulator)
    server.password = "another one"
    server.tokens.expire()


def _end_contract(server: Simulator) -> None:
    """Let the server ask for money."""
    detail = '{"detail": "Payment required"}'
    fault = Fault(Answer(402, detail, "application/json"), "signals/data")
    server.faults.add(fault)


def _revoke_role(server: Simulator) -> None:
    """Take the right to see devices from the user: 403 forbidden_permission."""
    assert isinstance(server, MilesightSimulator)
    server.user.super_admin = False
    server.user.functions = frozenset()


def _change_key(server: Simulator) -> None:
    """Replace the API key."""
    assert isinstance(server, DsmrReaderSimulator)
    server.api_key = "another key"


def _turn_off_api(server: Simulator) -> None:
    """Turn the API off."""
    assert isinstance(server, DsmrReaderSimulator)
    server.api_enabled = False


ENDINGS: Mapping[str, tuple[str, Callable[[Simulator], None], str]] = {
    "deactivated": ("bemserver", _deactivate, REAUTH),
    "password": ("besmart", _change_password, REAUTH),
    "contract": ("besmart", _end_contract, "access_denied"),
    "role": ("milesight", _revoke_role, "access_denied"),
    "key": ("dsmr_reader", _change_key, REAUTH),
    "api": ("dsmr_reader", _turn_off_api, "api_disabled"),
}
"""The backend, what ends, and what a person is told of it."""


@pytest.fixture
async def server(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, ending: str
) -> AsyncIterator[tuple[Simulator, MockConfigEntry]]:
    """Serve the simulator of a backend, and set up an entry for it."""
    async with one_server(hass, freezer, NOW, ENDINGS[ending][0]) as server:
        yield server


def told(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Return the issues of an entry, and whether it asks for credentials."""
    flows = hass.config_entries.flow.async_progress_by_handler(
        DOMAIN, match_context={"source": SOURCE_REAUTH}
    )
    return {REAUTH for _ in flows} | {
        str(issue.translation_key)
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.issue_id.endswith(entry.entry_id)
    }


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_person_is_told_within_a_quarter_of_an_hour(
    hass: HomeAssistant,
    server: tuple[Simulator, MockConfigEntry],
    tick: Tick,
    freezer: FrozenDateTimeFactory,
    ending: str,
) -> None:
    """They are told once, in the way in which they can do something about it."""
    simulator, entry = server
    backend, end, expected = ENDINGS[ending]
    await tick(POLL[backend])
    before = told(hass, entry)
    end(simulator)
    until = freezer() + timedelta(seconds=QUARTER)
    while freezer() < until:
        await tick(min(POLL[backend], 60.0))
    assert told(hass, entry) - before == {expected}
