"""Compare Home Assistant's statistics with what the simulated meters counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.__main__ import SIMULATORS, parser
from simulators.registry import Amount, Running

from .home_assistant import HomeAssistant
from .progress import say
from .servers import Server

HOUR = timedelta(hours=1)
SETTLED = timedelta(hours=3)
"""The age of hours that cannot grow."""

LAST_HOURS = 72
TOLERANCE = 2e-3
"""The tolerance of an hour in the server's unit: positions have three decimals."""

ESTIMATED = 1e-3
"""The relative tolerance of a total whose ends are estimates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One statistic and its true total; `wrong` is the number of hours that differ."""

    statistic_id: str
    rows: int
    first: datetime
    last: datetime
    total: float
    true_total: float
    wrong: int
    tolerance: float

    @property
    def is_right(self) -> bool:
        """Return True if every hour and the total are what was counted."""
        return not self.wrong and abs(self.total - self.true_total) <= self.tolerance

    def __str__(self) -> str:
        """Return a line of the table."""
        mark = "ok   " if self.is_right else "WRONG"
        return (
            f"{mark} {self.statistic_id:<72} {self.rows:>6} rows"
            f" {self.first:%Y-%m-%d %H}h - {self.last:%Y-%m-%d %H}h"
            f" {self.total:>14.3f} (true {self.true_total:.3f}, {self.wrong} hours off)"
        )


def twin_of(server: Server) -> Running:
    """Return a second simulator with the same options, which knows the truth."""
    arguments = parser().parse_args(server.command[3:])
    return SIMULATORS[server.kind.backend].build(arguments)


def server_name_of(server: Server, statistic_id: str) -> str | None:
    """Return the server's name of a statistic, or None if it is of another server."""
    key = server.key_of(statistic_id)
    return None if key is None else server.kind.name_of(key)


async def check(api: HomeAssistant, servers: Sequence[Server]) -> bool:
    """Print a table of all sums, and return True if all of them are right."""
    known = await api.command("recorder/list_statistic_ids")
    all_right = True
    for server in servers:
        amount = twin_of(server).amount
        compared = [
            found
            for statistic in sorted(known, key=lambda item: str(item["statistic_id"]))
            if statistic["has_sum"]
            and (found := await _compare(api, server, amount, statistic))
        ]
        say(f"{server.kind.name}: {len(compared)} statistics compared with the truth")
        for each in compared:
            print(each)
        all_right = all_right and bool(compared) and all(c.is_right for c in compared)
    return all_right


async def _compare(
    api: HomeAssistant, server: Server, amount: Amount, statistic: Mapping[str, Any]
) -> Compared | None:
    """Compare a statistic with the truth; return None if it has no truth."""
    statistic_id = str(statistic["statistic_id"])
    name = server_name_of(server, statistic_id)
    if name is None:
        return None
    changes = await settled_changes(api, statistic_id)
    # The first hour began before the first reading.
    hours = sorted(changes)[1:]
    if len(hours) < 2 or amount(name, hours[0], hours[1]) is None:
        return None
    true_total = amount(name, hours[0], hours[-1] + HOUR) or 0.0
    seldom = server.kind.reports_seldom
    exact = [] if seldom else hours[-LAST_HOURS:]
    return Compared(
        statistic_id=statistic_id,
        rows=len(changes),
        first=hours[0],
        last=hours[-1],
        total=sum(changes[hour] for hour in hours),
        true_total=true_total,
        tolerance=max(TOLERANCE, ESTIMATED * true_total)
        if seldom
        else _tolerance(server, amount, name, hours[0], hours[-1] + HOUR),
        wrong=sum(
            abs(changes[hour] - (amount(name, hour, hour + HOUR) or 0.0))
            > _tolerance(server, amount, name, hour, hour + HOUR)
            for hour in exact
        ),
    )


def _tolerance(
    server: Server, amount: Amount, name: str, start: datetime, end: datetime
) -> float:
    """Return by how much an amount may differ: the use while a position was old."""
    lag = server.kind.lag
    late = (amount(name, moment - lag, moment) or 0.0 for moment in (start, end))
    return TOLERANCE + max(late)


async def settled_changes(
    api: HomeAssistant, statistic_id: str
) -> dict[datetime, float]:
    """Return the changes of the hours that cannot grow, by the start of the hour."""
    rows = await api.command(
        "recorder/statistics_during_period",
        start_time="2000-01-01T00:00:00Z",
        statistic_ids=[statistic_id],
        period="hour",
        types=["change"],
        # Without this, the display unit of the dashboard would be used.
        units={},
    )
    settled = datetime.now(UTC) - SETTLED
    return {
        start: row["change"] or 0.0
        for row in rows.get(statistic_id, [])
        if (start := datetime.fromtimestamp(row["start"] / 1000, UTC)) < settled
    }
