"""Readings of test points, and ways to split them into chunks."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
import time
from typing import Protocol

from hypothesis import strategies as st
import pytest

from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.metering.model import NEW_REGISTER, Reading, Value
from custom_components.metering_hub.metering.quality import HOUR_QUALITIES, HourCodes

START = datetime(2026, 11, 21, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)
LONG_AFTER = timedelta(days=400)


@pytest.fixture
def clock_elsewhere() -> Iterator[None]:
    """Set the clock of the machine to a zone 14 hours and 20 minutes before UTC.

    The functions are told a zone, so nothing may depend on the machine's.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "ELSEWHERE-14:20")
        time.tzset()
        yield
    time.tzset()


class Hours(Protocol):
    def add(self, readings: Iterable[Reading], until: datetime) -> list[Row]: ...
    def open_hours(self, now: datetime) -> list[Row]: ...


def minute(minutes: float) -> datetime:
    """Return the moment so many minutes after START."""
    return START + timedelta(minutes=minutes)


def reading(minutes: float, value: Value, quality: str | None = None) -> Reading:
    return Reading(time=minute(minutes), value=value, quality=quality)


def series(*values: tuple[float, Value]) -> list[Reading]:
    """Return readings of (minute after START, value)."""
    return [reading(minutes, value) for minutes, value in values]


def hours_of(rows: Iterable[Row]) -> list[float]:
    """Return the hours of rows, counted from START."""
    return [(row.start - START) / HOUR for row in rows]


def sums(rows: Iterable[Row]) -> dict[float, float | None]:
    """Return the running sum of each hour, by its number from START."""
    return {(row.start - START) / HOUR: row.sum for row in rows}


def states(rows: Iterable[Row]) -> dict[float, float | None]:
    return {(row.start - START) / HOUR: row.state for row in rows}


class CodedHours(Hours, Protocol):
    def take_qualities(self) -> list[HourCodes]: ...


def letters(qualities: Iterable[HourCodes]) -> dict[float, str]:
    """Return the letter of each hour's code, by its number from START.

    Each part must go on where the one before it ended.
    """
    found: dict[float, str] = {}
    end: float | None = None
    for part in qualities:
        assert end in (None, part.start)
        first = (part.start - START.timestamp()) / 3600
        for number, code in enumerate(part.codes):
            found[first + number] = HOUR_QUALITIES[code].letter
        end = part.start + 3600 * len(part.codes)
    return found


def text(qualities: Iterable[HourCodes]) -> str:
    """Return the letters of consecutive hours."""
    return "".join(letters(qualities).values())


def all_letters(hours: CodedHours, readings: Sequence[Reading]) -> str:
    """Return the letters of all hours that are over at the last reading."""
    all_rows(hours, readings)
    return text(hours.take_qualities())


def all_rows(hours: Hours, readings: Sequence[Reading]) -> list[Row]:
    """Return all rows of readings in one chunk, provisional ones included."""
    if not readings:
        return hours.open_hours(START + LONG_AFTER)
    last = max(each.time for each in readings)
    return [*hours.add(readings, last), *hours.open_hours(last)]


def in_chunks(
    hours: Hours, readings: Sequence[Reading], data: st.DataObject
) -> list[Row]:
    """Return all rows of readings in any chunks, any order, with repeats."""
    ordered = sorted(readings, key=lambda each: each.time)
    indices = st.integers(0, len(ordered))
    rows: list[Row] = []
    for cut in sorted(data.draw(st.sets(indices, max_size=6))):
        until = ordered[cut - 1].time + MILLISECOND if cut else ordered[0].time
        # Repeat some of an earlier chunk, and include some of a later one early.
        others = data.draw(st.lists(indices, max_size=4))
        chunk = ordered[:cut] + [ordered[index % len(ordered)] for index in others]
        if rows and data.draw(st.booleans()):
            chunk = [each for each in chunk if each.time >= rows[-1].start]
        rows += hours.add(data.draw(st.permutations(chunk)), until)
    return [*rows, *all_rows(hours, ordered)]


GAPS_MS = st.one_of(
    st.sampled_from(
        [1, 10_000, 60_000, 299_999, 300_000, 300_001, 900_000, 1_800_000, 3_600_000]
    ),
    st.integers(1, 600_000),
    st.integers(1, 30_000_000),
)
"""Times between readings, in milliseconds: the edges, dense ones, and gaps."""

OFFSETS_MS = st.one_of(st.sampled_from([0, 1, 3_599_999]), st.integers(0, 3_599_999))

GROWTHS = st.one_of(
    st.just(0.0), st.integers(0, 5000).map(lambda wh: wh / 1000), st.floats(0, 9)
)


@st.composite
def growing(draw: st.DrawFn, *, min_size: int = 1, lowest: int = 1000) -> list[Reading]:
    """Draw the readings of a register without faults: they only grow.

    At the positions that are drawn by default, no advance is unusual.
    """
    steps = draw(st.lists(st.tuples(GAPS_MS, GROWTHS), min_size=min_size, max_size=40))
    time = START + draw(OFFSETS_MS) * MILLISECOND
    position: float = draw(st.integers(lowest, 10**8))
    readings = []
    for gap, growth in steps:
        readings.append(Reading(time=time, value=position))
        time += gap * MILLISECOND
        position += growth
    return readings


@st.composite
def disturbed(
    draw: st.DrawFn, *, registers: int = 40, lowest: int = 1000
) -> list[Reading]:
    """Draw the readings of a register with noise, resets and meter exchanges."""
    result: list[Reading] = []
    shift = 0.0
    kinds = [*"......", "dip", "zero", "text", "nan", "reset", "new"]
    for each in draw(growing(lowest=lowest)):
        kind = draw(st.sampled_from(kinds if registers > 1 else kinds[:-2]))
        position = float(each.value) + shift
        quality = None
        if kind in ("reset", "new"):
            registers -= 1
            starts = [0.0, 37.0, position / 2, position - 0.01]
            if kind == "new":
                starts += [position, position + 1000]
                quality = NEW_REGISTER
            start = draw(st.sampled_from(starts))
            shift += start - position
            position = start
        noise: dict[str, Value] = {
            "dip": position - 0.1,
            "zero": 0.0,
            "text": "?",
            "nan": float("nan"),
        }
        value = noise.get(kind, position)
        result.append(Reading(time=each.time, value=value, quality=quality))
    return result
