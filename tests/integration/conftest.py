"""Fixtures: a real Home Assistant, a simulated DSMR-reader, and an entry of both."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.flow import discovery
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House
from simulators.server import serve
from tests.known_requests import only_known_requests

from .plug import SPEC, PlugServer, backend_of, eventually

__all__ = ["only_known_requests"]

# The test package lets SQLAlchemy log every statement, which takes most of the time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

API_KEY = "4f1e9c0d7b6a5832"
NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
HOUSE_START = datetime(2026, 3, 26, 23, 0, tzinfo=UTC)

type Tick = Callable[[float], Awaitable[None]]


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Record no event of Home Assistant's start, which is most of what there is.

    States are recorded; a longer `commit_interval` than the test package's of 0 would
    be no gain: what is not committed holds the one connection of a database in memory.
    """
    return {
        "commit_interval": 0,
        "exclude": {
            "event_types": [
                "component_loaded",
                "device_registry_updated",
                "entity_registry_updated",
                "service_registered",
            ]
        },
    }


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


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Leave out of snapshots what differs from run to run."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def simulator() -> DsmrReaderSimulator:
    """Return a simulated DSMR-reader whose time is Home Assistant's."""
    return DsmrReaderSimulator(
        House(7, HOUSE_START), api_key=API_KEY, clock=dt_util.utcnow
    )


@pytest.fixture
async def url(simulator: DsmrReaderSimulator) -> AsyncIterator[str]:
    """Serve the simulator on a real socket."""
    async with serve(simulator.app) as base_url:
        yield base_url


@pytest.fixture
def wants_history() -> bool:
    """Leave the history alone where a test is about something else."""
    return False


@pytest.fixture
def entry(url: str, hass: HomeAssistant, wants_history: bool) -> MockConfigEntry:
    """Return an entry for the simulator that is not set up yet."""
    config_entry = MockConfigEntry(
        domain=DOMAIN,
        title="DSMR-reader",
        minor_version=3,
        unique_id="dsmr_reader:house",
        data={
            "backend": "dsmr_reader",
            "url": url,
            "api_key": API_KEY,
            "verify_ssl": True,
        },
        options={
            "devices": ["electricity_meter", "extra_device"],
            "known_devices": ["electricity_meter", "extra_device"],
            "new_devices": True,
            "history": wants_history,
            "energy_dashboard": True,
        },
    )
    config_entry.add_to_hass(hass)
    return config_entry


@pytest.fixture
def all_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable the entities, too, that are disabled by default."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return an entry that is set up."""
    await set_up(hass, entry)
    return entry


@pytest.fixture
def tick(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Tick:
    """Return a function that lets seconds pass and the polls of that time end."""

    async def let_pass(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(hass)
        await finish_tasks(hass)

    return let_pass


async def finish_tasks(hass: HomeAssistant) -> None:
    """Wait until all is done but the watching of servers, which never is.

    What background tasks run in threads is among them, as futures without a name.
    """
    await hass.async_block_till_done()
    while tasks := [
        task
        for task in hass._background_tasks
        if not isinstance(task, asyncio.Task)
        or not (task.get_name().endswith(" push") or task.cancelling())
    ]:
        await asyncio.wait(tasks)
        await hass.async_block_till_done()


@pytest.fixture(autouse=True)
def patient_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show no progress of the search for devices on a slow machine."""
    monkeypatch.setattr(discovery, "SHOWN_AFTER", 60.0)


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up, which must succeed."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def open_options(
    hass: HomeAssistant, entry: ConfigEntry, step: str
) -> ConfigFlowResult:
    """Start the options flow and choose a step from its menu."""
    options = hass.config_entries.options
    menu = await options.async_init(entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    assert menu["step_id"] == "init"
    assert step in menu["menu_options"]
    return await options.async_configure(menu["flow_id"], {"next_step_id": step})


def shown(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state that a person sees."""
    state = hass.states.get(entity_id)
    assert state is not None, f"{entity_id} does not exist"
    return state.state


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
