"""Compute the rows of one statistic from the readings of a point."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..metering.model import Kind, Point, PricePeriod, Reading
from ..metering.reading_columns import ReadingColumns
from ..metering.register_line import RegisterLine
from ..metering.register_rules import Rejected
from .maths.amounts import IntervalHours
from .maths.costs import cost_rows
from .maths.instants import InstantHours
from .maths.registers import RegisterHours
from .maths.rows import Baseline, Row
from .recorder import StatisticWriter
from .rejected import PointRejections

type Hours = RegisterHours | IntervalHours | InstantHours

DEFAULT_INTERVAL = timedelta(hours=1)


def make_hours(
    point: Point, baseline: Baseline | None, *, is_trusted: bool = False
) -> Hours:
    """Return what turns the readings of a point into rows after a baseline.

    The readings of a register that is trusted are taken as they are.
    """
    if point.kind is Kind.REGISTER:
        line = RegisterLine.of(point, is_trusted=is_trusted)
        return RegisterHours(baseline, line)
    if point.kind is Kind.INTERVAL:
        return IntervalHours(baseline, length=point.interval or DEFAULT_INTERVAL)
    return InstantHours(point.interval) if point.interval else InstantHours()


def rejected_and_held(hours: Hours) -> list[Rejected]:
    """Return the newly rejected readings, and those that nothing has decided yet."""
    held = hours.held if isinstance(hours, RegisterHours) else []
    return [*hours.take_rejected(), *held]


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
            until if is_last else min(until, readings[end].time),
        )


@dataclass(slots=True)
class CostSeries:
    """The costs or the compensation of a register.

    `cost` and `register` are the running sums at the end of the latest row.
    """

    writer: StatisticWriter
    prices: Sequence[PricePeriod]
    cost: float
    register: float

    def add(self, point_key: str, rows: Sequence[Row]) -> None:
        """Add rows of the register, oldest first."""
        priced = cost_rows(rows, self.register, self.cost, self.prices, point_key)
        if rows and (last := rows[-1].sum) is not None:
            self.register = last
        if priced and (last := priced[-1].sum) is not None:
            self.cost = last
        self.writer.add(priced)


@dataclass(slots=True)
class Series:
    """The history of one point while it is imported."""

    point: Point
    hours: Hours
    writer: StatisticWriter
    cost: CostSeries | None = None
    rejections: PointRejections = field(default_factory=PointRejections)

    def __post_init__(self) -> None:
        """Let the register wait until its costs are stored.

        The next import resumes from the last rows of the register, so the costs must
        not lag behind if an import stops between the two.
        """
        if self.cost is not None:
            self.writer.after = self.cost.writer.statistic.statistic_id

    def add(self, readings: Sequence[Reading], until: datetime) -> None:
        """Add a chunk; no later chunk has a reading before `until`."""
        self._add_rows(self.hours.add(readings, until))
        self.rejections.add(self.hours.take_rejected(), until.timestamp())

    def finish(self, now: datetime) -> None:
        """Add the provisional rows of the hours that are not over."""
        self._add_rows(self.hours.open_hours(now))
        self.rejections.add(rejected_and_held(self.hours))

    def _add_rows(self, rows: Sequence[Row]) -> None:
        """Pass rows on to the statistic of the point and to that of its costs."""
        self.writer.add(rows)
        if self.cost is not None:
            self.cost.add(self.point.key, rows)

    @property
    def writers(self) -> Sequence[StatisticWriter]:
        """Return the writers in the order in which they must write."""
        return [self.cost.writer, self.writer] if self.cost else [self.writer]
