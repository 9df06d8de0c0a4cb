"""Servers that stall, and a stop of Home Assistant that is watched."""

import asyncio
from collections.abc import Callable, Iterator
import threading
import time
import traceback

from aiohttp import web
import pytest
from sqlalchemy import event

from custom_components.metering_hub.backends.milesight.push_mqtt import CLOSING
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

PATIENCE = 2000
"""How many hundredths of a second a stop may take on a machine that is busy."""


class Stall:
    """A server that does not answer before it is let go.

    It answers as usual as long as it does not stall: `is_due`.
    """

    def __init__(self) -> None:
        self.is_due: Callable[[], bool] = lambda: True
        self.waiting = 0
        self.released = asyncio.Event()

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.is_due():
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


def ours(hass: HomeAssistant) -> set[str]:
    """Return the names of the tasks in which code of ours waits for anything.

    Connections for pushes that are being closed are left out: after their cancellation
    they take a second at most, for which Home Assistant does not wait.
    """
    found = set[str]()
    for task in asyncio.all_tasks(hass.loop) - CLOSING:
        if task.cancelling() and task.get_name().endswith(" push"):
            continue
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
    its own thread, which writes what is queued. The first query of code whose file has
    `slow` in its name takes a while, and so do all others from then on.
    """

    SECONDS = 0.3

    def __init__(self, hass: HomeAssistant, *, slow: str | None = None) -> None:
        """Watch the stop and the database, as long as both exist."""
        self._hass = hass
        self._slow = slow
        self._has_begun = False
        self.computed = list[float]()
        self.left = list[set[str]]()
        self.queries = list[str]()
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._note_stop)
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, self._note_rest)
        engine = get_instance(hass).engine
        event.listen(engine, "before_cursor_execute", self._note_query)

    async def slow_query(self) -> None:
        """Wait until a query takes its time."""
        await eventually(lambda: self._has_begun)

    @callback
    def _note_stop(self, _event: Event) -> None:
        """Note when the stop begins."""
        self.computed.append(time.process_time())

    @callback
    def _note_rest(self, _event: Event) -> None:
        """Note what still runs when the recorder begins to close, and when that is."""
        self.computed.append(time.process_time())
        self.left.append(ours(self._hass))

    def _note_query(
        self, _connection: object, _cursor: object, sql: str, *_: object
    ) -> None:
        """Note a query of any thread but the recorder's own, and let it take time."""
        if threading.current_thread().name == "Recorder":
            return
        if self.left:
            self.queries.append(sql)
        self._has_begun = self._has_begun or (
            self._slow is not None
            and any(
                self._slow in frame.f_code.co_filename
                for frame, _ in traceback.walk_stack(None)
            )
        )
        if self._has_begun:
            threading.Event().wait(self.SECONDS)


async def stop(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, watch: Watch | None = None
) -> None:
    """Stop Home Assistant; assert that all of ours has ended before it closes.

    The time of the event loop is frozen, so what waits for a time-out never ends: that
    is told, and not waited for. How long it takes is the time that is computed, which
    does not depend on what else the machine does.
    """
    assert ours(hass)
    watch = watch or Watch(hass)
    stopping = asyncio.create_task(hass.async_stop(force=True))
    for _ in range(PATIENCE):
        await asyncio.to_thread(time.sleep, 0.01)
        if stopping.done():
            break
    else:
        stopping.cancel()
        raise AssertionError(f"{ours(hass)} did not end")
    await stopping
    assert watch.left == [set()], watch.left
    assert watch.computed[1] - watch.computed[0] < LIMIT
    assert not watch.queries
    assert "still running after final writes" not in caplog.text
    assert "Timed out waiting" not in caplog.text
    assert "Error executing query" not in caplog.text
    assert not get_instance(hass).is_alive()
