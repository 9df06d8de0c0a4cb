"""The positions of registers at consecutive hours, and how well founded they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import sub

from ...metering.quality import MEASURED
from ...metering.register_run import Run
from .read_times import ReadTimes
from .rows import HOUR_SECONDS


@dataclass(slots=True)
class Walked:
    """What a walk through the hours from `first` on (epoch seconds) found.

    `codes` are those of the ends of hours, the first of which is at `first`, as `read`
    gave them. `positions` are the registers with their positions at the same moments.
    """

    first: float
    read: ReadTimes
    codes: bytearray
    positions: Sequence[tuple[Run, list[float]]]

    def hour_codes(self) -> bytes:
        """Return the code of each hour: the higher one of its ends."""
        codes = self.codes
        if codes.count(MEASURED) == len(codes):
            return bytes(codes[1:])
        return bytes(map(max, codes, codes[1:], strict=False))

    def moment(self, index: int) -> float:
        """Return the moment of an end by its index."""
        return self.first + index * HOUR_SECONDS

    def index(self, moment: float) -> int:
        """Return the index of the latest end up to a moment."""
        return int((moment - self.first) // HOUR_SECONDS)

    def advances(self, start: int = 0, stop: int | None = None) -> Iterable[float]:
        """Return how far all registers together advance in each hour of a slice."""
        end = None if stop is None else stop + 1
        each = [
            map(sub, positions[start + 1 : end], positions[start:], strict=False)
            for _, positions in self.positions
        ]
        return each[0] if len(each) == 1 else map(sum, zip(*each, strict=True))

    def states(self) -> list[float]:
        """Return the position of the newest register at each hour."""
        states = [*self.positions[0][1]]
        for run, positions in self.positions[1:]:
            began = run.edges[0][0]
            for index, position in enumerate(positions):
                if self.moment(index) >= began:
                    states[index] = position
        return states
