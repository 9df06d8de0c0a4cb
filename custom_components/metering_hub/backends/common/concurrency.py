"""Run requests in parallel, and keep long work from blocking the event loop."""

import asyncio
from collections.abc import Coroutine, Mapping

from ..errors import (
    ONE_ENDPOINT_ERRORS,
    AuthenticationError,
    BackendError,
    UnreachableError,
)

MOST_SILENT = 2
"""Parts that may get no answer while others do; more mean that the server is away."""


async def gather_parts[Key, Part](
    parts: Mapping[Key, Coroutine[None, None, Part]], *, may_be_silent: bool = False
) -> tuple[dict[Key, Part], dict[Key, BackendError]]:
    """Run all parts at once; return the results and the errors of single endpoints.

    An error that concerns the whole server, such as UnreachableError, cancels the
    other parts and is raised. AuthenticationError takes precedence over others. With
    `may_be_silent`, a part may get no answer if another one has got its own before:
    then only that endpoint hangs.
    """
    results: dict[Key, Part] = {}
    failures: dict[Key, BackendError] = {}
    silent: list[Key] = []

    async def run(key: Key, part: Coroutine[None, None, Part]) -> None:
        """Store the result of one part, or the error of its endpoint."""
        try:
            results[key] = await part
        except ONE_ENDPOINT_ERRORS as err:
            failures[key] = err
        except UnreachableError as err:
            silent.append(key)
            if not may_be_silent or not results or len(silent) > MOST_SILENT:
                raise
            failures[key] = err

    try:
        async with asyncio.TaskGroup() as group:
            for key, part in parts.items():
                group.create_task(run(key, part))
    except* BackendError as errors:
        raise min(
            (err for err in errors.exceptions if isinstance(err, BackendError)),
            key=lambda err: not isinstance(err, AuthenticationError),
        ) from None
    return results, failures


class LoopYielder:
    """Yields to the event loop whenever a certain amount of work is done.

    Yielding costs as much as parsing about ten values, so it is done in batches.
    """

    def __init__(self, at_once: int) -> None:
        """Initialize with the amount of work to do between two yields."""
        self._at_once = at_once
        self._done = 0

    async def spend(self, amount: int) -> None:
        """Count an amount of work, and yield to the event loop if it is due."""
        self._done += amount
        if self._done >= self._at_once:
            self._done = 0
            await asyncio.sleep(0)
