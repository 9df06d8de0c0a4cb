"""Row "audit": checking the statistics of ten years, and those since last night."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
import time

from sqlalchemy import insert

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance, session_scope

from .home import home
from .size import Size
from .table import Goal, Line

_STATISTICS = 68
_HOURS = 87_660
_START = datetime(2016, 11, 1, tzinfo=UTC).timestamp()
_BATCH = 125
"""Rows that an import writes of one statistic before those of the next."""

_PREFIX = "metering_hub:bench_"


def _fill(hass: HomeAssistant, hours: int) -> None:
    """Write the rows of registers into the database, as imports arrange them."""
    with session_scope(hass=hass) as session:
        connection = session.connection()
        for number in range(_STATISTICS):
            connection.execute(
                insert(StatisticsMeta).values(
                    statistic_id=f"{_PREFIX}{number}",
                    source="metering_hub",
                    unit_of_measurement="kWh",
                    has_sum=True,
                    mean_type=0,
                )
            )
        numbers = [
            row.id
            for row in session.query(StatisticsMeta).filter(
                StatisticsMeta.statistic_id.startswith(_PREFIX)
            )
        ]
        for first in range(0, hours, _BATCH):
            for number in numbers:
                connection.execute(
                    insert(Statistics),
                    [
                        {
                            "metadata_id": number,
                            "start_ts": _START + 3600.0 * hour,
                            "state": round(100 + hour * 0.123, 6),
                            "sum": round(hour * 0.123, 6),
                        }
                        for hour in range(first, min(first + _BATCH, hours))
                    ],
                )


async def _check(hass: HomeAssistant, since: datetime | None) -> tuple[int, float]:
    """Check all statistics; return the number of rows, and the seconds it took."""
    from custom_components.metering_hub.history.audit.check_queries import Content  # noqa: PLC0415  Home Assistant first.
    from custom_components.metering_hub.history.audit.recorder_checks import check_rows  # noqa: PLC0415  Home Assistant first.

    rows = 0
    begun = time.perf_counter()
    for number in range(_STATISTICS):
        checked = await check_rows(hass, f"{_PREFIX}{number}", Content.POSITIONS, since)
        if checked.faults:
            raise RuntimeError(f"{len(checked.faults)} faults in sound rows")
        rows += checked.rows
    return rows, time.perf_counter() - begun


async def measure(size: Size) -> Sequence[Line]:
    """Measure an audit of all rows, and one of a month and a night."""
    hours = _HOURS // size.divisor
    async with home() as hass:
        await get_instance(hass).async_add_executor_job(_fill, hass, hours)
        rows, complete = await _check(hass, None)
        last = datetime.fromtimestamp(_START, UTC) + timedelta(hours=hours)
        recent, nightly = await _check(hass, last - timedelta(days=32))
    return [
        _line("all rows", rows, complete, 20),
        _line("each night", recent, nightly, 1),
    ]


def _line(case: str, rows: int, seconds: float, limit: float) -> Line:
    """Return the line of an audit."""
    return Line(
        "audit",
        f"{_STATISTICS} statistics, {case}",
        f"{rows:,} rows, the longest query reads 20,000",
        "",
        f"{seconds:.1f} s",
        seconds,
        Goal(limit, unit="s"),
    )
