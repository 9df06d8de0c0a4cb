"""Sorted instants calculated on demand: counted, sliced and found without a list.

A timeline consists of a few runs. A run repeats a short pattern of offsets: every ten
seconds, or the first and the last reading of every hour.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import accumulate
from typing import override

from .times import HOUR

type Span = tuple[int, int]
"""A half-open span [start, end)."""


@dataclass(frozen=True, slots=True)
class Run:
    """`count` instants: `first` plus the pattern, repeated every `period`."""

    first: int
    period: int
    pattern: tuple[int, ...]
    count: int

    def at(self, index: int) -> int:
        """Return the instant with this index."""
        rounds, step = divmod(index, len(self.pattern))
        return self.first + rounds * self.period + self.pattern[step]

    def rank(self, when: int) -> int:
        """Return the number of instants before `when`."""
        if when <= self.first:
            return 0
        rounds, rest = divmod(when - self.first, self.period)
        found = rounds * len(self.pattern) + bisect_left(self.pattern, rest)
        return min(found, self.count)


class Timeline(Sequence[int]):
    """A sorted sequence of instants that needs no memory per instant."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        """Initialize with runs that do not overlap, oldest first."""
        self._runs = [run for run in runs if run.count]
        self._firsts = [run.first for run in self._runs]
        self._starts = list(accumulate((run.count for run in self._runs), initial=0))

    def __len__(self) -> int:
        """Return the number of instants."""
        return self._starts[-1]

    def __getitem__(self, index: int) -> int:  # type: ignore[override]  # No slices.
        """Return the instant with this index; negative counts from the end."""
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(index)
        number = bisect_left(self._starts, position + 1) - 1
        return self._runs[number].at(position - self._starts[number])

    def __iter__(self) -> Iterator[int]:
        """Yield the instants, oldest first."""
        for run in self._runs:
            yield from map(run.at, range(run.count))

    def rank(self, when: int) -> int:
        """Return the number of instants before `when`."""
        number = bisect_left(self._firsts, when) - 1
        if number < 0:
            return 0
        return self._starts[number] + self._runs[number].rank(when)

    def between(self, low: int, high: int) -> range:
        """Return the indices of the instants in [low, high)."""
        start = self.rank(low)
        return range(start, max(start, self.rank(high)))

    def before(self, when: int) -> int | None:
        """Return the last instant before `when`."""
        rank = self.rank(when)
        return self[rank - 1] if rank else None

    def since(self, when: int) -> int | None:
        """Return the first instant at or after `when`."""
        rank = self.rank(when)
        return self[rank] if rank < len(self) else None


class Merged(Timeline):
    """A timeline with single instants among its own."""

    def __init__(self, times: Timeline, instants: Iterable[int]) -> None:
        """Initialize with instants in any order."""
        super().__init__()
        self._times = times
        self._instants = sorted(instants)
        self._indices = [
            times.rank(when) + number for number, when in enumerate(self._instants)
        ]

    @override
    def __len__(self) -> int:
        """Return the number of instants."""
        return len(self._times) + len(self._instants)

    @override
    def __getitem__(self, index: int) -> int:  # type: ignore[override]  # No slices.
        """Return the instant with this index; negative counts from the end."""
        position = index + len(self) if index < 0 else index
        number = bisect_left(self._indices, position)
        if number < len(self._indices) and self._indices[number] == position:
            return self._instants[number]
        return self._times[position - number]

    @override
    def __iter__(self) -> Iterator[int]:
        """Yield the instants, oldest first."""
        yield from merge(self._times, self._instants)

    @override
    def rank(self, when: int) -> int:
        """Return the number of instants before `when`."""
        return self._times.rank(when) + bisect_left(self._instants, when)


@dataclass(frozen=True, slots=True)
class Grid:
    """The instants k * step + phase; a step is a part or a multiple of an hour."""

    step: int
    phase: int = 0

    def ceil(self, when: int) -> int:
        """Return the first instant at or after `when`."""
        return -((self.phase - when) // self.step) * self.step + self.phase

    def floor(self, when: int) -> int:
        """Return the last instant at or before `when`."""
        return (when - self.phase) // self.step * self.step + self.phase

    def spans(self, start: int, end: int, gaps: Sequence[Span]) -> list[Span]:
        """Return the ends of the parts of [start, end] that are left by the gaps."""
        found = []
        for low, high in gaps:
            if high <= low:
                continue
            found.append((self.ceil(start), self.floor(min(low - 1, end))))
            start = max(start, high)
        found.append((self.ceil(start), self.floor(end)))
        return [(first, last) for first, last in found if first <= last]

    def run(self, span: Span) -> Run:
        """Return the run of all instants from the first to the last of a span."""
        first, last = span
        return Run(first, self.step, (0,), (last - first) // self.step + 1)


def timeline(
    grid: Grid,
    start: int,
    end: int,
    gaps: Sequence[Span] = (),
    thin_before: int | None = None,
) -> Timeline:
    """Return the instants of a grid in [start, end], except those in the gaps.

    Hours that end at or before `thin_before` (a whole hour) keep only their first and
    last instant, like the retention of DSMR-reader.
    """
    spans = grid.spans(start, end, gaps)
    if thin_before is None:
        return Timeline(grid.run(span) for span in spans)
    old = grid.spans(start, min(end, thin_before - 1), gaps)
    new = grid.spans(max(start, thin_before), end, gaps)
    return Timeline([*_thinned(grid, old), *(grid.run(span) for span in new)])


def _thinned(grid: Grid, spans: Sequence[Span]) -> list[Run]:
    """Return the first and last instants of each hour that has any."""
    first = grid.phase % HOUR
    last = grid.floor(HOUR - 1)
    if first >= last:
        return [grid.run(span) for span in spans]
    pattern = (0, last - first)
    runs: list[Run] = []
    edges: dict[int, Span] = {}
    for low, high in spans:
        begin = -((first - low) // HOUR)
        end = (high - last) // HOUR + 1
        if begin < end:
            runs.append(Run(begin * HOUR + first, HOUR, pattern, 2 * (end - begin)))
        for part in _partial_hours(grid, low, high, begin, end):
            hour = part[0] // HOUR
            edges[hour] = (edges.get(hour, part)[0], part[1])
    for start, stop in edges.values():
        pair = (0, stop - start) if stop > start else (0,)
        runs.append(Run(start, HOUR, pair, len(pair)))
    return sorted(runs, key=lambda run: run.first)


def _partial_hours(grid: Grid, low: int, high: int, begin: int, end: int) -> list[Span]:
    """Return the ends of a span that do not fill their hour (at most two)."""
    if begin > end:  # The span lies within one hour.
        return [(low, high)]
    cuts = ((low, begin * HOUR - 1), (end * HOUR, high))
    parts = [(grid.ceil(first), grid.floor(last)) for first, last in cuts]
    return [
        (max(first, low), min(last, high)) for first, last in parts if first <= last
    ]
