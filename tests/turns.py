"""Count how often other tasks run while something long is going on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Turns:
    """The number of times that another task ran.

    It is counted, not timed: how long a turn takes depends on the load of the machine
    and on garbage collection.
    """

    count: int = 0


@asynccontextmanager
async def counting_turns() -> AsyncIterator[Turns]:
    """Count the turns that another task gets in the event loop during the block."""
    turns = Turns()

    async def yield_forever() -> None:
        """Count each turn and yield again."""
        while True:
            await asyncio.sleep(0)
            turns.count += 1

    task = asyncio.create_task(yield_forever())
    try:
        yield turns
    finally:
        task.cancel()
