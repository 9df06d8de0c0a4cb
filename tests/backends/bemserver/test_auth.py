"""Logging in, and refreshing tokens."""

import asyncio
from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.bemserver.auth import token_expiry
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    UnreachableError,
)
from simulators.faults import Answer, Fault

from .conftest import Campus, Connect


async def test_twenty_polls_share_one_login(campus: Campus) -> None:
    """Of all requests with an invalid token, one renews it."""
    logins = campus.simulator.counters.logins
    campus.simulator.secret_key = "another-secret-key-of-32-bytes-!"
    await asyncio.gather(*(campus.poll() for _ in range(20)))
    assert campus.simulator.counters.logins == logins + 1


async def test_a_wrong_clock_does_not_refresh_all_the_time(connect: Connect) -> None:
    """The tokens of a server that is an hour behind seem to have expired already."""
    campus = await connect()
    campus.simulator.clock = lambda: campus.clock() - timedelta(hours=1)
    await campus.restart()
    await campus.read_inventory()
    before = campus.simulator.counters.refreshes
    await campus.poll()
    await campus.poll()
    assert campus.simulator.counters.refreshes == before


async def test_login_without_a_token(connect: Connect) -> None:
    """A success without a token does not come from a BEMServer."""
    campus = await connect()
    body = '{"status":"success"}'
    campus.simulator.faults.add(
        Fault(Answer(200, body, "application/json"), "/auth/token")
    )
    with pytest.raises(Exception, match="no token"):
        await campus.restart()


async def test_a_password_that_was_changed(campus: Campus) -> None:
    """The tokens remain valid; without them, the new password is needed."""
    campus.simulator.reader.password = "changed"
    await campus.poll()
    campus.simulator.secret_key = "another-secret-key-of-32-bytes-!"
    with pytest.raises(AuthenticationError):
        await campus.poll()


async def test_a_database_that_is_down(campus: Campus) -> None:
    """Every request fails with 500, and so does logging in."""
    campus.simulator.database_down = True
    with pytest.raises(UnreachableError):
        await campus.poll()
    campus.clock.forward(days=90)
    with pytest.raises(UnreachableError):
        await campus.poll()


@pytest.mark.parametrize(
    "token", ["", "abc", "a.b.c", "a.e30.c", "a.eyJleHAiOiJ4In0.c", "a.W10.c", "a.ÿ.c"]
)
def test_a_token_without_expiry(token: str) -> None:
    assert token_expiry(token) is None
