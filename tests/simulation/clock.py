"""The time of a simulation, in place of that of this machine."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import override
from unittest.mock import patch

from custom_components.metering_hub.backends.common import http, server_clock
from custom_components.metering_hub.backends.milesight import latest_requests
from homeassistant.util import dt as dt_util

START = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
"""When each simulation begins; its daily comparison is at midnight."""


def now() -> datetime:
    """Return the time on the machine whose task calls this."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


class _VirtualDatetime(datetime):
    @classmethod
    @override
    def now(cls, tz: object = None) -> datetime:
        return now()


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


@contextmanager
def virtual_time() -> Iterator[None]:
    """Let everything that asks for the time read the simulated one."""
    with (
        patch.object(dt_util, "utcnow", now),
        patch.object(http, "datetime", _VirtualDatetime),
        patch.object(server_clock, "datetime", _VirtualDatetime),
        patch.object(latest_requests, "time", SimpleNamespace(monotonic=_monotonic)),
    ):
        yield
