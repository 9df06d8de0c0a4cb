"""Tell what Home Assistant's process holds: tasks, objects, and its allocator's memory.

It is no part of the integration; a long run adds it to the Home Assistant that it
measures.
"""

import asyncio
from collections import Counter
import ctypes
import gc
import os
import re
import sys
import tempfile
from typing import Any

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.typing import ConfigType

SHOWN = 25
"""How many types of objects an answer names."""


class Allocated(ctypes.Structure):
    """The answer of the C library's `mallinfo2`, in bytes and counts."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def allocated() -> dict[str, int]:
    """Return the bytes that the C library has in use, free, and mapped by themselves.

    Empty with a C library that cannot tell.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return {}
    library.mallinfo2.restype = Allocated
    found = library.mallinfo2()
    return {
        "used": found.uordblks,
        "free": found.fordblks,
        "mapped": found.hblkhd,
    }


def python_allocated() -> dict[str, int]:
    """Return the bytes in arenas of Python's own allocator, and those in use of them.

    Python can only print its statistics, so they are read from a file.
    """
    with tempfile.TemporaryFile("w+") as file:
        kept = os.dup(sys.stderr.fileno())
        try:
            os.dup2(file.fileno(), sys.stderr.fileno())
            # Nothing else tells how full the arenas are.
            sys._debugmallocstats()  # noqa: SLF001
        finally:
            os.dup2(kept, sys.stderr.fileno())
            os.close(kept)
        file.seek(0)
        text = file.read()
    found = {
        "arenas": re.search(r"arenas \* .* = +([\d,]+)", text),
        "used": re.search(r"bytes in allocated blocks += +([\d,]+)", text),
    }
    return {
        name: int(match[1].replace(",", ""))
        for name, match in found.items()
        if match is not None
    }


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Add the command `endurance_probe/counts`."""
    websocket_api.async_register_command(hass, _counts)
    return True


@callback
@websocket_api.websocket_command(
    {
        vol.Required("type"): "endurance_probe/counts",
        vol.Optional("objects", default=False): bool,
        vol.Optional("trim", default=False): bool,
    }
)
def _counts(
    hass: HomeAssistant,
    connection: websocket_api.ActiveConnection,
    msg: dict[str, Any],
) -> None:
    """Answer with the number of tasks and objects; `objects` counts these by type.

    `trim` gives the allocator's free memory back to the system first.
    """
    # Python collects seldom, and until then garbage looks like something that is kept.
    gc.collect()
    if msg["trim"]:
        ctypes.CDLL(None).malloc_trim(0)
    states = hass.states.async_all()
    answer: dict[str, Any] = {
        "tasks": len(asyncio.all_tasks()),
        "states": len(states),
        "unavailable": sum(each.state == STATE_UNAVAILABLE for each in states),
        "allocated": allocated(),
        "python": python_allocated(),
        "modules": len(sys.modules),
    }
    if msg["objects"]:
        objects = gc.get_objects()
        answer["objects"] = len(objects)
        answer["types"] = dict(
            Counter(
                f"{type(each).__module__}.{type(each).__qualname__}" for each in objects
            ).most_common(SHOWN)
        )
    connection.send_result(msg["id"], answer)
