"""Samples of signals: parse them and select those that count as measurements.

Source: docs/wire/besmart.md, "Signal data". Answers are rows or columns, one object or
a list of one. They mix measured samples with predicted, calculated, estimated and
corrected ones, can contain a time more than once and in any order, and mark deleted
samples. Long answers are processed in slices to keep the event loop responsive.
"""

from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from itertools import batched, pairwise, repeat, zip_longest
from math import isfinite
from typing import TypeGuard, cast

from ..common.concurrency import LoopYielder
from ..common.http import Json
from ..common.parse import as_integer, as_number, as_object, as_text
from ..errors import ProtocolError
from .models import Sample, Samples, SignalData, SignalId, parse_row_signal

MEASURED, PREDICTED, CALCULATED, ESTIMATED, CORRECTED = 1, 2, 3, 4, 5

_LATEST_PREFERENCE = (MEASURED, CORRECTED, ESTIMATED, CALCULATED)
_HISTORY_PREFERENCE = (CORRECTED, MEASURED, ESTIMATED, CALCULATED)

SELECTED_PER_TURN = 2000
"""How many samples to select before yielding to the event loop."""

_PARSED_PER_TURN = 1000
_COLUMN_SPEEDUP = 4
"""How many times faster samples are parsed column by column."""

_KEPT_SAMPLES = 200
"""Answers of up to this length, two days of quarters, are kept for comparison."""

_REMOVED = "RM"
_EXACT = 2**53
_ORIGINS = 1000
_LATEST_TIME = 4_102_444_800.0
"""The year 2100 in epoch seconds: later times are not times of measurements."""

type _RawSample = tuple[Json, Json, Json, Json]
"""Time in milliseconds, value, type and origin, not parsed yet."""

type Value = tuple[float, float]
"""The time in epoch seconds and the value of a sample that counts."""

type ValuesByOrigin = Mapping[int, Mapping[float, float]]
"""Values by epoch seconds, by origin."""


class BatchParser:
    """Parses batch answers and reuses the results of data that did not change."""

    def __init__(self) -> None:
        """Initialize the parser."""
        self._parsed: dict[SignalId, tuple[Json, SignalData]] = {}

    async def parse_batch(
        self, rows: Sequence[dict[str, Json]]
    ) -> dict[SignalId, SignalData]:
        """Parse samples by signal; rows without a signal or its data are ignored.

        If the short data of a signal is the same as in the previous answer, the
        previous object is returned.
        """
        found: dict[SignalId, SignalData] = {}
        yielder = LoopYielder(_PARSED_PER_TURN)
        for item in rows:
            if (signal := parse_row_signal(item)) is None:
                continue
            previous = self._parsed.get(signal)
            if previous is not None and previous[0] == item:
                found[signal] = previous[1]
                continue
            try:
                found[signal] = data = await parse_signal_data(item, yielder)
            except ProtocolError:
                continue
            if len(data.samples) <= _KEPT_SAMPLES:
                self._parsed[signal] = item, data
        return found


async def parse_signal_data(
    item: Mapping[str, Json], yielder: LoopYielder | None = None
) -> SignalData:
    """Parse the samples of one signal; unreadable samples are ignored.

    Raises ProtocolError if there are neither rows nor columns, not even empty ones.
    """
    if not _has_samples(item.get("data")):
        raise ProtocolError("signal data without samples")
    yielder = yielder or LoopYielder(_PARSED_PER_TURN)
    unit = as_text(item.get("unit"))
    if (plain := _parse_plain_columns(item.get("data"))) is not None:
        await yielder.spend(len(plain) // _COLUMN_SPEEDUP)
        return SignalData(unit=unit, samples=plain)
    samples = Samples()
    raw_samples = _raw_samples(item.get("data"))
    for part in batched(raw_samples, _PARSED_PER_TURN, strict=False):
        samples.extend(s for raw in part if (s := _parse_sample(raw)) is not None)
        await yielder.spend(len(part))
    return SignalData(unit=unit, samples=samples)


def _has_samples(data: Json) -> bool:
    """Return True if data are rows or columns, which may be empty."""
    if isinstance(data, list):
        return not data or any(isinstance(row, dict) for row in data)
    return isinstance(as_object(data).get("time"), list)


def _parse_plain_columns(data: Json) -> Samples | None:
    """Parse short columns of plain numbers, which nearly all answers consist of.

    Returns None if there is anything else in the columns, which then need to be parsed
    sample by sample. This is much slower.
    """
    columns = as_object(data)
    times, values = columns.get("time"), columns.get("value")
    types, origins = columns.get("type"), columns.get("origin")
    if (
        not isinstance(times, list)
        or not isinstance(values, list)
        or not isinstance(types, list)
        or not isinstance(origins, list)
        or not 0 < len(times) <= _PARSED_PER_TURN
        or not len(times) == len(values) == len(types) == len(origins)
        or _REMOVED in types
        or not _are_whole(times, 0, _LATEST_TIME * 1000)
        or not _are_whole(origins, -1, _ORIGINS)
        or not _are_exact(values)
    ):
        return None
    return Samples.of_columns([time / 1000 for time in times], values, origins)


def _are_whole(column: list[Json], above: float, below: float) -> TypeGuard[list[int]]:
    """Return True if a column has only integers between two exclusive limits."""
    return set(map(type, column)) == {int} and _are_between(column, above, below)


def _are_exact(column: list[Json]) -> TypeGuard[list[float]]:
    """Return True if a column has only finite numbers that a float can represent."""
    return (
        set(map(type, column)) <= {int, float}
        and _are_between(column, -_EXACT, _EXACT)
        # A sum is not finite if any of its numbers is not finite.
        and isfinite(sum(cast("list[float]", column)))
    )


def _are_between(column: list[Json], above: float, below: float) -> bool:
    """Return True if all numbers are between two exclusive limits."""
    numbers = cast("list[float]", column)
    return above < min(numbers) and max(numbers) < below


def _raw_samples(data: Json) -> Iterable[_RawSample]:
    """Return the samples of rows or columns.

    If there is no origin at all, samples are measured. If the column of origins is too
    short, the missing ones are None, because those samples can be predictions.
    """
    if isinstance(data, list):
        return (
            (
                row.get("time"),
                row.get("value"),
                row.get("type"),
                row.get("origin", MEASURED),
            )
            for row in data
            if isinstance(row, dict)
        )
    columns = as_object(data)
    times = columns.get("time")
    if not isinstance(times, list):
        return ()
    values, types, origins = (
        column if isinstance(column := columns.get(name), list) else default
        for name, default in (
            ("value", []),
            ("type", []),
            ("origin", repeat(MEASURED, len(times))),
        )
    )
    return zip_longest(times, values, types, origins)


def _parse_sample(raw: _RawSample) -> Sample | None:
    """Parse a sample, or return None if it is unreadable."""
    raw_time, raw_value, type_, raw_origin = raw
    time, origin = as_number(raw_time), as_integer(raw_origin)
    if time is None or origin is None or not 0 <= origin < _ORIGINS:
        return None
    if not 0 < time / 1000 < _LATEST_TIME:
        return None
    if type_ == _REMOVED:
        return Sample(time / 1000, None, origin)
    value = as_number(raw_value)
    return None if value is None else Sample(time / 1000, value, origin)


async def group_by_origin(
    samples: Iterable[Sample],
    since: float,
    till: float,
    yielder: LoopYielder | None = None,
) -> ValuesByOrigin:
    """Group the values in [since, till] by origin, without predictions.

    If a time occurs more than once, the last row counts. A deleted sample deletes the
    preceding values of its time, whatever their origin; a deleted prediction deletes
    nothing but itself. Times are epoch seconds.
    """
    yielder = yielder or LoopYielder(SELECTED_PER_TURN)
    found: dict[int, dict[float, float]] = {
        origin: {} for origin in _HISTORY_PREFERENCE
    }
    for part in batched(samples, SELECTED_PER_TURN, strict=False):
        for time, value, origin in part:
            if origin not in found or not since <= time <= till:
                continue
            if value is not None:
                found[origin][time] = value
                continue
            for values in found.values():
                values.pop(time, None)
        await yielder.spend(len(part))
    return found


def latest_value(found: ValuesByOrigin) -> Value | None:
    """Return the latest measured value, or else the latest of the next best origin.

    A measured value that was corrected is replaced by its correction.
    """
    for origin in _LATEST_PREFERENCE:
        if values := found[origin]:
            time = max(values)
            return time, found[CORRECTED].get(time, values[time])
    return None


def merge_origins(found: ValuesByOrigin) -> Sequence[Value]:
    """Return the value of the best origin for each time, oldest first.

    The order of preference is corrected, measured, estimated, calculated.
    """
    best: dict[float, float] = {}
    for origin in reversed(_HISTORY_PREFERENCE):
        best |= found[origin]
    return sorted(best.items())


def estimated_times(found: ValuesByOrigin) -> AbstractSet[float]:
    """Return the times of which only an estimated or calculated value is known."""
    return (found[ESTIMATED].keys() | found[CALCULATED].keys()) - (
        found[MEASURED].keys() | found[CORRECTED].keys()
    )


def first_time(samples: Iterable[Sample], since: float, till: float) -> float | None:
    """Return the time of the oldest sample in [since, till], ignoring predictions."""
    return min(
        (
            time
            for time, value, origin in samples
            if value is not None
            and origin in _HISTORY_PREFERENCE
            and since <= time <= till
        ),
        default=None,
    )


def is_growing(values: Sequence[Value], span: float) -> bool | None:
    """Return True if values never decrease, or None if there are too few to decide.

    Values must cover `span` seconds and increase at all, because the amounts of a
    morning increase as well, and those of a night are constant.
    """
    if any(after < before for (_, before), (_, after) in pairwise(values)):
        return False
    if not values or values[-1][0] - values[0][0] < span:
        return None
    return True if values[-1][1] > values[0][1] else None
