"""Measures how long everything else has to wait while something long is going on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import gc
import time


@dataclass
class Turns:
    """How often others had their turn, and the longest wait for one.

    `longest` is in seconds of this process's own time, so that other processes on a
    busy machine do not count.
    """

    count: int = 0
    longest: float = 0.0


@asynccontextmanager
async def counting_turns() -> AsyncIterator[Turns]:
    """Measure the waits of another task while the block runs."""
    turns = Turns()

    async def others() -> None:
        while True:
            began = time.process_time()
            await asyncio.sleep(0)
            turns.longest = max(turns.longest, time.process_time() - began)
            turns.count += 1

    # How long the garbage collector takes depends on all that the tests have made.
    gc.collect()
    gc.disable()
    task = asyncio.create_task(others())
    try:
        yield turns
        # The last wait ends only now.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    finally:
        task.cancel()
        gc.enable()
