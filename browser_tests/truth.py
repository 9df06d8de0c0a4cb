"""What the simulated meters really counted, beside what Home Assistant has recorded."""

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
"""Between two reports of a simulated plug, lamp or meter of Beaver IoT."""


@dataclass(frozen=True, slots=True)
class Period:
    """A span of local time, [start, end), and how a person gets to see it.

    A person picks `preset` and goes `back` so many times.
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
    """Return this year, or the last one while this one has no whole day yet."""
    today = _midnight(datetime.now(ZONE))
    start = _midnight(today - timedelta(hours=12)).replace(month=1, day=1)
    back = today.year - start.year
    return Period("This year", back, start, start.replace(year=start.year + 1))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


PERIODS: Mapping[str, Callable[[], Period]] = {
    "day": _day,
    "month": _month,
    "year": _year,
}
"""By what a person calls them."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The first and the last hour that Home Assistant has of a statistic (starts)."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Range:
    """Between what a total must lie, in the server's own unit."""

    low: float
    high: float


def backend_of(statistic_id: str) -> str:
    """Return which backend a statistic of ours is of, or nothing for others."""
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
    """Return what a statistic must say of a period; `None` if nobody knows.

    It is exact where the period lies within what is recorded. The first hour is
    recorded from the first reading on, somewhere within it, and the last one up to the
    newest reading, which may have come since it was looked up.
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
    return amount(name, start, end) or 0.0


def _edge(amount: Amount, name: str, moment: datetime) -> float:
    """Return how wrong the position at a moment may be that nobody read.

    It is estimated between the reports before and after it, and a meter never runs
    backwards: so it errs by less than what was counted between the two.
    """
    return _sum(amount, name, moment - LONGEST_SILENCE, moment + LONGEST_SILENCE)
