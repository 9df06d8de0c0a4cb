"""Home Assistant stops while a server does not answer: nothing of ours goes on."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.errors import StoppingError
from custom_components.metering_hub.history.recorder.recorder import recorded_ids
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Fault
from simulators.house import House

from .conftest import API_KEY, NOW, finish_tasks
from .plug import PlugServer
from .stopping import Stall, Watch, stalled, stop
from .test_history_actions import call

__all__ = ["stalled"]

type Job = Callable[[HomeAssistant, MockConfigEntry], Coroutine[object, object, object]]


@pytest.fixture
def wants_history() -> bool:
    """Import history."""
    return True


@pytest.fixture
def simulator() -> DsmrReaderSimulator:
    """Return a simulated DSMR-reader of a house with two days of history."""
    start = (NOW - timedelta(hours=48)).replace(minute=0)
    return DsmrReaderSimulator(
        House(7, start), api_key=API_KEY, clock=dt_util.utcnow, interval=300
    )


async def refresh_readings(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Read all readings, as an automation may ask for."""
    await entry.runtime_data.readings.async_request_refresh()


async def poll(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let all timers of an hour fire: polls, the inventory, and imports."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=1))


async def import_all(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Import history by an action, as an automation does."""
    await call(hass, "import_history", entry)


async def set_up_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Reload the entry."""
    await hass.config_entries.async_reload(entry.entry_id)


async def add_server(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Add the server in a form."""
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "dsmr_reader"})
    data = {key: entry.data[key] for key in ("url", "api_key", "verify_ssl")}
    await flows.async_configure(form["flow_id"], data)


@pytest.mark.parametrize(
    "job", [refresh_readings, poll, import_all, set_up_again, add_server]
)
async def test_a_server_that_does_not_answer(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    caplog: pytest.LogCaptureFixture,
    stalled: Stall,
    job: Job,
) -> None:
    """Whatever waits for the server ends with Home Assistant."""
    await finish_tasks(hass)
    simulator.faults.clear_requests()
    simulator.faults.add(Fault(stalled))
    task = hass.async_create_task(job(hass, loaded))
    await stalled.begins()
    await stop(hass, caplog)
    await asyncio.gather(task, return_exceptions=True)


async def test_a_query_delays_the_closing_of_the_database(
    hass: HomeAssistant, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing can end its thread, and Home Assistant waits only for what it is told."""
    await finish_tasks(hass)
    watch = Watch(hass, slow="recorder/statistics.py")
    task = hass.async_create_task(recorded_ids(hass, "metering_hub:"))
    await watch.slow_query()
    await stop(hass, caplog, watch)
    (result,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(result, StoppingError)


async def test_a_first_set_up(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    caplog: pytest.LogCaptureFixture,
    stalled: Stall,
) -> None:
    """A set-up ends while it logs in."""
    simulator.faults.add(Fault(stalled))
    task = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await stalled.begins()
    await stop(hass, caplog)
    await asyncio.gather(task, return_exceptions=True)


async def press(hass: HomeAssistant) -> None:
    """Turn a switch on, as an automation does."""
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": "switch.plug_relay"}, blocking=True
    )


async def test_a_write_and_pushes(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    caplog: pytest.LogCaptureFixture,
    stalled: Stall,
) -> None:
    """A write ends, and so does the watching of what is pushed."""
    server.faults.clear_requests()
    server.faults.add(Fault(stalled, "/values", method="POST"))
    task: asyncio.Task[None] = hass.async_create_task(press(hass))
    await stalled.begins()
    await stop(hass, caplog)
    await asyncio.gather(task, return_exceptions=True)
