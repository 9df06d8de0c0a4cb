"""Plan how each point of a run is imported, and make its series."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ..metering.model import Kind, Point
from ..metering.quality import UNKNOWN, is_estimated
from .maths.rows import HOUR_SECONDS
from .quality.estimate_source import EstimateSource, estimate_start
from .quality.memory import QualityMemory
from .recorder_protocol import Recorder
from .rejected import PointRejections, Rejections
from .resume import (
    Plans,
    ResumePlan,
    plan_from_reading,
    plan_reimport,
    plan_resume,
    with_earlier_rows,
)
from .series import Series, make_hours
from .statistic import Scope
from .writer import StatisticWriter


class Planner:
    """Plan the import of the points of a scope.

    The points in `starts` are imported again from a moment on (`None`: all there is);
    of the others, the trailing `window` is compared.
    """

    def __init__(
        self,
        recorder: Recorder,
        scope: Scope,
        starts: Mapping[str, datetime | None],
        window: timedelta,
        rejections: Rejections,
        qualities: QualityMemory,
    ) -> None:
        """Initialize the planner of one run."""
        self._recorder = recorder
        self.scope = scope
        self._starts = dict(starts)
        self._window = window
        self._rejections = rejections
        self.qualities = qualities
        self._days = scope.day_kinds

    async def plans(self) -> Plans:
        """Return the plan of each point; raises RecorderError and StoppingError."""
        return [(point, await self._plan(point)) for point in self.scope.points]

    async def _plan(self, point: Point) -> ResumePlan:
        """Return how a point is imported."""
        statistic = self.scope.statistic(point)
        if point.key in self._starts:
            start = self._starts[point.key] or self.scope.start
            plan = await plan_reimport(self._recorder, statistic, start)
            if (first := self._estimate_start(point, plan)) is not None:
                plan = await plan_reimport(self._recorder, statistic, first)
        else:
            plan = await plan_resume(self._recorder, statistic, self._window)
            if (first := self._estimate_start(point, plan)) is not None:
                plan = await with_earlier_rows(self._recorder, statistic, plan, first)
        return self._with_codes(point, plan)

    def _estimate_start(self, point: Point, plan: ResumePlan) -> datetime | None:
        """Return where the long estimate begins in which a plan resumes, if it does.

        Its hours follow from the readings at both ends of the gap.
        """
        if plan.start is None or point.kind is not Kind.REGISTER:
            return None
        return estimate_start(self.qualities, point.key, plan.start)

    def _with_codes(self, point: Point, plan: ResumePlan) -> ResumePlan:
        """Return the plan of a register with the codes of the compared hours."""
        if plan.base is None or not plan.recorded or point.kind is not Kind.REGISTER:
            return plan
        start = plan.base.start.timestamp()
        end = plan.recorded[-1].start.timestamp() + 2 * HOUR_SECONDS
        return replace(plan, codes=self.qualities.codes(point.key, start, end))

    async def make_series(
        self, point: Point, plan: ResumePlan, first: datetime | None
    ) -> Series:
        """Return the series of a point that has its `first` reading then, if any.

        Raises RecorderError and StoppingError.
        """
        if first is not None:
            statistic = self.scope.statistic(point)
            plan = await plan_from_reading(
                self._recorder, statistic, point, plan, first
            )
        return self._series(point, plan)

    def since(self, plan: ResumePlan) -> datetime | None:
        """Return the moment before which no reading of a plan counts."""
        if plan.base is not None:
            return None
        wanted = [plan.asked, self.scope.start]
        return max((each for each in wanted if each is not None), default=None)

    def _series(self, point: Point, plan: ResumePlan) -> Series:
        """Return the series of a point that is imported as planned."""
        statistic = self.scope.statistic(point)
        source = self._estimate_source(point, plan)
        return Series(
            point,
            make_hours(
                point,
                plan.baseline,
                is_trusted=point.key in self.scope.trusted,
                estimator=source.estimator if source else None,
                baseline_code=source.baseline_code if source else UNKNOWN,
            ),
            StatisticWriter.of(statistic, plan.recorded, plan.start, plan.latest),
            plan.standing(point.kind),
            # What is wrong with a sum is counted for its parts.
            PointRejections()
            if point.sum_of
            else self._rejections.start(point.key, plan.start),
            since=self.since(plan),
            source=source,
        )

    def _estimate_source(self, point: Point, plan: ResumePlan) -> EstimateSource | None:
        """Return what the estimates of a register are made from, if it has any."""
        if not is_estimated(point):
            return None
        return EstimateSource(
            self._recorder,
            self.qualities,
            self.scope.statistic(point).statistic_id,
            point.key,
            self._days,
            plan.start if plan.baseline else None,
            [*([plan.base] if plan.base else ()), *(plan.recorded or ())],
            is_again=plan.recorded is None,
        )
