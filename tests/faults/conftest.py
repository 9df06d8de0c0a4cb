"""Fixtures: a real Home Assistant, a simulator, and a proxy between them."""

from collections.abc import AsyncIterator
import logging
import ssl

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.helpers import aiohttp_client
from simulators.server import serve
from tests.integration.conftest import _environment, patient_flow, recorder_config, tick
from tests.integration.four_servers import Simulator

from .authority import Certificate, client_context, server_contexts
from .checks import Complaints, Log
from .proxy import FaultProxy
from .worlds import SERVERS, small_server

__all__ = ["_environment", "patient_flow", "recorder_config", "tick"]

logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture(params=SERVERS)
def backend(request: pytest.FixtureRequest) -> str:
    """Return the key of each backend."""
    key: str = request.param
    return key


@pytest.fixture
def is_live() -> bool:
    """Return True if a test is about live values."""
    return True


@pytest.fixture
def simulator(backend: str, is_live: bool) -> Simulator:
    """Return a small server of the backend."""
    return small_server(backend, is_live=is_live)


@pytest.fixture(scope="session")
def contexts(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[Certificate, ssl.SSLContext]:
    """Return the server's side of TLS with each certificate."""
    return server_contexts(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def complaints(hass: HomeAssistant) -> Complaints:
    """Return what ends up in the event loop's handler of exceptions."""
    found = Complaints()
    hass.loop.set_exception_handler(found.note)
    return found


@pytest.fixture
async def proxy(
    hass: HomeAssistant,
    complaints: Complaints,
    simulator: Simulator,
    contexts: dict[Certificate, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[FaultProxy]:
    """Serve the simulator and the proxy, which Home Assistant finds and trusts."""
    trusting = client_context()
    monkeypatch.setattr(aiohttp_client.ssl_util, "client_context", lambda *_: trusting)

    def forget() -> None:
        for connector in hass.data.get(aiohttp_client.DATA_CONNECTOR, {}).values():
            connector.clear_dns_cache()

    async with serve(simulator.app) as target:
        between = FaultProxy(target, contexts, forget)
        monkeypatch.setattr(
            aiohttp_client, "_async_make_resolver", lambda _hass: between
        )
        async with between.serving():
            yield between


@pytest.fixture
def log(
    caplog: pytest.LogCaptureFixture,
    complaints: Complaints,
    backend: str,
    proxy: FaultProxy,
) -> Log:
    """Return what is checked of the log."""
    return Log(caplog, complaints, backend, proxy)
