"""How long the event loop is held, and by which function.

Holds are compared by our own CPU time: a collector that visits all objects, or another
thread that has Python's lock, would hold any code for as long.
"""

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
    """One step of a callback or task: wall time, CPU time (seconds) and its function.

    `collecting` is the CPU time of the garbage collector in it, which may begin in
    whatever runs just then. A hold whose wall time is much longer than its CPU time
    waited for another thread or process.
    """

    wall: float
    cpu: float
    collecting: float
    who: str

    @property
    def own(self) -> float:
        """Return the CPU time without that of the garbage collector."""
        return self.cpu - self.collecting

    def text(self) -> str:
        """Return a description in milliseconds."""
        return (
            f"{self.own * 1000:.1f} ms (garbage {self.collecting * 1000:.1f}, "
            f"elapsed {self.wall * 1000:.1f}): {self.who}"
        )


@dataclass(slots=True)
class Watch:
    """The longest hold of the event loop by each function."""

    longest: dict[str, Hold] = field(default_factory=dict)

    def note(self, hold: Hold) -> None:
        """Add a hold."""
        known = self.longest.get(hold.who)
        if known is None or hold.own > known.own:
            self.longest[hold.who] = hold

    def worst(self, whose: str = "") -> Hold:
        """Return the longest hold by a function whose name contains a text."""
        found = (hold for hold in self.longest.values() if whose in hold.who)
        return max(found, key=lambda hold: hold.own, default=Hold(0, 0, 0, "nobody"))


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    """Measure every step of this thread's event loop, at about 2 µs each."""
    # asyncio has no hook for this, so the method itself is replaced.
    watch, plain = Watch(), getattr(events.Handle, _RUN)
    thread, collected = threading.get_ident(), [0.0, 0.0]

    def note_garbage(phase: str, _info: dict[str, int]) -> None:
        """Add up the time of the garbage collector."""
        if threading.get_ident() == thread:
            now = time.thread_time()
            if phase == "start":
                collected[1] = now
            else:
                collected[0] += now - collected[1]

    def watched(handle: events.Handle) -> None:
        """Run a handle and measure it."""
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
        """Start the work in a step of its own, which is measured."""
        await asyncio.sleep(0)
        await work()

    with watching() as watch:
        await hass.async_create_task(begin(), "bench")
    return watch.worst()


def _who(handle: events.Handle) -> str:
    """Return the name of the function that a handle or its task runs."""
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
    """Return the dotted name of a module, without the folders above it."""
    for root in ("custom_components/", "site-packages/", "benchmarks/"):
        head, found, tail = path.rpartition(root)
        if found and head is not None:
            return f"{root}{tail}".removesuffix(".py").replace("/", ".")
    return path
