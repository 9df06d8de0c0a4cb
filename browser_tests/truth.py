"""What the simulated meters counted in a period that Home Assistant shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from demo.check import HOUR, TOLERANCE, server_name_of
from demo.servers import KINDS, Server
from simulators.registry import Amount

DOMAIN = "metering_hub"
ZONE = ZoneInfo("Europe/Amsterdam")
LONGEST_SILENCE = timedelta(minutes=20)
"""The longest time between two reports of a simulated device of Beaver IoT."""


@dataclass(frozen=True, slots=True)
class Period:
    """A span of local time, [start, end), and how a user selects it.

    The user picks `preset`, and then clicks "Previous" `back` times.
    """

    preset: str
    back: int
    start: datetime
    end: datetime


def _day() -> Period:
    """Return yesterday."""
    end = _midnight(datetime.now(ZONE))
    return Period("Yesterday", 0, _midnight(end - timedelta(hours=12)), end)


def _month() -> Period:
    """Return the last whole month."""
    end = _midnight(datetime.now(ZONE)).replace(day=1)
    start = _midnight(end - timedelta(days=1)).replace(day=1)
    return Period("This month", 1, start, end)


def _year() -> Period:
    """Return this year, or the last one if this one has no whole day yet."""
    today = _midnight(datetime.now(ZONE))
    start = _midnight(today - timedelta(hours=12)).replace(month=1, day=1)
    back = today.year - start.year
    return Period("This year", back, start, start.replace(year=start.year + 1))


def _midnight(moment: datetime) -> datetime:
    """Return the start of a day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


PERIODS: Mapping[str, Callable[[], Period]] = {
    "day": _day,
    "month": _month,
    "year": _year,
}
"""The periods by name."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The starts of the first and the last recorded hour of a statistic."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Range:
    """The limits of a total, in the server's unit."""

    low: float
    high: float


def backend_of(statistic_id: str) -> str:
    """Return the backend of a statistic, or an empty text for those of others."""
    return next(
        (
            kind.backend
            for kind in KINDS
            if statistic_id.startswith(f"{DOMAIN}:{kind.backend}_")
        ),
        "",
    )


def true_range(
    server: Server,
    amount: Amount,
    statistic_id: str,
    period: Period,
    recorded: Recorded,
) -> Range | None:
    """Return the limits of a statistic's total in a period, or None if unknown.

    They are equal if the whole period is recorded. The first recorded hour starts at
    the first reading, somewhere within the hour, and the last one ends at the latest
    reading, which may be newer than `recorded`.
    """
    name = server_name_of(server, statistic_id)
    if name is None or amount(name, period.start, period.start + HOUR) is None:
        return None
    start, end = (period.start, period.start), (period.end, period.end)
    if recorded.first > period.start:
        start = (recorded.first + HOUR, recorded.first)
    if recorded.last + HOUR < period.end:
        end = (recorded.last, min(period.end, datetime.now(UTC)))
    least, most = (_sum(amount, name, *span) for span in zip(start, end, strict=True))
    leeway = TOLERANCE
    if server.kind.reports_seldom:
        leeway += _edge(amount, name, period.start) + _edge(amount, name, period.end)
    return Range(least - leeway, most + leeway)


def _sum(amount: Amount, name: str, start: datetime, end: datetime) -> float:
    """Return the amount that was counted in [start, end)."""
    return amount(name, start, end) or 0.0


def _edge(amount: Amount, name: str, moment: datetime) -> float:
    """Return the largest error of a position that is estimated between two reports.

    A register only grows, so the error is less than what it counted between them.
    """
    return _sum(amount, name, moment - LONGEST_SILENCE, moment + LONGEST_SILENCE)
