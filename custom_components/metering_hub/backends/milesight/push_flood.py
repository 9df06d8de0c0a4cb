"""Bound what a server may push: messages in a time, and bytes that wait.

A message only names what has changed. Whatever is lost, the next poll reads.
"""

import asyncio
from collections.abc import Callable
import time
from typing import override

from aiomqtt import Message

from ..errors import EndlessError

MAX_MESSAGES = 10_000
"""Messages in WINDOW seconds.

A server announces each uplink of a device with one message. Two thousand devices that
all report within the same ten seconds send a fifth of this.
"""

WINDOW = 10.0

MAX_MESSAGE_BYTES = 1024 * 1024
"""A message that names 5,000 entities has a tenth of this; longer ones are ignored."""

MAX_QUEUED_MESSAGES = 1000
MAX_QUEUED_BYTES = 4 * MAX_MESSAGE_BYTES
"""What may wait until it is looked at; a burst beyond it is lost."""


class Flood:
    """Counts messages, and knows when they are more than any real server sends."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Initialize without messages; `clock` returns seconds."""
        self._clock = clock
        self._began = clock()
        self._count = 0
        self._is_on = False

    def count(self) -> None:
        """Count a message that has come."""
        now = self._clock()
        if now - self._began >= WINDOW:
            self._began, self._count = now, 0
        self._count += 1
        self._is_on |= self._count > MAX_MESSAGES

    def check(self) -> None:
        """Raise EndlessError if there were too many messages at any time.

        Who watches then closes the connection and waits before the next one, longer
        each time.
        """
        if self._is_on:
            raise EndlessError(
                f"push: more than {MAX_MESSAGES} messages in {WINDOW:.0f} s",
                limit=MAX_MESSAGES,
            )


class Inbox(asyncio.Queue[Message]):
    """The MQTT messages that wait; what does not fit is lost without a line each."""

    def __init__(self, flood: Flood, maxsize: int = 0) -> None:
        """Initialize with what counts the messages; the client gives no `maxsize`."""
        super().__init__(maxsize)
        self._flood = flood
        self._bytes = 0

    @override
    def put_nowait(self, item: Message) -> None:
        """Keep a message if there is room for it."""
        self._flood.count()
        size = _size(item)
        has_room = self.qsize() < MAX_QUEUED_MESSAGES
        if has_room and self._bytes + size <= MAX_QUEUED_BYTES:
            self._bytes += size
            super().put_nowait(item)

    @override
    def get_nowait(self) -> Message:
        """Take the oldest message; this is how `get` takes it, too."""
        item = super().get_nowait()
        self._bytes -= _size(item)
        return item


def _size(message: Message) -> int:
    """Return the bytes of a message; those of other types are never looked at."""
    payload = message.payload
    return len(payload) if isinstance(payload, bytes | bytearray) else 0
