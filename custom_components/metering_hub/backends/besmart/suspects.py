"""Find, over several reads, the signals because of which whole batches are refused.

A refused batch is asked for in smaller and smaller parts, one step per read, until the
signal that spoils it is alone. That one is remembered, and left out for a day.
"""

from collections.abc import Sequence
from itertools import batched, groupby

from ..errors import BackendError, NotFoundError, PermissionDeniedError
from .client import InvalidRequestError, LongBatchError, TokenRefusedError
from .memory import ServerMemory
from .models import DataQuery, SignalId

_OF_A_SIGNAL = (NotFoundError, PermissionDeniedError, InvalidRequestError)
"""The refusals that can mean that the server does not have, or give, a signal."""

_OF_ALL = (TokenRefusedError, LongBatchError)
"""Those of them that have nothing to do with a signal."""

type Part = Sequence[DataQuery]
"""The queries of one request."""


class Suspects:
    """The signals of refused batches, and in how large a part each may be next."""

    def __init__(self, memory: ServerMemory) -> None:
        """Initialize without suspects; the memory keeps those that were found out."""
        self._memory = memory
        self._largest: dict[SignalId, int] = {}
        self._turn = 0

    def is_left_out(self, signal: SignalId) -> bool:
        """Return True if a signal was refused alone less than a day ago."""
        return self._memory.signals.is_refused(signal)

    def __contains__(self, signal: SignalId) -> bool:
        """Return True if a signal may not be in a batch with signals that work."""
        return signal in self._largest or self._memory.signals.was_refused(signal)

    @property
    def are_none(self) -> bool:
        """Return True if no signal is suspected or left out, as is usual."""
        return not self._largest and self._memory.signals.are_all_answered

    def divide(self, parts: Sequence[Part], more: int) -> list[Part]:
        """Divide parts of suspects, into at most so many `more`.

        The others wait for the next reads, each in its turn.
        """
        divided: list[Part] = [
            piece
            for part in parts
            for size, group in groupby(
                sorted(part, key=lambda query: self._size(query.signal)),
                key=lambda query: self._size(query.signal),
            )
            for piece in batched(group, size, strict=False)
        ]
        most = len(parts) + more
        if len(divided) <= most:
            return divided
        first = self._turn % len(divided)
        self._turn += most
        return [*divided[first:], *divided[:first]][:most]

    def _size(self, signal: SignalId) -> int:
        """Return the size of the part in which a suspect may be."""
        return self._largest.get(signal, 1)

    def clear(self, part: Part) -> None:
        """Note that a part was answered."""
        if self.are_none:
            return
        for query in part:
            self._largest.pop(query.signal, None)
            self._memory.signals.clear_refused(query.signal)

    def note(self, part: Part, refusal: BackendError) -> None:
        """Note that a part was refused while the server answered others."""
        if isinstance(refusal, _OF_ALL):
            return
        if len(part) > 1:
            size = (len(part) + 1) // 2
            self._largest |= {query.signal: size for query in part}
        elif isinstance(refusal, _OF_A_SIGNAL):
            self._largest[part[0].signal] = 1
            self._memory.signals.set_refused(part[0].signal)
