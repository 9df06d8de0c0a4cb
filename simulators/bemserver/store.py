"""The points of the series: stored, missing and corrected ones.

A point is stored if its source has it by now, no gap hides it and it was not deleted;
posted points are added. Values are the sources' integers (other posted values stay
floats), so sums are exact.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators.times import DAY, epoch

from .model import CLEAN, Series
from .sources import Source, day

type Value = int | float
type Chunk = tuple[Sequence[int], Sequence[Value]]
"""Time stamps (seconds since 1970, ascending) and the values of as many points."""
type Span = tuple[int, int]

# A posted value this close to an integer of its source is that integer.
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing points in [start, end); all times are aware.

    `series` None means all, `state` None both. Late data arrive at `until`.
    """

    start: datetime
    end: datetime
    series: frozenset[int] | None = None
    state: str | None = None
    until: datetime | None = None

    def hides(self, series: Series, state: str, now: datetime) -> bool:
        """Return True if this gap affects the series in that state at this moment."""
        return (
            (self.series is None or series.id in self.series)
            and self.state in (None, state)
            and (self.until is None or now < self.until)
        )


@dataclass(slots=True)
class _Edits:
    """The deleted and the posted points of a series in one state."""

    removed: list[Span] = field(default_factory=list)
    posted: dict[int, Value] = field(default_factory=dict)


@dataclass(slots=True)
class Store:
    """The points of a world whose recording started at `start` (aware)."""

    start: datetime
    clean_delay: timedelta = timedelta(0)
    latency: timedelta = timedelta(0)
    gaps: list[Gap] = field(default_factory=list)
    _edits: dict[tuple[int, str], _Edits] = field(default_factory=dict)

    def post(self, series: Series, state: str, points: Mapping[datetime, float]) -> int:
        """Store points and return the number of new ones; existing ones are kept.

        `points` are values in the unit of the series. Points that the source itself
        will still deliver, even late, count as existing.

        Source: docs/wire/bemserver.md, Semantics.
        """
        scale = series.scale
        edits = self._edits.setdefault((series.id, state), _Edits())
        added = 0
        for at, value in points.items():
            when = epoch(at)
            if when in edits.posted or self._natural(series, state, when):
                continue
            raw = value * scale
            near = abs(raw) < 2**53 and abs(raw - round(raw)) < _TINY
            edits.posted[when] = round(raw) if near else raw
            added += 1
        return added

    def delete(
        self, series: Series, state: str, start: datetime, end: datetime
    ) -> None:
        """Delete the points of [start, end) permanently."""
        edits = self._edits.setdefault((series.id, state), _Edits())
        low, high = epoch(start), epoch(end)
        edits.removed.append((low, high))
        for when in [when for when in edits.posted if low <= when < high]:
            del edits.posted[when]

    def deleted(self, series: Series, state: str) -> list[Span]:
        """Return the spans whose points were deleted, in seconds since 1970."""
        return [*self._edits.get((series.id, state), _Edits()).removed]

    def correct(
        self, series: Series, state: str, points: Mapping[datetime, float]
    ) -> None:
        """Replace points like a correction on the server: delete, then post."""
        for at in points:
            self.delete(series, state, at, at + timedelta(seconds=1))
        self.post(series, state, points)

    def chunks(
        self, series: Series, state: str, span: Span, now: datetime
    ) -> Iterator[Chunk]:
        """Yield the points of [start, end), a day at a time, oldest first."""
        edits = self._edits.get((series.id, state), _Edits())
        low, high = self._bounds(series, state, now)
        posted = sorted(edits.posted)
        first = max(span[0], min([low, *posted[:1]]))
        last = min(span[1], max([high, *(when + 1 for when in posted[-1:])]))
        hidden = edits.removed + [
            (epoch(gap.start), epoch(gap.end))
            for gap in self.gaps
            if gap.hides(series, state, now)
        ]
        for number in range(first // DAY, -(-last // DAY)):
            start = number * DAY
            within = max(first, start), min(last, start + DAY)
            chunk = _natural_chunk(
                series.source, number, (max(low, within[0]), min(high, within[1]))
            )
            chunk = _without(chunk, hidden)
            extra = posted[
                bisect_left(posted, within[0]) : bisect_left(posted, within[1])
            ]
            if extra:
                chunk = _merged(chunk, {when: edits.posted[when] for when in extra})
            if chunk[0]:
                yield chunk

    def _bounds(self, series: Series, state: str, now: datetime) -> Span:
        """Return the span that the source has delivered so far."""
        source = series.source
        if source is None or state not in series.states:
            return 0, 0
        low = epoch(series.since or self.start)
        delay = self.latency + (self.clean_delay if state == CLEAN else timedelta(0))
        return low, max(low, epoch(now - delay) - source.lag + 1)

    def _natural(self, series: Series, state: str, when: int) -> bool:
        """Return True if the source has, or will have, a point at this time."""
        source = series.source
        if source is None or state not in series.states or when % source.step:
            return False
        holes = list(self._edits[series.id, state].removed)
        holes += [
            (epoch(gap.start), epoch(gap.end))
            for gap in self.gaps
            if gap.until is None and gap.hides(series, state, gap.end)
        ]
        return when >= epoch(series.since or self.start) and not any(
            low <= when < high for low, high in holes
        )


def _natural_chunk(source: Source | None, number: int, span: Span) -> Chunk:
    """Return the points of a source in a span within one day."""
    if source is None or span[0] >= span[1]:
        return (), ()
    start, step = number * DAY, source.step
    low, high = (-(-(edge - start) // step) for edge in span)
    times = range(start + low * step, start + high * step, step)
    return times, day(source, number)[low:high]


def _without(chunk: Chunk, hidden: Sequence[Span]) -> Chunk:
    """Return a chunk without the points in hidden spans."""
    times, values = chunk
    if not times or not any(
        low <= times[-1] and times[0] < high for low, high in hidden
    ):
        return chunk
    kept = [
        index
        for index, when in enumerate(times)
        if not any(low <= when < high for low, high in hidden)
    ]
    return [times[index] for index in kept], [values[index] for index in kept]


def _merged(chunk: Chunk, extra: dict[int, Value]) -> Chunk:
    """Return a chunk with extra points, in the order of time."""
    points = dict(zip(*chunk, strict=True)) | extra
    times = sorted(points)
    return times, [points[when] for when in times]
