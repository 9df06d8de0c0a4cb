"""Row "backfill": years of history, compared with writing prepared rows."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import gc
from statistics import median
from typing import TYPE_CHECKING

from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from .home import confirm, home, offer, simulator
from .loop import Hold, Watch, watching
from .measure import Cost, Meter, held
from .size import Size
from .table import Goal, Line

if TYPE_CHECKING:
    from custom_components.metering_hub.data import MeteringHubConfigEntry
    from custom_components.metering_hub.history.coordinator import HistoryCoordinator
    from custom_components.metering_hub.history.series import Series
    from custom_components.metering_hub.metering.model import Reading

_HOUR = timedelta(hours=1)
_END = datetime(2026, 11, 1, tzinfo=UTC)
_LONGEST = 1700
_ADD = "add"


async def imported(entry: MeteringHubConfigEntry) -> HistoryCoordinator:
    """Wait until the first import of an entry is done, and return its coordinator."""
    history = entry.runtime_data.history
    if history is None:
        raise RuntimeError("no history is imported")
    async with asyncio.timeout(_LONGEST):
        # Listeners are called during the import, but nothing can wait for its end.
        while history.data.state not in ("up_to_date", "failed"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    if history.data.state == "failed":
        raise RuntimeError("the import failed")
    return history


@dataclass(slots=True)
class _Memory:
    """The memory use of this process over time, in MB."""

    course: list[float] = field(default_factory=list)

    def part(self, quarter: int) -> float:
        """Return the median use in a quarter of the time."""
        length = len(self.course)
        first, end = length * quarter // 4, length * (quarter + 1) // 4
        return median(self.course[first : max(end, first + 1)])


@contextlib.asynccontextmanager
async def _weighed() -> AsyncIterator[_Memory]:
    """Sample the memory use of this process."""
    memory = _Memory()

    async def weigh() -> None:
        """Take a sample ten times a second."""
        while True:
            memory.course.append(held())
            await asyncio.sleep(0.1)

    task = asyncio.create_task(weigh())
    try:
        yield memory
    finally:
        task.cancel()


@contextlib.asynccontextmanager
async def _counted() -> AsyncIterator[Counter[str]]:
    """Count the readings that are added to series, by point key."""
    from custom_components.metering_hub.history.series import Series  # noqa: PLC0415  Home Assistant must load the integration first.

    # An import does not report its readings, so the method itself is replaced.
    counts, plain = Counter[str](), Series.add

    def add(self: Series, readings: Sequence[Reading], until: datetime) -> None:
        """Add and count readings."""
        counts[self.point.key] += len(readings)
        plain(self, readings, until)

    setattr(Series, _ADD, add)
    try:
        yield counts
    finally:
        setattr(Series, _ADD, plain)


@dataclass(frozen=True, slots=True)
class Case:
    """A server with years of history; its options contain `{years}` or `{days}`.

    With `by_readings`, what counts is the readings, not the rows that they end up in: a
    server that stores every value has six or more of them per hour.
    """

    backend: str
    options: str
    years: float
    by_readings: bool = False

    async def measure(self, size: Size) -> Sequence[Line]:
        """Import once; then give the recorder as many prepared rows."""
        years = max(0.02, self.years / size.divisor)
        options = (
            *self.options.format(years=years, days=years * 365).split(),
            "--still",
        )
        async with simulator(self.backend, *options) as server, home() as hass:
            # In the currency of the prices, costs would double the rows.
            await hass.config.async_update(currency="USD")
            meter = Meter(hass)
            form = await offer(hass, server, history=True)
            gc.collect()
            idle = held()

            async with _weighed() as memory, _counted() as readings:
                # Set-up has its own row, and the import has written nothing by then.
                entry = await confirm(hass, form)

                async def ours() -> None:
                    """Wait for the import."""
                    await imported(entry)

                own, watch = await _watched(meter, ours)
            rows = (await imported(entry)).data.rows
            series = _series(rows, years)

            async def other() -> None:
                """Write prepared rows."""
                await feed(hass, series, rows // series)

            plain, plain_watch = await _watched(meter, other)
        line = self._line(years, rows, readings.total(), own, plain)
        return [line, *self._sides(years, idle, memory, watch, plain_watch)]

    def _line(
        self, years: float, rows: int, readings: int, own: Cost, plain: Cost
    ) -> Line:
        """Return the line about the speed."""
        cpu = (plain.cpu + plain.recorder) / (own.cpu + own.recorder)
        wall = plain.wall / own.wall
        case = f"{self.backend}, {years:g} years, {rows:,} rows"
        ours, figure, goal = _rate(rows, "rows", own), cpu, 0.9
        result = f"{cpu:.2f} x by CPU ({wall:.2f} x by time)"
        if self.by_readings:
            case = f"{case} of {readings:,} readings"
            ours = _rate(readings, "readings", own)
            figure, goal = cpu * readings / rows, 0.5
            result = f"{figure:.2f} x by readings ({result} by rows)"
        return Line(
            "backfill",
            case,
            ours,
            f"recorder alone: {_rate(rows, 'rows', plain)}",
            result,
            figure,
            Goal(goal, "at least"),
            {"loop_s": own.loop, "workers_s": own.workers, "readings": readings},
        )

    def _sides(
        self,
        years: float,
        idle: float,
        memory: _Memory,
        watch: Watch,
        plain_watch: Watch,
    ) -> list[Line]:
        """Return the lines about memory and the event loop."""
        most = max(memory.course) - idle
        grown = memory.part(3) - memory.part(1)
        worst, plain = watch.worst(), plain_watch.worst()
        course = ", ".join(f"{memory.part(q) - idle:.0f}" for q in range(4))
        case = f"{self.backend}, {years:g} years"
        return [
            Line(
                "memory",
                f"backfill, {case}, above idle",
                f"{most:.0f} MB at most; by quarters of the time {course} MB",
                f"idle {idle:.0f} MB",
                f"{most:.0f} MB",
                most,
                Goal(50, unit="MB"),
                {"from_second_to_last_quarter_mb": grown},
            ),
            Line(
                "loop",
                f"backfill, {case}",
                worst.text(),
                f"recorder alone: {plain.text()}",
                f"{worst.own * 1000:.1f} ms",
                worst.own * 1000,
                Goal(10, unit="ms"),
                {
                    f"worst_{number}": hold.text()
                    for number, hold in enumerate(_five(watch))
                },
            ),
        ]


def _five(watch: Watch) -> Sequence[Hold]:
    """Return the five longest holds by CPU time."""
    holds = sorted(watch.longest.values(), key=lambda hold: -hold.cpu)
    return holds[:5]


def _rate(number: int, what: str, cost: Cost) -> str:
    """Return the speed as text."""
    cpu = cost.cpu + cost.recorder
    return f"{number / cost.wall:,.0f} {what}/s ({cost.wall:.0f} s, CPU {cpu:.1f} s)"


def _series(rows: int, years: float) -> int:
    """Return about how many statistics a number of rows belongs to."""
    return max(1, round(rows / (years * 8766)))


async def _watched(
    meter: Meter, work: Callable[[], Coroutine[None, None, None]]
) -> tuple[Cost, Watch]:
    """Do some work; return its cost and its holds of the event loop."""
    with watching() as watch:
        before = meter.now()
        await asyncio.create_task(work(), name="bench")
        cost = meter.now() - before
    return cost, watch


async def feed(hass: HomeAssistant, series: int, hours: int) -> None:
    """Give the recorder prepared rows, in batches of the same size as the import's."""
    from custom_components.metering_hub.history.write_queue import BATCH  # noqa: PLC0415  Home Assistant must load the integration first.

    start = _END - hours * _HOUR
    for first in range(0, hours, BATCH):
        batch = range(first, min(first + BATCH, hours))
        for number in range(series):
            rows = [
                StatisticData(
                    start=start + hour * _HOUR, state=hour * 0.25, sum=hour * 0.25
                )
                for hour in batch
            ]
            async_add_external_statistics(hass, _metadata(number), rows)
            await asyncio.sleep(0)
        stored = hass.loop.create_future()
        get_instance(hass).queue_task(SynchronizeTask(stored))
        await stored


def _metadata(number: int) -> StatisticMetaData:
    """Return the metadata of a statistic of prepared rows."""
    return StatisticMetaData(
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
        name=f"Floor {number}",
        source="bench_floor",
        statistic_id=f"bench_floor:ready_{number}",
        unit_class="energy",
        unit_of_measurement="kWh",
    )


CASES = (
    # The server's retention keeps the first and last telegram of each hour. Five
    # registers of ten years are 438,000 rows.
    Case(
        "dsmr_reader",
        "--years {years} --interval 900 --retention-days 1",
        10,
    ),
    Case("bemserver", "--years {years}", 0.25),
    Case("besmart", "--years {years}", 1),
    Case(
        "milesight",
        "--days {days:.0f} --devices 20 --no-push",
        0.25,
        by_readings=True,
    ),
)
