"""Count how often a long operation yields to the event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Turns:
    """The number of yields to the event loop.

    They are counted and not timed, because times depend on the load of the machine and
    on the garbage collector.
    """

    count: int = 0


@asynccontextmanager
async def counting_turns() -> AsyncIterator[Turns]:
    """Count how often another task runs during the block."""
    turns = Turns()

    async def others() -> None:
        """Count each step of this task."""
        while True:
            await asyncio.sleep(0)
            turns.count += 1

    task = asyncio.create_task(others())
    try:
        yield turns
    finally:
        task.cancel()
