"""Home Assistant stops while a server does not answer: nothing of ours goes on."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta

from aiohttp import web
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_HOMEASSISTANT_STOP,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Fault, Faults, Handler
from simulators.house import House

from .conftest import API_KEY, NOW, finish_tasks
from .plug import PlugServer, eventually
from .test_history_actions import call

LIMIT = 2.0
"""Seconds after the stop event in which all of ours has to end."""

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


class Stall:
    """A server that does not answer before it is let go."""

    def __init__(self) -> None:
        self.released = asyncio.Event()

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        await self.released.wait()
        return await handler(request)


@pytest.fixture
def stall() -> Iterator[Stall]:
    """Return what stalls a server until the end of the test."""
    stall = Stall()
    yield stall
    stall.released.set()


def ours(hass: HomeAssistant) -> set[str]:
    """Return the names of the tasks in which code of ours waits for anything."""
    found = set[str]()
    for task in asyncio.all_tasks(hass.loop):
        frames, waiting = list[str](), task.get_coro()
        while waiting is not None:
            code = getattr(waiting, "cr_code", None)
            frames += [code.co_filename] if code else []
            waiting = getattr(waiting, "cr_await", None)
        if any(f"custom_components/{DOMAIN}/" in each for each in frames):
            found.add(task.get_name())
    return found


async def stop(
    hass: HomeAssistant, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    """Stop Home Assistant; assert that all of ours has ended before it closes."""
    stopped_at, left = list[float](), list[set[str]]()

    @callback
    def note_stop(_event: Event) -> None:
        """Note when the stop began."""
        stopped_at.append(hass.loop.time())

    @callback
    def note_rest(_event: Event) -> None:
        """Note what still runs when the recorder begins to close, and when that is."""
        stopped_at.append(hass.loop.time())
        left.append(ours(hass))

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, note_stop)
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, note_rest)
    requests = faults.count()
    assert requests
    assert ours(hass)
    await hass.async_stop(force=True)
    assert left == [set()]
    assert stopped_at[1] - stopped_at[0] < LIMIT
    assert "still running after final writes" not in caplog.text
    assert "Timed out waiting" not in caplog.text
    assert "Error executing query" not in caplog.text
    assert not get_instance(hass).is_alive()


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
    stall: Stall,
    job: Job,
) -> None:
    """Whatever waits for the server ends with Home Assistant."""
    await finish_tasks(hass)
    simulator.faults.clear_requests()
    simulator.faults.add(Fault(stall))
    task = hass.async_create_task(job(hass, loaded))
    await eventually(lambda: simulator.faults.count() > 0)
    await stop(hass, simulator.faults, caplog)
    await asyncio.gather(task, return_exceptions=True)


async def test_a_first_set_up(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    caplog: pytest.LogCaptureFixture,
    stall: Stall,
) -> None:
    """A set-up ends while it logs in."""
    simulator.faults.add(Fault(stall))
    task = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await eventually(lambda: simulator.faults.count() > 0)
    await stop(hass, simulator.faults, caplog)
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
    stall: Stall,
) -> None:
    """A write ends, and so does the watching of what is pushed."""
    server.faults.clear_requests()
    server.faults.add(Fault(stall, "/values"))
    task: asyncio.Task[None] = hass.async_create_task(press(hass))
    await eventually(lambda: server.faults.count("/values", "POST") > 0)
    await stop(hass, server.faults, caplog)
    await asyncio.gather(task, return_exceptions=True)
