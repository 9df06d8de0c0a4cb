"""Home Assistant stops while history is read, checked or priced, of each backend."""

import asyncio
from collections.abc import AsyncIterator

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulators.faults import Fault
from tests.faults.worlds import DOMAIN, SERVERS, small_server

from .conftest import finish_tasks, set_up
from .four_servers import POLL, Simulator, connections, serving
from .stopping import Stall, Watch, ours, stalled, stop
from .test_history import euro
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
    async with serving(hass, freezer, {"server": simulator}) as hosts:
        yield f"http://{hosts['server']}"
        simulator.faults.clear()


@pytest.fixture
def entry(hass: HomeAssistant, backend: str, url: str) -> MockConfigEntry:
    """Return an entry of the server that is not set up yet."""
    host = url.removeprefix("http://")
    made = MockConfigEntry(
        domain=DOMAIN,
        title="Server",
        minor_version=3,
        unique_id=f"{backend}:one",
        data={
            "backend": backend,
            **connections(dict.fromkeys(POLL, host))[backend],
        },
        options={"devices": [], "known_devices": [], "new_devices": True},
    )
    made.add_to_hass(hass)
    return made


async def test_a_first_import(
    *,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    backend: str,
    simulator: Simulator,
    caplog: pytest.LogCaptureFixture,
    stalled: Stall,
) -> None:
    """It ends in the middle; `tests/simulation` shows that the next start goes on."""
    # A set-up may read from the same paths.
    stalled.is_due = lambda: entry.state is ConfigEntryState.LOADED
    simulator.faults.add(Fault(stalled, SERVERS[backend].history))
    await set_up(hass, entry)
    await stalled.begins()
    await stop(hass, caplog)


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
    meters = [*loaded.runtime_data.history.points]
    added = tariff(1.0, LATER, applies_to="meters", meters=meters)
    hass.config_entries.async_add_subentry(loaded, added)
    await watch.slow_query()
    assert [name for name in ours(hass) if name.endswith(" prices")]
    await stop(hass, caplog, watch)
