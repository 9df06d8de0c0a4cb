"""Random faults of simulated servers, drawn from a seed."""

import asyncio
from collections.abc import Sequence
from random import Random

from demo.progress import say
from simulators.faults import (
    Action,
    Answer,
    Delay,
    Drop,
    Fault,
    Huge,
    Json,
    MutateJson,
    Truncate,
    busy,
    html_error,
)

from .simulated import Simulated

PAUSE = 10.0, 150.0
LENGTH = 5.0, 420.0
"""The shortest and longest seconds between two faults of a server, and of a fault.

The slowest server is polled every five minutes.
"""

_HUGE = 80 * 1024 * 1024
_JSON = "application/json"


def _nulls(answer: Json) -> Json:
    """Return the answer with null in place of each number."""
    if isinstance(answer, dict):
        return {key: _nulls(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [_nulls(value) for value in answer]
    return None if isinstance(answer, int | float) else answer


def _texts(answer: Json) -> Json:
    """Return the answer with a text in place of each number."""
    if isinstance(answer, dict):
        return {key: _texts(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [_texts(value) for value in answer]
    return "nonsense" if isinstance(answer, int | float) else answer


FAULTS: Sequence[tuple[str, Action | None, int | None]] = (
    ("is away", None, None),
    ("resets connections", Drop(), None),
    ("cuts answers", Truncate(), None),
    ("is slow", Delay(8), None),
    ("stalls", Delay(70), None),
    ("answers 500", Answer(500, b'{"error":"no"}', _JSON), None),
    ("answers 502 in HTML", html_error(502), None),
    ("answers 503 with Retry-After", busy(503, 5), None),
    ("answers 429 with Retry-After", busy(429, 5), None),
    ("answers 401 once", Answer(401, b"{}", _JSON), 1),
    ("answers 404", Answer(404, b"{}", _JSON), None),
    ("answers with nothing", Answer(200, b"", _JSON), None),
    ("answers with an empty list", Answer(200, b"[]", _JSON), None),
    ("answers with HTML", Answer(200, b"<html></html>"), None),
    ("answers with too much", Huge(_HUGE), 3),
    ("answers with null for numbers", MutateJson(_nulls), None),
    ("answers with texts for numbers", MutateJson(_texts), None),
)
"""What a server does, the fault (None: nobody listens), and how often it does it."""


async def make_trouble(server: Simulated, seed: str) -> None:
    """Let a server fail in one random way after the other, until this is cancelled."""
    name = server.server.kind.name
    random = Random(f"{seed} {name}")
    try:
        while True:
            await asyncio.sleep(random.uniform(*PAUSE))
            what, action, times = random.choice(FAULTS)
            seconds = random.uniform(*LENGTH)
            say(f"{name} {what} ({seconds:.0f} s)")
            if action is None:
                await server.vanish()
            else:
                server.faults.add(Fault(action, times=times))
            await asyncio.sleep(seconds)
            await heal(server)
    finally:
        await heal(server)


async def heal(server: Simulated) -> None:
    """Let a server work again."""
    server.faults.clear()
    await server.appear()
