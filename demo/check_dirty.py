"""Compare every hour of the statistics with what dirty meters really counted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from simulators.dirt import Dirt
from simulators.dirt_truth import Expected
from simulators.registry import Running
from simulators.times import HOUR, epoch

from .check import TOLERANCE, server_name_of, settled_changes, twin_of
from .home_assistant import HomeAssistant
from .progress import say
from .servers import Server

SHOWN = 6
"""The number of wrong hours that are printed of each server and kind of fault."""

_NEAR = 30 * HOUR
"""A fault this much before a wrong hour may be its cause."""


class Span(Protocol):
    """Hours of a statistic."""

    @property
    def start(self) -> int:
        """Return when they start, in seconds since 1970."""

    @property
    def hours(self) -> int:
        """Return how many they are."""


type Changes = Mapping[datetime, float]
"""The changes of a statistic by the start of the hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongSpan:
    """Hours whose change differs from what the meter counted.

    It is one hour, or all hours between two readings that are far apart: only their sum
    is known.
    """

    start: int
    hours: int
    change: float
    right: float

    def __str__(self) -> str:
        """Return a line for a list."""
        start = datetime.fromtimestamp(self.start, UTC)
        return f"{start:%Y-%m-%d %H}h {self.change:.3f} instead of {self.right:.3f}"


def wrong_spans(
    changes: Changes, expected: Expected, lag: int = 0
) -> Iterator[WrongSpan]:
    """Yield the hours that differ from what is expected, oldest first.

    A position may be `lag` seconds old at the end of an hour.
    """
    by_hour = {epoch(hour): change for hour, change in changes.items()}
    for span in _spans(sorted(by_hour), expected):
        end = span[-1] + HOUR
        right = expected.amount(span[0], end)
        if right is None and expected.amount(end, end + HOUR) is not None:
            # The first reading is somewhere within this hour.
            continue
        change = sum(by_hour.get(hour, 0.0) for hour in span)
        late = max(expected.amount(at - lag, at) or 0.0 for at in (span[0], end))
        if abs(change - (right or 0.0)) > TOLERANCE + late:
            yield WrongSpan(
                start=span[0], hours=len(span), change=change, right=right or 0.0
            )


def _spans(rows: Sequence[int], expected: Expected) -> Iterator[list[int]]:
    """Yield single hours, and together all hours between two readings far apart.

    Rows that are missing are compared as well, except before the first reading.
    """
    open_span: list[int] = []
    there = frozenset(rows)
    for hour in range(rows[0], rows[-1] + 1, HOUR):
        is_known = expected.amount(hour, hour + HOUR) is not None
        if is_known and expected.is_estimated(hour, hour + HOUR):
            open_span.append(hour)
            continue
        if open_span:
            yield open_span
            open_span = []
        if is_known or hour in there:
            yield [hour]
    if open_span:
        yield open_span


def cause_of(dirt: Dirt, name: str, span: Span) -> str:
    """Return the faults of a meter around a span."""
    end = span.start + span.hours * HOUR
    near = [
        spot
        for spot in dirt
        if name in spot.keys
        and spot.start < end + HOUR
        and span.start < spot.end + _NEAR
    ]
    return ", ".join(
        f"{spot.kind} {datetime.fromtimestamp(spot.start, UTC):%m-%d %H:%M:%S}"
        for spot in near
    )


def expected_of(
    server: Server, twin: Running, statistic_ids: Iterable[str]
) -> Iterator[tuple[str, str, Expected]]:
    """Yield the statistics of a server with its own names and what is expected."""
    for statistic_id in statistic_ids:
        name = server_name_of(server, statistic_id)
        expected = None if name is None else twin.expected(name)
        if name is not None and expected is not None:
            yield statistic_id, name, expected


async def check_dirty(api: HomeAssistant, servers: Sequence[Server]) -> bool:
    """Print how many hours are wrong, and return True if none is."""
    known = await api.command("recorder/list_statistic_ids")
    ids = sorted(str(each["statistic_id"]) for each in known if each["has_sum"])
    compared = wrong = 0
    lines: list[str] = []
    causes: Counter[str] = Counter()
    for server in servers:
        twin = twin_of(server)
        say(f"{server.kind.name}: {len(twin.dirt)} faults")
        for statistic_id, name, expected in expected_of(server, twin, ids):
            changes = await settled_changes(api, statistic_id)
            if not changes or not _is_known(changes, expected):
                continue
            lag = round(server.kind.lag.total_seconds())
            spans = [*wrong_spans(changes, expected, lag)]
            compared += len(changes)
            wrong += sum(span.hours for span in spans)
            for span in spans:
                cause = cause_of(twin.dirt, name, span)
                kind = f"{server.kind.name}, {cause.partition(' ')[0] or 'no fault'}"
                causes[kind] += span.hours
                if causes[kind] <= SHOWN:
                    lines.append(f"WRONG {statistic_id} {span} ({cause})")
    say(f"{compared} hours compared, {wrong} wrong")
    for kind, hours in causes.most_common():
        print(f"{kind}: {hours} hours")
    for line in lines:
        print(line)
    return bool(compared) and not wrong


def _is_known(changes: Changes, expected: Expected) -> bool:
    """Return True if the amount of the latest hour is known."""
    last = max(changes)
    return expected.amount(epoch(last), epoch(last + timedelta(hours=1))) is not None
