"""Serving on a socket, with TLS, and from the command line."""

import asyncio
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
import socket
import ssl
import sys

from aiohttp import ClientSession, web
import pytest

from simulators.server import NUMBER, number_answers, serve
from tests.certificates import self_signed, server_context

from .dsmr_reader.conftest import Api

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a key and a certificate for 127.0.0.1."""
    return self_signed(tmp_path)


async def test_tls(api: Api, certificate: Path) -> None:
    context = server_context(certificate)
    trust = ssl.create_default_context(cafile=str(certificate))
    async with serve(api.simulator.app, ssl_context=context) as url:
        assert url.startswith("https://127.0.0.1:")
        async with api.session.get(f"{url}/api/v2/schema", ssl=trust) as response:
            assert response.status == 200


async def test_port_is_free_again_and_taken_ones_are_refused() -> None:
    async with serve(web.Application()) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            async with serve(web.Application(), port=port):
                pass
    async with serve(web.Application(), port=port) as again:
        assert again == url


async def start(*options: str) -> tuple[Process, str]:
    """Start the simulator as a process and return it with its first line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulators",
        "dsmr_reader",
        *options,
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    return process, line.decode().strip()


@pytest.mark.parametrize("signal", [SIGINT, SIGTERM])
async def test_command_line(signal: Signals) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process, line = await start(
            "--port", str(port), "--api-key", "abc", "--seed", "4"
        )
    url = line.split(" on ")[1].split(" ")[0]
    assert line == f"dsmr_reader simulator on {url} (API key: abc)"
    assert url != f"http://127.0.0.1:{port}"
    async with (
        ClientSession(headers={"X-AUTHKEY": "abc"}) as session,
        session.get(f"{url}/api/v2/statistics/day?limit=1") as response,
    ):
        assert (await response.json())["count"] > 1000
    process.send_signal(signal)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_answers_say_their_number() -> None:
    app = web.Application()
    number_answers(app)
    async with serve(app) as url, ClientSession() as session:
        for number in (1, 2, 3):
            async with session.get(f"{url}/nowhere") as response:
                assert response.status == 404
                assert response.headers[NUMBER] == str(number)
