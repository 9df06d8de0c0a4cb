"""Servers that stall, and a stop of Home Assistant that is watched."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import threading
import time
import traceback
from typing import Self

from aiohttp import web
import pytest
from sqlalchemy import event

from custom_components.metering_hub.const import DOMAIN
from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_HOMEASSISTANT_STOP,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance
from simulators.faults import Handler

from .plug import eventually

LIMIT = 2.0
"""Seconds of computing, of all threads, in which all of ours has to end."""


class Stall:
    """A server that does not answer before it is let go."""

    def __init__(self) -> None:
        self.waiting = 0
        self.released = asyncio.Event()

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.waiting += 1
        await self.released.wait()
        return await handler(request)

    async def begins(self) -> None:
        """Wait until a request waits for its answer."""
        await eventually(lambda: self.waiting > 0)

    def let_go(self) -> None:
        """Answer everything from now on."""
        self.released.set()


@pytest.fixture
def stalled() -> Iterator[Stall]:
    """Return what stalls a server until the end of the test."""
    stall = Stall()
    yield stall
    stall.let_go()


class SlowDatabase:
    """A database whose answer to a query takes a while, from the first of some on.

    These are the queries of code whose file has `path` in its name.
    """

    SECONDS = 0.3

    def __init__(self, hass: HomeAssistant, path: str) -> None:
        """Initialize the database, which is slow in an `async with` block."""
        self._engine = get_instance(hass).engine
        self._path = path
        self._has_begun = False

    async def begins(self) -> None:
        """Wait until a query takes its time."""
        await eventually(lambda: self._has_begun)

    async def __aenter__(self) -> Self:
        """Become slow."""
        event.listen(self._engine, "before_cursor_execute", self._wait)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Be fast again."""
        event.remove(self._engine, "before_cursor_execute", self._wait)

    def _wait(self, *_: object) -> None:
        """Let a query of the code wait, which runs in a thread of the recorder."""
        files = (each.filename for each in traceback.extract_stack())
        if threading.current_thread().name != "Recorder" and (
            self._has_begun or any(self._path in each for each in files)
        ):
            self._has_begun = True
            threading.Event().wait(self.SECONDS)


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


class Watch:
    """What is seen of a stop: when it begins, and what is left when it ends.

    `queries` are the statements after the recorder has begun to close that are not from
    its own thread, which writes what is queued.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Watch the events of the stop."""
        self._hass = hass
        self.computed = list[float]()
        self.left = list[set[str]]()
        self.queries = list[str]()
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._note_stop)
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, self._note_rest)

    @callback
    def _note_stop(self, _event: Event) -> None:
        """Note when the stop begins."""
        self.computed.append(time.process_time())

    @callback
    def _note_rest(self, _event: Event) -> None:
        """Note what still runs when the recorder begins to close, and when that is."""
        self.computed.append(time.process_time())
        self.left.append(ours(self._hass))

    @contextmanager
    def queries_noted(self) -> Iterator[None]:
        """Note the statements of all threads in the body."""

        def note(_connection: object, _cursor: object, sql: str, *_: object) -> None:
            if self.left and threading.current_thread().name != "Recorder":
                self.queries.append(sql)

        engine = get_instance(self._hass).engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", note)


async def stop(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """Stop Home Assistant; assert that all of ours has ended before it closes.

    The time of the event loop is frozen, so what waits for a time-out never ends: that
    is told, and not waited for. How long it takes is the time that is computed, which
    does not depend on what else the machine does.
    """
    assert ours(hass)
    watch = Watch(hass)
    with watch.queries_noted():
        stopping = asyncio.create_task(hass.async_stop(force=True))
        try:
            await eventually(stopping.done)
        except AssertionError:
            stopping.cancel()
            raise AssertionError(f"{ours(hass)} did not end") from None
        await stopping
    assert watch.left == [set()]
    assert watch.computed[1] - watch.computed[0] < LIMIT
    assert not watch.queries
    assert "still running after final writes" not in caplog.text
    assert "Timed out waiting" not in caplog.text
    assert "Error executing query" not in caplog.text
    assert not get_instance(hass).is_alive()
