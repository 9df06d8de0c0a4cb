"""One statistic on its way from readings to rows that the recorder lacks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..metering.model import Kind, Point, PricePeriod, Reading
from ..metering.reading_columns import ReadingColumns
from .maths.amounts import IntervalHours
from .maths.costs import cost_rows
from .maths.instants import InstantHours
from .maths.registers import RegisterHours
from .maths.rows import Baseline, Cells, Row
from .statistic import Statistic

type Hours = RegisterHours | IntervalHours | InstantHours

DEFAULT_INTERVAL = timedelta(hours=1)


def make_hours(point: Point, baseline: Baseline | None) -> Hours:
    """Return what turns a point's readings into rows, going on from a baseline."""
    if point.kind is Kind.REGISTER:
        return RegisterHours(baseline)
    if point.kind is Kind.INTERVAL:
        return IntervalHours(baseline, length=point.interval or DEFAULT_INTERVAL)
    return InstantHours(point.interval) if point.interval else InstantHours()


def parts(
    readings: Sequence[Reading], until: datetime, length: int
) -> Iterator[tuple[Sequence[Reading], datetime]]:
    """Yield the readings of a chunk in pieces, and until when each is complete.

    What is long comes in columns, and in the order of time.
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
class Writer:
    """Keeps the rows of a statistic that differ from what is recorded.

    From the first one that differs on, all are kept: a running sum that changes changes
    every later one. `recorded` is `None` where everything is to be written anew. Rows
    before `start` are as they should be: of their hours, only the end was read.
    """

    statistic: Statistic
    recorded: Mapping[datetime, Row] | None
    start: datetime | None = None
    pending: list[Cells] = field(default_factory=list)
    written: int = 0
    _differs: bool = False

    def take(self, rows: Iterable[Row]) -> None:
        """Take computed rows, oldest first."""
        for row in rows:
            if self.start is not None and row.start < self.start:
                continue
            if not self._differs and self.recorded is not None:
                self._differs = self.recorded.get(row.start) != row
            if self._differs or self.recorded is None:
                self.pending.append((*row,))


@dataclass(slots=True)
class MoneyTrack:
    """What the rows of a register cost, or earn."""

    writer: Writer
    prices: Sequence[PricePeriod]
    cost: float
    register: float

    def take(self, point_key: str, rows: Sequence[Row]) -> None:
        """Price rows of the register, oldest first."""
        priced = cost_rows(rows, self.register, self.cost, self.prices, point_key)
        if rows and (last := rows[-1].sum) is not None:
            self.register = last
        if priced and (last := priced[-1].sum) is not None:
            self.cost = last
        self.writer.take(priced)


@dataclass(slots=True)
class Track:
    """A point whose past is being imported."""

    point: Point
    hours: Hours
    writer: Writer
    money: MoneyTrack | None = None

    def add(self, readings: Sequence[Reading], until: datetime) -> None:
        """Take a chunk of readings, after which none before `until` comes."""
        self._take(self.hours.add(readings, until))

    def finish(self, now: datetime) -> None:
        """Take the hours that are not over, as they are now."""
        self._take(self.hours.rest(now))

    def _take(self, rows: Sequence[Row]) -> None:
        self.writer.take(rows)
        if self.money is not None:
            self.money.take(self.point.key, rows)

    @property
    def writers(self) -> Sequence[Writer]:
        """Return the writers in the order in which they must write.

        Money first: where a stop cuts the two apart, the money must not be behind,
        because the next import goes on from the register's last rows.
        """
        return [self.money.writer, self.writer] if self.money else [self.writer]
