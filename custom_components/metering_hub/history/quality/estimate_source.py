"""Give the estimates of a register what the recorder and the memory know of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from ...metering.model import Point
from ...metering.quality import COMPARABLE_DAYS, MEASURED, UNKNOWN, is_estimated
from ...metering.register_run import WINDOW_SECONDS
from ..maths.comparable_days import DAYS_BACK, DayKinds
from ..maths.estimates import Estimator
from ..maths.hour_counter import MOST_OPEN
from ..maths.rows import FOREVER, HOUR, HOUR_SECONDS, NEVER, Row, as_datetime
from ..recorder_protocol import Recorder
from ..statistic import Scope
from .memory import QualityMemory

COMPARED = timedelta(days=DAYS_BACK)
"""How long before a gap comparable days are looked for."""

FINAL_AFTER = timedelta(seconds=WINDOW_SECONDS)
"""How long after an hour its row is final, and a gap in it is estimated."""

LONGEST_ESTIMATE = timedelta(seconds=MOST_OPEN)
"""How far back the beginning of an estimate is looked for. In a longer one, the import
resumes in its midst, and what is recorded of it stays."""

READ_AT_ONCE = 31 * 24 * HOUR_SECONDS
"""The least span of recorded hours that is read at once, if any is needed."""


class EstimateSource:
    """Tell the estimator of one register what was recorded of it.

    `rows` are those from the one before `start` on that the import compares. Without
    `start`, it counts from the first reading. If it imports `is_again`, the recorder is
    read as the import proceeds: hours that it has as measured stay, even if the server
    has fewer readings of them by now.
    """

    def __init__(
        self,
        recorder: Recorder,
        qualities: QualityMemory,
        statistic_id: str,
        key: str,
        days: DayKinds | None,
        start: datetime | None,
        rows: Iterable[Row],
        *,
        is_again: bool,
    ) -> None:
        """Initialize an estimator with rows that were read from the recorder."""
        self.estimator = Estimator(days)
        self._recorder = recorder
        self._qualities = qualities
        self._statistic_id = statistic_id
        self._key = key
        self._start = start
        self._are_changes_due = start is not None
        self._noted_until = start.timestamp() if start else NEVER
        if not is_again:
            self._noted_until = FOREVER
        self.estimator.note_recorded(self._positions(rows))

    @property
    def baseline_code(self) -> int:
        """Return the code of the hour that ends where the import starts."""
        if self._start is None:
            return UNKNOWN
        end = self._start.timestamp()
        return self._qualities.codes(self._key, end - HOUR_SECONDS, end)[0]

    async def prepare(self, until: datetime) -> None:
        """Note what the recorder has for the hours that become final by `until`.

        Raises RecorderError and StoppingError.
        """
        if self._start is not None and until - self._start > FINAL_AFTER:
            await self.note_changes()
        await self._note_measured(until)

    async def _note_measured(self, until: datetime) -> None:
        """Note the hours before `until` that are recorded as measured, each once.

        The recorder is only read if there are any.
        """
        if self._noted_until >= until.timestamp():
            return
        if (span := self._qualities.span(self._key)) is None:
            return
        start = max(self._noted_until, span[0])
        self._noted_until = max(until.timestamp(), start + READ_AT_ONCE)
        end = min(self._noted_until, span[1])
        if start >= end or MEASURED not in self._qualities.codes(self._key, start, end):
            return
        rows = await self._recorder.rows_during(
            self._statistic_id, as_datetime(start), as_datetime(end)
        )
        self.estimator.note_recorded(
            {
                moment: (position, code)
                for moment, (position, code) in self._positions(rows).items()
                if code == MEASURED
            }
        )

    async def note_changes(self) -> None:
        """Note once what was measured in the weeks before the import starts.

        Raises RecorderError and StoppingError.
        """
        if self._start is None or not self._are_changes_due:
            return
        self._are_changes_due = False
        rows = await self._recorder.rows_during(
            self._statistic_id, self._start - COMPARED - HOUR, self._start
        )
        positions = self._positions(rows)
        self.estimator.note_changes(
            {
                row.start.timestamp(): row.sum - before.sum
                for before, row in pairwise(rows)
                if row.start - before.start == HOUR
                and row.sum is not None
                and before.sum is not None
                and positions.get((row.start + HOUR).timestamp(), (0, 0))[1] == MEASURED
            }
        )

    def _positions(self, rows: Iterable[Row]) -> Mapping[float, tuple[float, int]]:
        """Return the positions at the ends of rows, with the codes of their hours."""
        rows = [row for row in rows if row.state is not None]
        if not rows:
            return {}
        start = rows[0].start.timestamp()
        end = rows[-1].start.timestamp() + HOUR_SECONDS
        codes = self._qualities.codes(self._key, start, end)
        positions = {}
        for row in rows:
            hour = row.start.timestamp()
            code = codes[int((hour - start) // HOUR_SECONDS)]
            positions[hour + HOUR_SECONDS] = (row.state or 0.0, code)
        return positions


async def recorded_source(
    recorder: Recorder,
    qualities: QualityMemory,
    scope: Scope,
    point: Point,
    start: datetime,
    end: datetime,
) -> EstimateSource | None:
    """Return what estimates a register in [start, end) as its import did.

    The result is `None` if the point is not imported or not estimated. Raises
    RecorderError and StoppingError.
    """
    if not is_estimated(point) or point not in scope.points:
        return None
    statistic_id = scope.statistic(point).statistic_id
    source = EstimateSource(
        recorder,
        qualities,
        statistic_id,
        point.key,
        scope.day_kinds,
        start,
        await recorder.rows_during(statistic_id, start, end),
        is_again=False,
    )
    await source.note_changes()
    return source


def estimate_end(qualities: QualityMemory, key: str, moment: datetime) -> datetime:
    """Return the end of the long estimate that goes on at a whole hour.

    It is the moment itself if its hour is not within an estimate.
    """
    start = moment.timestamp()
    codes = qualities.codes(key, start, start + LONGEST_ESTIMATE.total_seconds())
    after = codes.lstrip(bytes((COMPARABLE_DAYS,)))
    return moment + (len(codes) - len(after)) * HOUR


def is_within_estimate(codes: bytes, index: int) -> bool:
    """Return True if the hour at an index of `codes` ends within a long estimate."""
    return codes[index : index + 2] == bytes((COMPARABLE_DAYS, COMPARABLE_DAYS))


def estimate_start(
    qualities: QualityMemory, key: str, end: datetime
) -> datetime | None:
    """Return the start of the first hour of the long estimate around `end`, if any.

    `end` is a whole hour. The reading at which the gap begins is in that first hour.
    """
    begin = (end - LONGEST_ESTIMATE).timestamp()
    codes = qualities.codes(key, begin, (end + HOUR).timestamp())
    if not is_within_estimate(codes, len(codes) - 2):
        return None
    before = codes.rstrip(bytes((COMPARABLE_DAYS,)))
    return as_datetime(begin + len(before) * HOUR_SECONDS) if before else None
