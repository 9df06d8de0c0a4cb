"""The positions of one register in a row, from its first reading to its last one.

A run keeps the first and the last reading of each hour: they are all that the line
through the hours needs, and they bound the memory of a run to two readings per hour.
The latest readings are kept in full, because a correction may go back to any of them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import ceil, inf

from .reading_columns import ReadingColumns
from .register_marks import DECIMALS, Mark
from .register_tail import TAIL, Edge, Tail

HOUR_SECONDS = 3600.0

WINDOW_SECONDS = 30 * 24 * HOUR_SECONDS
"""The span within which contradicting readings are decided by hindsight."""

ONE_UNIT = 1.0
"""An advance by one unit of the register is never unusual."""

USUAL_SHARE = 0.01
"""An advance by this share of the position is never unusual."""


class Run:
    """Accepted or suspected readings of one register, whose positions never fall.

    `edges` are (time, position) pairs in order of time. `position` is the register's
    own position; an edge is not below `floor`, where the register was before.
    `estimated` are the times of the edges that the server estimated. `measured` is the
    highest position that was not estimated. `tail` are the latest readings. A run is
    certain if another meter began it, and doubtful if an unusual step up did, which
    later readings may show to be usual. It is vague if it may have advanced a lot since
    its only reading.
    """

    __slots__ = (
        "count",
        "edges",
        "estimated",
        "first",
        "floor",
        "is_certain",
        "is_doubtful",
        "is_resumed",
        "is_vague",
        "last_stored",
        "measured",
        "position",
        "tail",
    )

    def __init__(self, first: Mark, *, is_resumed: bool = False) -> None:
        """Begin a run with its first reading.

        `is_resumed` is True if the reading is the end of rows that are already written.
        """
        self.first = first
        self.edges = [(first.at, first.position)]
        self.tail = Tail(first.at, first.position)
        self.position = first.position
        self.estimated = {first.at} if first.is_estimated else set[float]()
        self.measured = -inf if first.is_estimated else first.position
        self.floor = first.position if is_resumed else -inf
        self.last_stored = first.stored
        self.count = 1
        self.is_certain = first.is_new
        self.is_doubtful = False
        self.is_resumed = is_resumed
        self.is_vague = False

    @property
    def last_at(self) -> float:
        """Return the time of the last reading."""
        return self.tail.last_at

    def add(self, mark: Mark) -> None:
        """Add a reading that continues the run."""
        edge = (mark.at, max(mark.position, self.floor))
        self._add_edge(edge)
        self.tail.add(mark.at, mark.position)
        self.position = mark.position
        if mark.is_estimated:
            self._add_estimated(mark.at)
        else:
            self.estimated.discard(mark.at)
            self.measured = mark.position
        if mark.stored is not None:
            self.last_stored = max(mark.stored, self.last_stored or 0)
        self.count += 1

    def add_many(self, readings: ReadingColumns, edges: Sequence[int]) -> None:
        """Add measured readings in order, some of which are edges of their hours."""
        times, values, floor = readings.times, readings.values, self.floor
        found = [(times[index], round(values[index], DECIMALS)) for index in edges]
        if found[0][1] < floor:
            found = [(at, max(position, floor)) for at, position in found]
        # Only the first hour may already have edges.
        for edge in found[:2]:
            self._add_edge(edge)
        self.edges += found[2:]
        self.tail.extend(times, values)
        self.position = self.measured = round(values[-1], DECIMALS)
        self.count += len(times)
        if readings.stored:
            self.last_stored = readings.stored[-1]

    def begin_earlier(self, at: float, position: float) -> None:
        """Let the run begin with a position that was not read, before its readings."""
        self.edges.insert(0, (at, position))

    def _add_estimated(self, at: float) -> None:
        """Remember that the reading at a time is estimated, while it may be an edge."""
        self.estimated.add(at)
        if len(self.estimated) > len(self.edges) + 4 * TAIL:
            kept = [*self.edges, *self.tail.latest(TAIL)]
            self.estimated.intersection_update([at for at, _ in kept])

    def _add_edge(self, edge: tuple[float, float]) -> None:
        """Add an edge, and drop the one before it if it is in the midst of an hour."""
        edges = self.edges
        is_replaced = edges[-1][0] == edge[0] or (
            len(edges) > 1
            and ceil(edges[-2][0] / HOUR_SECONDS) == ceil(edge[0] / HOUR_SECONDS)
        )
        if is_replaced:
            edges[-1] = edge
        else:
            edges.append(edge)

    def cut_above(self, position: float) -> list[tuple[float, float]]:
        """Remove the readings above a position, and return them.

        The oldest edge stays, because the rows before it are already written: what the
        register falls below it is counted as no use until it has caught up.
        """
        kept = self.tail.cut_above(position)
        removed = [edge for edge in self.edges[1:] if edge[1] > position]
        edges = self.edges[:1] + [e for e in self.edges[1:] if e[1] <= position]
        for reading in kept:
            if reading[0] > edges[-1][0]:
                edges.append((reading[0], max(reading[1], self.floor)))
        self.edges = edges
        self.estimated = {at for at in self.estimated if at <= edges[-1][0]}
        if not kept:
            self.tail.begin_again(*edges[-1])
        self.floor = max(self.floor, edges[0][1])
        return removed

    def merge(self, other: Run) -> None:
        """Continue this run with the readings of another one, which are later."""
        for at, position in other.edges:
            self._add_edge((at, max(position, self.floor)))
        self.estimated = {at for at in self.estimated if at < other.edges[0][0]}
        self.estimated |= other.estimated
        self.tail.merge(other.tail)
        self.position = other.position
        self.measured = max(other.measured, min(self.measured, other.position))
        if other.last_stored is not None:
            self.last_stored = max(other.last_stored, self.last_stored or 0)
        self.count += other.count

    def edge_at(self, moment: float) -> Edge:
        """Return the last edge up to a moment, or the first one."""
        return self.edges[self._index_at(moment)]

    def _index_at(self, moment: float) -> int:
        """Return the index of the last edge up to a moment, or of the first one."""
        return max(bisect_right(self.edges, (moment, inf)) - 1, 0)

    def position_at(self, moment: float) -> float:
        """Return the position at a moment, on the line between its readings."""
        edges = self.edges
        after = bisect_right(edges, (moment, inf))
        if after == 0:
            return edges[0][1]
        at, position = edges[after - 1]
        if at == moment or after == len(edges):
            return position
        next_at, next_position = edges[after]
        share = (moment - at) / (next_at - at)
        advance = share * (next_position - position)
        return min(round(position + advance, DECIMALS), next_position)

    def positions(self, first: float, end: float) -> list[float]:
        """Return the positions at each whole hour from `first` to `end`.

        Each one is on the line from the hour before, so hours that resume at any of
        them are the same.
        """
        edges, count = self.edges, len(self.edges)
        at, position = edges[0]
        index = 1
        found: list[float] = []
        moment = first
        while moment <= end:
            while index < count and edges[index][0] <= moment:
                at, position = edges[index]
                index += 1
            if index < count and at < moment:
                next_at, next_position = edges[index]
                advance = (moment - at) / (next_at - at) * (next_position - position)
                position = min(round(position + advance, DECIMALS), next_position)
                at = moment
            found.append(position)
            moment += HOUR_SECONDS
        return found

    def settle(self, moment: float, position: float) -> None:
        """Forget the readings up to a moment, at which the position is final."""
        if moment <= self.edges[0][0]:
            return
        after = bisect_right(self.edges, (moment, inf))
        self.edges[:after] = [(moment, position)]
        if self.estimated:
            self.estimated = {at for at in self.estimated if at > moment}

    def anchor(self, moment: float, position: float) -> bool:
        """Add a measured position between two readings, if it lies between them.

        Estimated readings that contradict it are dropped. The result is False if the
        measured readings around it do, or the last reading of all.
        """
        edges = self.edges
        after = bisect_left(edges, (moment, -inf))
        start = after - 1
        while start > 0 and edges[start][0] in self.estimated:
            start -= 1
        end = after
        while end < len(edges) - 1 and edges[end][0] in self.estimated:
            end += 1
        if start < 0 or end == len(edges):
            return False
        if not edges[start][1] <= position <= edges[end][1]:
            return False
        earlier = [edge for edge in edges[start + 1 : after] if edge[1] <= position]
        later = [
            edge
            for edge in edges[after:end]
            if edge[0] > moment and edge[1] >= position
        ]
        edges[start + 1 : end] = [*earlier, (moment, position), *later]
        self.estimated.discard(moment)
        return True

    def advance_since(self, moment: float) -> float:
        """Return how far the register has advanced since a moment."""
        return self.edges[-1][1] - self.position_at(moment)

    def fastest_since(self, moment: float) -> float:
        """Return the fastest advance between two edges since a moment, per second."""
        first = self._index_at(moment)
        rates = (
            (position - before) / (at - before_at)
            for (before_at, before), (at, position) in pairwise(self.edges[first:])
        )
        return max(rates, default=0.0)

    def usual_advance(self, moment: float) -> float:
        """Return an advance up to `moment` that is not unusual, however fast it is."""
        usual = max(ONE_UNIT, USUAL_SHARE * abs(self.position))
        if self.count == 1 and self.is_vague:
            # Its speed is unknown, or how long ago it was read.
            return max(usual, self.position)
        return max(usual, self.advance_since(moment - WINDOW_SECONDS))
