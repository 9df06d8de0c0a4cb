"""Ask several endpoints of one server at once."""

import asyncio
from collections.abc import Coroutine, Mapping

from ..errors import ONE_ENDPOINT_ERRORS, AuthenticationError, BackendError


async def gather_parts[Key, Part](
    parts: Mapping[Key, Coroutine[None, None, Part]],
) -> tuple[dict[Key, Part], dict[Key, BackendError]]:
    """Run all parts at once; return what came, and the failures of single endpoints.

    An error that concerns the whole server (unreachable, refused credentials) ends
    the other parts and is raised, refused credentials first.
    """
    results: dict[Key, Part] = {}
    failures: dict[Key, BackendError] = {}

    async def run(key: Key, part: Coroutine[None, None, Part]) -> None:
        try:
            results[key] = await part
        except ONE_ENDPOINT_ERRORS as err:
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
    """Counts work, and gives the event loop to others after every so much of it.

    A turn of the loop costs as much as reading some ten values, so that there is none
    for little.
    """

    def __init__(self, at_once: int) -> None:
        """Start; `at_once` is how much may be done in one go."""
        self._at_once = at_once
        self._done = 0

    async def spend(self, amount: int) -> None:
        """Take note of so much work, and let others go first if it is enough."""
        self._done += amount
        if self._done >= self._at_once:
            self._done = 0
            await asyncio.sleep(0)
