"""Query the recorder and wait for it, until it fails or Home Assistant stops."""

import asyncio
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import DATA_INSTANCE

from ...errors import (
    NoRecorderError,
    RecorderError,
    RecorderMigratingError,
    RecorderStoppedError,
)
from ...errors.stopping import ended_at_stop, raise_if_stopping

BARRIER_TIMEOUT = 120.0
"""Seconds that the recorder may take to store what is queued before a barrier. It never
answers if it drops the barrier, which it does after ten failed commits."""

CHECK_INTERVAL = 1.0
"""Seconds between two checks that the recorder still runs."""

QUERY_GRACE = 5.0
"""Seconds that a cancelled query may take. Home Assistant closes the database soon
after, and SQLite crashes if a thread still uses the connection."""


def running_recorder(hass: HomeAssistant) -> Recorder:
    """Return the recorder, which works.

    Raises RecorderError if there is none, if it has ended or is not ready yet, and
    StoppingError. Nothing may be queued then: a recorder that has ended keeps it in
    memory forever.
    """
    raise_if_stopping(hass)
    if (recorder := hass.data.get(DATA_INSTANCE)) is None:
        raise NoRecorderError("there is no recorder")
    is_ready = recorder.async_db_ready
    if not recorder.is_running or (is_ready.done() and not is_ready.result()):
        raise RecorderStoppedError("the recorder is not running")
    if not is_ready.done() or recorder.migration_in_progress:
        raise RecorderMigratingError("the recorder is not ready yet")
    return recorder


async def run_query[Result](
    hass: HomeAssistant, query: Callable[..., Result], *arguments: object
) -> Result:
    """Return the result of a query, which runs in a thread of the recorder.

    A query that runs when Home Assistant stops delays the closing of the database.
    Raises RecorderError if the database fails, and StoppingError.
    """
    recorder = running_recorder(hass)
    async with ended_at_stop(hass):
        return await _result(recorder.async_add_executor_job(query, *arguments))


async def _result[Result](job: asyncio.Future[Result]) -> Result:
    """Return the result of a thread, which nothing can end; raises RecorderError."""
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        if job.cancelled():
            # The recorder has ended, and its threads with it.
            raise RecorderStoppedError("the recorder is not running") from None
        await asyncio.wait((job,), timeout=QUERY_GRACE)
        if job.done() and not job.cancelled():
            # Otherwise asyncio logs the exception as never retrieved.
            job.exception()
        raise
    except (SQLAlchemyError, RuntimeError) as err:
        # A RuntimeError means that the connection or the threads are closed.
        raise RecorderError(f"the database failed: {type(err).__name__}") from err


async def wait_until_stored(hass: HomeAssistant) -> None:
    """Wait until the recorder has processed everything that is queued now.

    It may have refused some of it. Raises RecorderError and StoppingError.
    """
    await Barrier(hass).wait()


class Barrier:
    """A mark in the recorder's queue that is reached once all before it is processed.

    Raises RecorderError if the recorder is not running, and StoppingError.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Queue the mark."""
        self._hass = hass
        self._recorder = running_recorder(hass)
        self._reached: asyncio.Future[None] = hass.loop.create_future()
        self._recorder.queue_task(SynchronizeTask(self._reached))

    async def wait(self) -> None:
        """Wait until the mark is reached; raises RecorderError and StoppingError."""
        if self._reached.done():
            return
        async with ended_at_stop(self._hass):
            deadline = self._hass.loop.time() + BARRIER_TIMEOUT
            while not self._reached.done():
                if not self._recorder.is_running:
                    raise RecorderStoppedError("the recorder has ended")
                if (left := deadline - self._hass.loop.time()) <= 0:
                    raise RecorderError(
                        f"the recorder has not answered for {BARRIER_TIMEOUT:g} seconds"
                    )
                await asyncio.wait((self._reached,), timeout=min(left, CHECK_INTERVAL))
