"""What survives a crash: the database and the files of Home Assistant."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from orjson import dumps, loads

from custom_components.metering_hub.backends.common.http import Json
from custom_components.metering_hub.history.maths.rows import Row

type Table = dict[str, dict[datetime, Row]]
"""The committed rows of statistics, by id and start."""


@dataclass
class Disk:
    """The committed rows and written files, which outlive the program."""

    tables: Table = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    steps: int | None = None
    on_last_step: Callable[[], None] = lambda: None

    def count(self) -> None:
        """Count a step, which may be the last one before a crash."""
        if self.steps is not None:
            self.steps -= 1
            if self.steps <= 0:
                self.steps = None
                self.on_last_step()


class Mount:
    """The disk as one life of the program sees it; a dead one writes no more."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.is_alive = True
        self.stores: list[MemoryStore] = []

    def store(self, name: str) -> MemoryStore:
        """Return a file."""
        self.stores.append(store := MemoryStore(self, name))
        return store


class MemoryStore:
    """A JSON file that is written as a whole, after a delay or at once."""

    def __init__(self, mount: Mount, name: str) -> None:
        self._mount = mount
        self._name = name
        self._due: Callable[[], dict[str, Json]] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def async_load(self) -> dict[str, Json] | None:
        """Return what is on the disk."""
        await asyncio.sleep(0.001)
        stored = self._mount.disk.files.get(self._name)
        return None if stored is None else loads(stored)

    async def async_save(self, data: dict[str, Json]) -> None:
        """Write the file a moment later, unless the program dies before."""
        self._cancel()
        content = dumps(data)
        await asyncio.sleep(0.005)
        self._write(content)

    def async_delay_save(
        self, data_func: Callable[[], dict[str, Json]], delay: float = 0
    ) -> None:
        """Write the file later."""
        self._cancel()
        self._due = data_func
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay, self.write_due)

    async def async_remove(self) -> None:
        """Delete the file."""
        self._mount.disk.files.pop(self._name, None)

    def write_due(self) -> None:
        """Write what waits; Home Assistant does so when it stops."""
        if self._due is not None:
            data, self._due = self._due, None
            self._write(dumps(data()))

    def _cancel(self) -> None:
        self._due = None
        if self._timer is not None:
            self._timer.cancel()

    def _write(self, content: bytes) -> None:
        if self._mount.is_alive:
            self._mount.disk.files[self._name] = content
            self._mount.disk.count()
