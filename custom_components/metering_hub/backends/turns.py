"""Let others have their turn during long work."""

import asyncio


class Turns:
    """Counts work, and gives the event loop to others after every so much of it.

    A turn of the loop costs as much as reading some ten values, so that there is none
    for little.
    """

    def __init__(self, at_once: int) -> None:
        """Start; `at_once` is how much may be done in one go."""
        self._at_once = at_once
        self._done = 0

    async def did(self, amount: int) -> None:
        """Take note of so much work, and let others go first if it is enough."""
        self._done += amount
        if self._done >= self._at_once:
            self._done = 0
            await asyncio.sleep(0)
