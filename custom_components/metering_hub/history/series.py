"""Compute the rows of one statistic from the readings of a point."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..backends.common.times import whole_hour
from ..metering.model import Kind, Point, Reading
from ..metering.quality import UNKNOWN, HourCodes, has_quality
from ..metering.reading_columns import ReadingColumns
from ..metering.register_line import RegisterLine
from ..metering.register_rules import NEVER_NEGATIVE, Rejected
from .maths.amounts import IntervalHours
from .maths.estimates import Estimator
from .maths.instants import InstantHours, hold_time
from .maths.registers import RegisterHours
from .maths.rows import FOREVER, HOUR, HOUR_SECONDS, NEVER, Baseline, Row, as_datetime
from .maths.standing import StandingRows
from .quality.estimate_source import EstimateSource
from .quality.memory import connected, parts_before
from .rejected import PointRejections
from .writer import StatisticWriter

type Hours = RegisterHours | IntervalHours | InstantHours

DEFAULT_INTERVAL = timedelta(hours=1)


def make_hours(
    point: Point,
    baseline: Baseline | None,
    *,
    is_trusted: bool = False,
    estimator: Estimator | None = None,
    baseline_code: int = UNKNOWN,
) -> Hours:
    """Return what turns the readings of a point into rows after a baseline.

    The readings of a register that is trusted are taken as they are. `estimator` fills
    the long gaps of a register, and `baseline_code` is that of the baseline's hour.
    """
    if point.kind is Kind.REGISTER:
        line = RegisterLine.of(point, is_trusted=is_trusted)
        return RegisterHours(baseline, line, estimator, baseline_code)
    if point.kind is Kind.INTERVAL:
        return IntervalHours(
            baseline,
            length=point.interval or DEFAULT_INTERVAL,
            only_grows=point.quantity in NEVER_NEGATIVE,
        )
    return InstantHours(point.interval)


def lead_time(point: Point) -> timedelta:
    """Return how long before a row ends readings are needed to continue after it."""
    if point.kind is Kind.INSTANT:
        return hold_time(point.interval)
    if point.kind is Kind.REGISTER:
        # A reading before the row shows that the source still has its positions.
        return HOUR
    # The hour of the row itself shows that the source still has its amounts.
    return max(DEFAULT_INTERVAL, point.interval or DEFAULT_INTERVAL)


def rejected_and_held(hours: Hours) -> list[Rejected]:
    """Return the newly rejected readings, and those that nothing has decided yet."""
    held = hours.held if isinstance(hours, RegisterHours) else []
    return [*hours.take_rejected(), *held]


def qualities_of(point: Point, hours: Hours) -> list[HourCodes]:
    """Return the codes of a point's hours since the last call, if they have any."""
    if isinstance(hours, InstantHours) or not has_quality(point):
        return []
    return hours.take_qualities()


def split_chunk(
    readings: Sequence[Reading], until: datetime, length: int
) -> Iterator[tuple[Sequence[Reading], datetime]]:
    """Yield a chunk in parts of at most `length` readings, each with its own `until`.

    Only columns in order of time are split, which all long chunks are.
    """
    if (
        len(readings) <= length
        or not isinstance(readings, ReadingColumns)
        or not readings.is_in_order
    ):
        yield readings, until
        return
    for index in range(0, len(readings), length):
        end = index + length
        is_last = end >= len(readings)
        yield (
            readings[index:end],
            until
            if is_last
            else min(until, datetime.fromtimestamp(readings.times[end], UTC)),
        )


def first_time(readings: Sequence[Reading], since: datetime) -> datetime | None:
    """Return the time of the earliest reading from `since` on, if there is one."""
    if isinstance(readings, ReadingColumns):
        start = since.timestamp()
        times = (time for time in readings.times if time >= start)
        first = min(times, default=None)
        return None if first is None else as_datetime(first)
    later = (reading.time for reading in readings if reading.time >= since)
    return min(later, default=None)


def readings_since(readings: Sequence[Reading], since: datetime) -> Sequence[Reading]:
    """Return the readings from `since` on, in the same order."""
    if not isinstance(readings, ReadingColumns):
        return [reading for reading in readings if reading.time >= since]
    start = since.timestamp()
    if not readings or min(readings.times) >= start:
        return readings
    return readings.selected([time >= start for time in readings.times])


@dataclass(slots=True)
class Series:
    """The history of one point while it is imported.

    Readings before `since` are ignored. An import that is cut off can go on from
    `reached`. `source` is what the estimates of a register are made from, and
    `rows_end` the end of the latest computed row (epoch seconds).
    """

    point: Point
    hours: Hours
    writer: StatisticWriter
    standing: StandingRows | None = None
    rejections: PointRejections = field(default_factory=PointRejections)
    since: datetime | None = None
    reached: datetime | None = None
    source: EstimateSource | None = None
    rows_end: float = NEVER
    _codes: list[HourCodes] = field(default_factory=list)
    _latest: datetime | None = None
    _next: datetime | None = None

    async def prepare(self, until: datetime) -> None:
        """Read what the recorder has of a chunk up to `until`, if that is needed.

        Raises RecorderError and StoppingError.
        """
        if self.source is not None:
            await self.source.prepare(until)

    def add(self, readings: Sequence[Reading], until: datetime) -> None:
        """Add a chunk; no later chunk has a reading before `until`."""
        if self.since is not None:
            readings = readings_since(readings, self.since)
        if readings:
            self._latest = readings[-1].time
        if self.standing is not None:
            self.standing.see(ReadingColumns.of(readings).times)
        self._add_rows(self.hours.add(readings, until))
        self.rejections.add(self.hours.take_rejected(), until.timestamp())

    def note_stored(self) -> None:
        """Note from where an import can go on, now that more rows are stored.

        That is an hour with a reading, because a line between two readings can only be
        drawn again as a whole.
        """
        stored = self.writer.stored_until
        if self._next is not None and stored is not None and stored >= self._next:
            self.reached, self._next = self._next, None
        if self._next is None and self._latest is not None:
            self._next = whole_hour(self._latest)

    async def finish(self, now: datetime) -> None:
        """Add the provisional rows of the hours that are not final.

        Raises RecorderError and StoppingError.
        """
        if (
            self.source is not None
            and isinstance(self.hours, RegisterHours)
            and self.hours.has_long_gaps
        ):
            await self.source.note_changes()
        self._add_rows(self.hours.open_hours(now))
        self.rejections.add(rejected_and_held(self.hours))

    def _add_rows(self, rows: Sequence[Row]) -> None:
        """Pass rows on to the statistic of the point."""
        if found := qualities_of(self.point, self.hours):
            self._codes = connected([*self._codes, *found])
        if rows:
            self.rows_end = rows[-1].start.timestamp() + HOUR_SECONDS
        if self.standing is not None:
            rows = self._with_deleted(self.standing, rows)
        self.writer.add(rows)

    def take_codes(self, *, are_stored: bool) -> list[HourCodes]:
        """Return the new codes of the hours whose rows are stored, or all if they are.

        No other code may be kept: its row might never be there.
        """
        stored = self.writer.stored_until
        until = stored.timestamp() if stored else NEVER
        taken, self._codes = parts_before(self._codes, FOREVER if are_stored else until)
        return taken

    def _with_deleted(
        self, standing: StandingRows, rows: Sequence[Row]
    ) -> Sequence[Row]:
        """Return rows together with those of hours that were deleted at the source."""
        end = standing.unproven_end(rows)
        if end is not None and self.writer.recorded is not None:
            standing.go_on_after(self.writer.recorded[as_datetime(end - HOUR_SECONDS)])
        return standing.merged(rows)

    @property
    def stepped(self) -> set[datetime]:
        """Return the hours in which a new register stands higher than the last one."""
        return self.hours.stepped if isinstance(self.hours, RegisterHours) else set()

    @property
    def exchanged(self) -> float | None:
        """Return when the newest register replaced another one (epoch seconds)."""
        return self.hours.exchanged if isinstance(self.hours, RegisterHours) else None
