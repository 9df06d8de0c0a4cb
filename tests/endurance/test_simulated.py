"""Servers in this process, which fail and whose clocks are moved."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from demo.processes import HOST
from endurance.simulated import SECRET, Simulated, StandingClock, simulated
from endurance.trouble import heal
from simulators.faults import Fault, html_error

pytestmark = pytest.mark.usefixtures("socket_enabled")

START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
OPTIONS = ("--years", "0.1", "--interval", "300")


async def ask(server: Simulated) -> aiohttp.ClientResponse:
    """Ask a DSMR-reader for its last reading."""
    async with (
        aiohttp.ClientSession(headers={"X-AUTHKEY": SECRET}) as session,
        session.get(
            f"http://{HOST}:{server.server.port}/api/v2/datalogger/dsmrreading",
            params={"ordering": "-timestamp", "limit": "1"},
        ) as answer,
    ):
        await answer.read()
        return answer


async def test_a_server_that_vanished_refuses_until_it_is_healed() -> None:
    """Nobody listens, not even on a connection that was open."""
    async with simulated("dsmr_reader", OPTIONS) as server:
        assert (await ask(server)).status == 200
        await server.vanish()
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(server)
        await heal(server)
        assert (await ask(server)).status == 200


async def test_a_fault_is_healed() -> None:
    """The faults of a server end together."""
    async with simulated("dsmr_reader", OPTIONS) as server:
        server.faults.add(Fault(html_error(502)))
        assert (await ask(server)).status == 502
        await heal(server)
        assert (await ask(server)).status == 200


async def test_a_clock_stands_until_it_is_moved() -> None:
    """The newest reading is as old as the clock says."""
    clock = StandingClock(START)
    async with simulated("dsmr_reader", OPTIONS, clock) as server:
        for moved in (timedelta(), timedelta(days=3)):
            clock.now = START + moved
            answer = await ask(server)
            newest = (await answer.json())["results"][0]["timestamp"]
            age = clock.now - datetime.fromisoformat(newest)
            assert timedelta() <= age < timedelta(minutes=6)
