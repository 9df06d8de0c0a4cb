"""Home Assistant stops while history is read, checked or priced, of each backend."""

import asyncio
from collections.abc import AsyncIterator

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.metering_hub.backends.milesight.push_mqtt import CLOSING
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from simulators.faults import Fault
from simulators.server import serve
from tests.faults.worlds import DOMAIN, SERVERS, small_server

from .conftest import finish_tasks, set_up
from .four_servers import POLL, Simulator, connections
from .stopping import Stall, Watch, ours, stalled, stop
from .test_history import Statistics, euro, imported
from .test_history_actions import call
from .test_prices import LATER, tariff

__all__ = ["euro", "stalled"]


@pytest.fixture(params=SERVERS)
def backend(request: pytest.FixtureRequest) -> str:
    """Return the key of each backend."""
    key: str = request.param
    return key


@pytest.fixture
def simulator(backend: str) -> Simulator:
    """Return a small server of the backend."""
    return small_server(backend, is_live=False)


@pytest.fixture
async def url(
    hass: HomeAssistant, simulator: Simulator, freezer: FrozenDateTimeFactory
) -> AsyncIterator[str]:
    """Serve the simulator on a real socket until nobody is connected any more."""

    async def let_time_pass() -> None:
        while True:
            freezer.tick(0.1)
            await asyncio.sleep(0)

    async with serve(simulator.app) as base_url:
        yield base_url
        simulator.faults.clear()
        # Pushing servers wait a moment for clients that hang up, and time is frozen.
        passing = asyncio.create_task(let_time_pass())
        await asyncio.gather(*CLOSING)
    passing.cancel()


def entry_of(backend: str, url: str) -> MockConfigEntry:
    """Return the entry of the server, which is the same one at each start."""
    host = url.removeprefix("http://")
    return MockConfigEntry(
        domain=DOMAIN,
        title="Server",
        entry_id="the_entry",
        minor_version=3,
        unique_id=f"{backend}:one",
        data={
            "backend": backend,
            **connections(dict.fromkeys(POLL, host))[backend],
        },
        options={"devices": [], "known_devices": [], "new_devices": True},
    )


@pytest.fixture
def entry(hass: HomeAssistant, backend: str, url: str) -> MockConfigEntry:
    """Return an entry of the server that is not set up yet."""
    made = entry_of(backend, url)
    made.add_to_hass(hass)
    return made


async def whole_import(hass: HomeAssistant, entry: MockConfigEntry) -> Statistics:
    """Return what an import records that nothing disturbs."""
    await call(hass, "clear_history", entry, confirm=True)
    await call(hass, "import_history", entry)
    await finish_tasks(hass)
    return await imported(hass, entry)


@pytest.mark.parametrize("persistent_database", [True])
async def test_a_first_import(
    *,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    backend: str,
    url: str,
    simulator: Simulator,
    caplog: pytest.LogCaptureFixture,
    stalled: Stall,
    recorder_config: dict[str, object],
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """It ends, what it has written stays, and the next start goes on."""
    # A set-up may read from the same paths.
    stalled.is_due = lambda: entry.state is ConfigEntryState.LOADED
    simulator.faults.add(Fault(stalled, SERVERS[backend].history))
    await set_up(hass, entry)
    await stalled.begins()
    await stop(hass, caplog)
    stalled.let_go()
    simulator.faults.clear()
    async with async_test_home_assistant() as again:
        again.data.pop(DATA_CUSTOM_COMPONENTS)
        await again.config.async_update(currency="EUR", time_zone="Europe/Amsterdam")
        async with async_test_recorder(again, recorder_config):
            next_entry = entry_of(backend, url)
            next_entry.add_to_hass(again)
            await set_up(again, next_entry)
            await finish_tasks(again)
            assert next_entry.runtime_data.history.data.state == "up_to_date"
            found = await imported(again, next_entry)
            assert found
            assert found == await whole_import(again, next_entry)
            await again.config_entries.async_unload(next_entry.entry_id)
            await again.async_stop(force=True)


async def test_an_import_by_an_action(
    *,
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    backend: str,
    simulator: Simulator,
    caplog: pytest.LogCaptureFixture,
    stalled: Stall,
) -> None:
    """It ends although nobody cancels the tasks of actions."""
    await finish_tasks(hass)
    simulator.faults.add(Fault(stalled, SERVERS[backend].history))
    task = hass.async_create_task(call(hass, "import_history", loaded))
    await stalled.begins()
    await stop(hass, caplog)
    (end,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(end, HomeAssistantError)
    assert end.translation_key == "stopping"


async def test_an_audit(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The query that runs ends, no other one begins, and the audit stays due."""
    await finish_tasks(hass)
    history = loaded.runtime_data.history
    history.auditor.async_request(is_complete=True)
    watch = Watch(hass, slow="/history/audit/")
    loaded.async_create_background_task(hass, history.async_refresh(), "import")
    await watch.slow_query()
    await stop(hass, caplog, watch)
    assert not history.auditor.memory.is_clean


async def test_a_pass_of_prices(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The query that runs ends, and no other one begins."""
    await finish_tasks(hass)
    watch = Watch(hass, slow="/history/")
    hass.config_entries.async_add_subentry(loaded, tariff(1.0, LATER))
    await watch.slow_query()
    assert [name for name in ours(hass) if name.endswith(" prices")]
    await stop(hass, caplog, watch)
