"""End what is being done as soon as Home Assistant stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback

from . import StoppingError


def raise_if_stopping(hass: HomeAssistant) -> None:
    """Raise StoppingError if Home Assistant is stopping."""
    if hass.is_stopping:
        raise StoppingError("Home Assistant is stopping")


@asynccontextmanager
async def ended_at_stop(hass: HomeAssistant) -> AsyncIterator[None]:
    """Raise StoppingError in the body as soon as Home Assistant stops.

    Home Assistant cancels its background tasks, but not those of actions, entities and
    set-ups. It then waits until the body has ended before it closes the recorder.
    """
    raise_if_stopping(hass)
    task = asyncio.current_task()
    ended = asyncio.Event()
    stopped = asyncio.Event()
    scope = asyncio.timeout(None)

    @callback
    def end(_event: Event) -> None:
        """Cancel the body, unless Home Assistant has done so, and wait for its end."""
        stopped.set()
        if task is not None and not task.cancelling():
            scope.reschedule(hass.loop.time())
        hass.async_create_task(ended.wait(), "Metering Hub task ends")

    try:
        async with scope:
            remove = hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, end)
            try:
                yield
            finally:
                if not stopped.is_set():
                    remove()
    except TimeoutError as err:
        if not scope.expired():
            raise
        raise StoppingError("Home Assistant is stopping") from err
    finally:
        ended.set()
