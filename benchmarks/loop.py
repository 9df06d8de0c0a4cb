"""Who holds the event loop, and for how long."""

import asyncio
from asyncio import events
from collections.abc import Awaitable, Callable, Iterator
import contextlib
from dataclasses import dataclass, field
import gc
import threading
import time

from homeassistant.core import HomeAssistant

_RUN = "_run"


@dataclass(frozen=True, slots=True)
class Hold:
    """One go of a callback or task: seconds by the clock and of CPU, and who it was.

    `collecting` is the part in which Python looked for garbage. A hold that took much
    longer than its CPU time waited for another thread or another process.
    """

    wall: float
    cpu: float
    collecting: float
    who: str

    def text(self) -> str:
        """Return it for a person, in milliseconds."""
        return (
            f"{self.wall * 1000:.1f} ms (CPU {self.cpu * 1000:.1f}, "
            f"garbage {self.collecting * 1000:.1f}): {self.who}"
        )


@dataclass(slots=True)
class Watch:
    """What was seen of an event loop: the longest hold of each who held it."""

    longest: dict[str, Hold] = field(default_factory=dict)

    def note(self, hold: Hold) -> None:
        """Take note of a hold."""
        known = self.longest.get(hold.who)
        if known is None or hold.wall > known.wall:
            self.longest[hold.who] = hold

    def worst(self, whose: str = "") -> Hold:
        """Return the longest hold of those whose description contains a text."""
        found = (hold for hold in self.longest.values() if whose in hold.who)
        return max(found, key=lambda hold: hold.wall, default=Hold(0, 0, 0, "nobody"))


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    """Watch every go of this thread's event loop; it costs about 2 us each."""
    # asyncio has no hook for this, so that the method itself is replaced.
    watch, plain = Watch(), getattr(events.Handle, _RUN)
    thread, collected = threading.get_ident(), [0.0, 0.0]

    def note_garbage(phase: str, _info: dict[str, int]) -> None:
        if threading.get_ident() == thread:
            now = time.perf_counter()
            if phase == "start":
                collected[1] = now
            else:
                collected[0] += now - collected[1]

    def watched(handle: events.Handle) -> None:
        who = _who(handle)
        collected[0] = 0.0
        cpu, wall = time.thread_time(), time.perf_counter()
        plain(handle)
        hold = time.perf_counter() - wall
        watch.note(Hold(hold, time.thread_time() - cpu, collected[0], who))

    setattr(events.Handle, _RUN, watched)
    gc.callbacks.append(note_garbage)
    try:
        yield watch
    finally:
        gc.callbacks.remove(note_garbage)
        setattr(events.Handle, _RUN, plain)


async def hold(hass: HomeAssistant, work: Callable[[], Awaitable[object]]) -> Hold:
    """Return the longest hold of some work."""

    async def begin() -> None:
        # Only what begins in a turn of its own is seen.
        await asyncio.sleep(0)
        await work()

    with watching() as watch:
        await hass.async_create_task(begin(), "bench")
    return watch.worst()


def _who(handle: events.Handle) -> str:
    """Return the name of the function that a handle runs: a task's own one."""
    call = getattr(handle, "_callback", None)
    owner = getattr(call, "__self__", None)
    task = owner if hasattr(owner, "get_coro") else None
    if task is not None:
        coro = task.get_coro()
        code = getattr(coro, "cr_code", None)
        place = code.co_filename if code else ""
        return f"{getattr(coro, '__qualname__', coro)} [{_module(place)}]"
    name = getattr(call, "__qualname__", type(call).__qualname__)
    return f"{name} [{getattr(call, '__module__', '')}]"


def _module(path: str) -> str:
    """Return the dotted name of a file, as far as it matters."""
    for root in ("custom_components/", "site-packages/", "benchmarks/"):
        head, found, tail = path.rpartition(root)
        if found and head is not None:
            return f"{root}{tail}".removesuffix(".py").replace("/", ".")
    return path
