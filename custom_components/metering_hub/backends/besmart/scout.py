"""Decide what to request next while a server refuses one batch after the other."""

from collections import deque
from collections.abc import Sequence
from itertools import batched

from ..errors import BackendError, ServerFaultError
from .client import TokenRefusedError
from .suspects import Part

MOST_REFUSALS = 3
"""So many refusals in a row show that a server refuses everything."""

MOST_FAULTS = 2
"""A failing request (HTTP 500) is sent twice."""


class Scout:
    """The parts that wait for a request, and those that were refused.

    A refused part is halved. After its first half, the first half of its second half is
    requested. If that is refused the same way, the server refuses everything.
    """

    def __init__(self, parts: Sequence[Part], attempts: int) -> None:
        """Initialize with all parts, and how many of them may be refused."""
        self.waiting = deque(parts)
        self.refused: list[tuple[Part, BackendError]] = []
        self.refusal: BackendError | None = None
        self._attempts = attempts
        self._halvings = 0
        self._faults = 0

    def next(self) -> Part | None:
        """Return the part to request next, or None if there is no use in it."""
        is_over = self._attempts <= 0 or self._faults >= MOST_FAULTS
        return None if is_over or not self.waiting else self.waiting.popleft()

    def start_again(self, parts: Sequence[Part], refusal: BackendError) -> None:
        """Note that the server refuses parts of the length so far."""
        self.refusal = refusal
        self._attempts -= 1
        self.waiting = deque(parts)

    def note(self, part: Part, refusal: BackendError) -> None:
        """Note that a part was refused."""
        self.refusal = refusal
        self._attempts -= 1
        if isinstance(refusal, TokenRefusedError):
            self._attempts = 0
        elif isinstance(refusal, ServerFaultError):
            self._faults += 1
            self.refused.append((part, refusal))
        elif self._halvings == 0 and len(part) > 1:
            self._halvings = 1
            self._put_first(_halves(part))
        else:
            self.refused.append((part, refusal))
            if self._halvings == 1 and self.waiting:
                self._halvings = 2
                self._put_first(_halves(self.waiting.popleft()))

    def _put_first(self, parts: Sequence[Part]) -> None:
        """Let parts be the next ones to request."""
        self.waiting.extendleft(reversed(parts))


def _halves(part: Part) -> list[Part]:
    """Return the two halves of a part, or the only query of a part of one."""
    return [*batched(part, (len(part) + 1) // 2, strict=False)]
