"""Servers that are slow, stand still or fail all the time, in a real Home Assistant."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import logging

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub import config_flow
from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.backends.base import HistoryChunk
from custom_components.metering_hub.backends.common.log_limit import LINES
from custom_components.metering_hub.backends.errors import EndlessError, TooSlowError
from custom_components.metering_hub.history import possible_history as possible
from custom_components.metering_hub.history.possible_history import (
    MOST_STANDING,
    possible_history,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulators.faults import Fault, Faults, Handler, html_error

from .conftest import set_up, shown
from .plug import PlugBackend, PlugServer, eventually
from .test_connection_errors import address, faults, tried  # noqa: F401  # Fixtures.

POWER = "sensor.plug_power"
START = datetime(2026, 1, 1, tzinfo=UTC)
SHORT = timedelta(seconds=0.3)


async def poll(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Poll all points now."""
    readings = entry.runtime_data.readings
    readings.reset_schedule()
    await readings.async_refresh()
    await hass.async_block_till_done()


@dataclass(slots=True)
class Held:
    """Answers when the gate opens, as the time of a test stands still."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Wait, then answer."""
        await self.gate.wait()
        return await handler(request)


async def run_out[Result](
    work: Coroutine[None, None, Result],
    freezer: FrozenDateTimeFactory,
    has_begun: Callable[[], bool],
) -> Result:
    """Return the result of work whose limit runs out once it has begun."""
    task = asyncio.ensure_future(work)
    await eventually(lambda: has_begun() or task.done())
    freezer.tick(2)
    await eventually(task.done)
    return await task


async def test_poll_ends_although_the_server_is_never_done(
    hass: HomeAssistant,
    plug_entry: MockConfigEntry,
    server: PlugServer,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Values are unavailable meanwhile, and come back by themselves."""
    await set_up(hass, plug_entry)
    assert shown(hass, POWER) == "12.5"
    monkeypatch.setattr(plug_entry.runtime_data.readings, "_poll_limit", SHORT)
    held = Held()
    server.faults.add(Fault(held, "/values"))
    server.faults.clear_requests()
    await run_out(
        poll(hass, plug_entry), freezer, lambda: bool(server.faults.count("/values"))
    )
    assert shown(hass, POWER) == STATE_UNAVAILABLE
    server.faults.clear()
    held.gate.set()
    await poll(hass, plug_entry)
    assert shown(hass, POWER) == "12.5"


async def test_entry_is_tried_again_if_the_inventory_is_never_done(
    hass: HomeAssistant,
    plug_entry: MockConfigEntry,
    server: PlugServer,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PlugBackend, "inventory_limit", SHORT)
    held = Held()
    server.faults.add(Fault(held, "/settable"))
    await run_out(
        hass.config_entries.async_setup(plug_entry.entry_id),
        freezer,
        lambda: bool(server.faults.count("/settable")),
    )
    held.gate.set()
    assert plug_entry.state is ConfigEntryState.SETUP_RETRY
    assert plug_entry.error_reason_translation_key == "too_slow"


async def test_server_that_fails_every_other_poll_does_not_fill_the_log(
    hass: HomeAssistant,
    plug_entry: MockConfigEntry,
    server: PlugServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Lines of Home Assistant's own coordinator count, too."""
    await set_up(hass, plug_entry)
    caplog.set_level(logging.INFO)
    caplog.clear()
    for _ in range(2 * LINES):
        server.faults.add(Fault(html_error(503), "/values"))
        await poll(hass, plug_entry)
        server.faults.clear()
        await poll(hass, plug_entry)
    lines = [
        record
        for record in caplog.records
        if record.name.startswith("custom_components.metering_hub")
        and record.levelno > logging.DEBUG
    ]
    assert 0 < len([each for each in lines if each.levelno >= logging.ERROR]) <= LINES
    assert len(lines) <= 3 * LINES


class StandingBackend(PlugBackend):
    """A backend whose history never advances by more than a millisecond."""

    step = timedelta(milliseconds=1)
    pause = 0.0
    is_asked = False

    async def history(  # type: ignore[override]  # The points do not matter.
        self, points: object, start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield chunks for ever."""
        until, self.is_asked = start, True
        while True:
            await asyncio.sleep(self.pause)
            until += self.step
            yield HistoryChunk(readings={}, until=until)


async def read(backend: StandingBackend) -> int:
    """Read the history, and return the number of chunks."""
    chunks = possible_history(backend, START, [], START, START + timedelta(days=30))
    count = 0
    try:
        async for _ in chunks:
            count += 1
    finally:
        backend.received = count
    return count


async def test_history_that_stands_still(hass: HomeAssistant) -> None:
    """It was read until Home Assistant stopped."""
    backend = StandingBackend(None, {"url": ""}, {})  # type: ignore[arg-type]  # Nothing is sent.
    with pytest.raises(EndlessError) as caught:
        await read(backend)
    assert caught.value.limit == MOST_STANDING
    assert backend.received == MOST_STANDING


async def test_chunk_that_is_never_done(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(possible, "BATCH_LIMIT", SHORT)
    backend = StandingBackend(None, {"url": ""}, {})  # type: ignore[arg-type]  # Nothing is sent.
    backend.pause = 3600.0
    with pytest.raises(TooSlowError):
        await run_out(read(backend), freezer, lambda: backend.is_asked)
    assert backend.received == 0


@pytest.mark.parametrize("backend", [*BACKENDS])
async def test_form_tells_of_a_server_that_is_never_done(
    hass: HomeAssistant,
    backend: str,
    faults: Faults,  # noqa: F811  # The fixture.
    address: str,  # noqa: F811  # The fixture.
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the person's language, and with the number of seconds."""
    monkeypatch.setattr(config_flow, "CONNECT_LIMIT", timedelta(seconds=1))
    held = Held()
    faults.add(Fault(held))
    told = await run_out(
        tried(hass, backend, address), freezer, lambda: bool(faults.requests)
    )
    held.gate.set()
    assert told.key == "too_slow"
    assert "nach 1 s noch nicht fertig" in told.text
