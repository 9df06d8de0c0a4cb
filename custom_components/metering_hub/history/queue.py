"""The way of finished rows to the recorder: in small batches, few of them at a time."""

import asyncio
from collections.abc import Collection

from homeassistant.core import HomeAssistant

from .hourly import Row
from .recorded import settle, stored, write
from .track import Writer

BATCH = 125
"""Rows per recorder call. The recorder makes a dozen objects of each row, and after
2,000 new ones the garbage collector looks for old ones among them. What outlives two
looks leads to one at all that Home Assistant has, which stops it for a tenth of a
second. Few rows are gone before."""

MAX_QUEUED = 300
"""Rows between two barriers in the recorder's queue, of which two may be open."""

MAX_PENDING = 20_000
"""Rows that may wait for their batches to fill, of all statistics together."""


class RecorderQueue:
    """Hands rows over while the recorder stores those before."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with nothing on its way."""
        self._hass = hass
        self._barrier: asyncio.Future[None] | None = None
        self._queued = 0

    async def put_full(self, writers: Collection[Writer]) -> None:
        """Hand over what is pending, if that is enough to be worth it."""
        pending = [len(writer.pending) for writer in writers]
        if max(pending, default=0) >= BATCH or sum(pending) >= MAX_PENDING:
            await self.put(writers)

    async def put(self, writers: Collection[Writer]) -> None:
        """Hand over all that is pending, as fast as the recorder stores it."""
        for writer in writers:
            for index in range(0, len(writer.pending), BATCH):
                rows = [Row(*each) for each in writer.pending[index : index + BATCH]]
                write(self._hass, writer.statistic, rows)
                writer.written += len(rows)
                self._queued += len(rows)
                await self._make_room()
            writer.pending = []

    async def _make_room(self) -> None:
        """Let others have their turn, and wait where the recorder lags behind."""
        if self._queued < MAX_QUEUED:
            await asyncio.sleep(0)
            return
        before, self._barrier = self._barrier, stored(self._hass)
        self._queued = 0
        if before is not None:
            await before

    async def settle(self) -> None:
        """Wait until the recorder has everything."""
        await settle(self._hass)
