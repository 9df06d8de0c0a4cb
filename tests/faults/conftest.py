"""Fixtures: a real Home Assistant, a simulator, and a proxy between them."""

from collections.abc import AsyncIterator, Callable
import logging
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.metering_hub.backends.common import http
from homeassistant.core import HomeAssistant
from homeassistant.helpers import aiohttp_client
from simulators.server import serve
from tests.integration.conftest import patient_flow, recorder_config, tick
from tests.integration.four_servers import Simulator

from .authority import Certificate, client_context, server_contexts
from .checks import Complaints, Log
from .proxy import FaultProxy
from .worlds import NOW, SERVERS, small_server

__all__ = ["patient_flow", "recorder_config", "tick"]

logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture(autouse=True)
def _environment(
    recorder_mock: object,
    enable_custom_integrations: None,
    socket_enabled: None,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Run with a real recorder and real sockets, at a fixed time, not waiting."""
    freezer.move_to(NOW)
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.0))


@pytest.fixture(params=SERVERS)
def backend(request: pytest.FixtureRequest) -> str:
    """Return the key of each backend."""
    key: str = request.param
    return key


@pytest.fixture
def simulator(backend: str) -> Simulator:
    """Return a small server of the backend."""
    return small_server(backend)


@pytest.fixture(scope="session")
def contexts(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[Certificate, object]:
    """Return the server's side of TLS with each certificate."""
    return {**server_contexts(tmp_path_factory.mktemp("tls"))}


@pytest.fixture
async def proxy(
    hass: HomeAssistant,
    simulator: Simulator,
    contexts: dict,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[FaultProxy]:
    """Serve the simulator and the proxy, which Home Assistant finds and trusts."""
    trusting = client_context()
    monkeypatch.setattr(
        aiohttp_client.ssl_util, "client_context", lambda *_: trusting
    )

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
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    backend: str,
    proxy: FaultProxy,
) -> Log:
    """Return what is checked of the log."""
    complaints = Complaints()
    hass.loop.set_exception_handler(complaints.note)
    return Log(caplog, complaints, backend, proxy)
