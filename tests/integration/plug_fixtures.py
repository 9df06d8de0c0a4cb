"""Fixtures with a fictitious plug that can be controlled and pushes."""

import asyncio
from collections.abc import AsyncIterator, Callable
import time

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from simulators.server import serve

from .conftest import set_up
from .plug import SPEC, PlugBackend, PlugServer


@pytest.fixture
async def server(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[PlugServer]:
    """Serve a plug, and register its backend during the test."""
    monkeypatch.setitem(BACKENDS, SPEC.key, SPEC)
    plug = PlugServer()
    async with serve(plug.app) as url:
        plug.url = url
        yield plug
        plug.let_go()


@pytest.fixture
def plug_entry(hass: HomeAssistant, server: PlugServer) -> MockConfigEntry:
    """Return an entry for the plug that is not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Plug",
        unique_id="plug",
        data={"backend": SPEC.key, "url": server.url},
        options={
            "devices": ["plug", "other"],
            "known_devices": ["plug", "other"],
            "new_devices": True,
            "history": False,
        },
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def plug(
    hass: HomeAssistant, plug_entry: MockConfigEntry, server: PlugServer
) -> MockConfigEntry:
    """Return an entry that is set up and connected for pushes."""
    await set_up(hass, plug_entry)
    await eventually(lambda: backend_of(plug_entry).received == 1)
    server.reads.clear()
    return plug_entry


def backend_of(entry: MockConfigEntry) -> PlugBackend:
    """Return the backend of a loaded entry."""
    backend = entry.runtime_data.backend
    assert isinstance(backend, PlugBackend)
    return backend


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait in real time until a condition is true; the time of a test is frozen."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.to_thread(time.sleep, 0.002)
    raise AssertionError("The condition did not become true within some seconds.")


async def told(entry: MockConfigEntry, server: PlugServer, *keys: str) -> None:
    """Push changed keys, and wait until the backend has received them."""
    received = backend_of(entry).received
    server.tell(*keys)
    await eventually(lambda: backend_of(entry).received > received)
