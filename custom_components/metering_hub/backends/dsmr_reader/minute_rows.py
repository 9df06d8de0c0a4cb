"""Rows of consumption, and the spans in which telegrams must be read instead.

A row of electricity has the highest positions of the telegrams of a minute, so a false
telegram hides the right ones of its minute, and the falls in which two meters differ.
Source: docs/wire/dsmr_reader.md, Consumption.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from ..common.http import Json
from ..common.parse import as_number
from ..common.times import as_utc_moment
from .meter_exchanges import is_break
from .meters import ELECTRICITY_KEYS, EXTRA_FIELD
from .models import Row

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

LAST_SECOND = timedelta(seconds=1)
"""The positions of a minute are those of a telegram before its end, at which they are
already those of the next minute."""

LONGEST_STEP = timedelta(seconds=150)
"""Where rows are further apart, telegrams may be stored that have no row yet."""

LONGEST_GAS_STEP = timedelta(minutes=75)
"""Every extra meter has a new time within an hour, unless its clock is wrong."""

MARGIN = timedelta(minutes=5)
"""Telegrams are also read this long before and after a minute that looks wrong."""

NEAR = timedelta(minutes=10)
"""Spans that are not further apart are read as one."""

MOST_SPANS = 24
"""With more spans in a day, or with more than half of it, all telegrams are read."""

IS_MEAN = "is_mean"
"""The field of a minute's row in the form of a telegram that no telegram has.

Its power is the mean of the minute that ends a second later.
"""

_FIELDS: Mapping[str, str] = {
    **{key: key.removeprefix("electricity_") for key in ELECTRICITY_KEYS},
    "electricity_currently_delivered": "currently_delivered",
    "electricity_currently_returned": "currently_returned",
}
"""The fields of a row of electricity by those of a telegram."""


type Rows = list[dict[str, Json]]
"""Rows in the form of telegrams."""


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """A minute's row in the form of a telegram; `time` is the end of the minute.

    The telegram is one of the minute's last second.
    """

    time: datetime
    row: dict[str, Json]

    @property
    def positions(self) -> dict[str, float]:
        """Return the positions that are readable, in kWh."""
        found = ((key, as_number(self.row.get(key))) for key in ELECTRICITY_KEYS)
        return {key: value for key, value in found if value is not None}


@dataclass(frozen=True, slots=True)
class GasRow:
    """A position of the extra meter; `time` is that of the meter's own clock."""

    time: datetime
    value: float

    @property
    def row(self) -> dict[str, Json]:
        """Return the position in the form of a telegram that was sent at once."""
        text = self.time.isoformat()
        return {
            "timestamp": text,
            "extra_device_timestamp": text,
            EXTRA_FIELD: str(self.value),
        }


@dataclass(frozen=True, slots=True)
class Span:
    """A span [start, end] in which telegrams are read.

    With `has_extra`, the extra meter's positions are those of the telegrams, too.
    """

    start: datetime
    end: datetime
    has_extra: bool = False


def parse_minutes(rows: Iterable[Row]) -> list[MinuteRow]:
    """Return the rows of electricity that have a readable time, in the same order."""
    return [
        MinuteRow(
            time,
            {name: row.get(field) for name, field in _FIELDS.items()}
            | {"timestamp": (time - LAST_SECOND).isoformat(), IS_MEAN: True},
        )
        for row in rows
        if (time := as_utc_moment(row.get("read_at"))) is not None
    ]


def parse_gas(rows: Iterable[Row]) -> list[GasRow]:
    """Return the readable rows of gas, by the server's `read_at`, in the same order."""
    found: list[GasRow] = []
    for row in rows:
        time, value = as_utc_moment(row.get("read_at")), as_number(row.get("delivered"))
        if time is not None and value is not None:
            found.append(GasRow(time, value))
    return found


def suspect_minutes(rows: Sequence[MinuteRow]) -> list[Span]:
    """Return the spans around rows that no meter can have sent one after the other.

    Rows that are missing are such a span, too: of them, only telegrams are stored.
    """
    found: list[Span] = []
    if not rows:
        return found
    before = rows[0].positions
    for row, following in pairwise(rows):
        positions, elapsed = following.positions, following.time - row.time
        if elapsed > LONGEST_STEP:
            found.append(Span(row.time, following.time))
        elif positions != before and is_break(before, positions, elapsed):
            found.append(Span(row.time - MARGIN, following.time + MARGIN))
        before = positions
    return found


def falls_of_gas(rows: Sequence[GasRow]) -> list[Span]:
    """Return the spans around the falls of the extra meter's positions."""
    last = len(rows) - 1
    return [
        Span(rows[max(n - 1, 0)].time, rows[min(n + 2, last)].time, has_extra=True)
        for n in range(last)
        if rows[n + 1].value < rows[n].value
    ]


def gaps_of_gas(
    rows: Sequence[GasRow], start: datetime, end: datetime, silent: Sequence[Span]
) -> list[Span]:
    """Return the spans in [start, end] that are too long for a right clock.

    In `silent` spans there are no rows of electricity either, so they do not count.
    """
    times = [start, *(row.time for row in rows), end]
    gaps = (Span(*pair, has_extra=True) for pair in pairwise(times))
    return [
        gap
        for gap in gaps
        if gap.end - gap.start - _overlap(gap, silent) > LONGEST_GAS_STEP
    ]


def _overlap(span: Span, others: Iterable[Span]) -> timedelta:
    """Return how much of a span is in others, which do not overlap each other."""
    parts = (min(span.end, o.end) - max(span.start, o.start) for o in others)
    return sum((part for part in parts if part > timedelta()), timedelta())


def join_spans(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """Return the parts of spans within [start, end], in order and without overlaps.

    Each span takes a request or more, so many of them become one.
    """
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start):
        low, high = max(span.start, start), min(span.end, end)
        if low >= high:
            continue
        if found and low - found[-1].end <= NEAR:
            last = found.pop()
            has_extra = last.has_extra or span.has_extra
            found.append(Span(last.start, max(last.end, high), has_extra))
        else:
            found.append(Span(low, high, span.has_extra))
    length = sum((span.end - span.start for span in found), timedelta())
    if len(found) > MOST_SPANS or length > (end - start) / 2:
        return [Span(start, end, has_extra=True)]
    return found


def first_step(rows: Sequence[GasRow]) -> datetime | None:
    """Return the first time, after an hour of rows, by which the meter has counted."""
    begin = rows[0].time + HOUR if rows else None
    for before, row in pairwise(rows):
        if begin is not None and row.time >= begin and row.value != before.value:
            return row.time
    return None


def is_hourly(rows: Sequence[GasRow]) -> bool:
    """Return True if all rows of gas are at whole hours."""
    return all(row.time.minute == row.time.second == 0 for row in rows)
