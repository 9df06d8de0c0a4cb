"""Parse the samples of signals.

Source: docs/wire/besmart.md, "Signal data". Answers are rows or columns, one object or
a list of one. They can contain a time more than once and in any order, and mark deleted
samples. Long answers are processed in slices to keep the event loop responsive.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import batched, chain, pairwise, repeat, zip_longest
from math import isfinite
from typing import TypeGuard, cast

from ..common.concurrency import LoopYielder
from ..common.http import Json
from ..common.messages import LastAnswer
from ..common.parse import as_integer, as_number, as_object, as_objects, as_text
from ..errors import ProtocolError
from .models import DataQuery, SignalData, SignalId, parse_row_signal
from .origins import MEASURED, PREDICTED
from .samples import Sample, Samples, Word, WordSample

_PARSED_PER_TURN = 1000
_COLUMN_SPEEDUP = 4
"""How many times faster samples are parsed column by column."""

_KEPT_SAMPLES = 200
"""Answers of up to this length, two days of quarters, are kept for comparison."""

_KEPT_SPAN = timedelta(days=1)
"""Answers to batches of up to this span are those of polls."""

_COLUMNS = ("time", "value", "type", "origin")
_ACQUIRED = "original_acq"
_REMOVED = "RM"
_TRUTHS: Mapping[str, bool] = {"true": True, "false": False}
"""Booleans as text: the description of values has no other form for them."""

_NO_ENTRY = "no entry"
"""What a column that is too short has instead of an origin."""

_PLAIN = {MEASURED, PREDICTED}
_WHOLE = {int}
_NUMBERS = {int, float}
_EXACT = 2**53
_ORIGINS = 1000
_LATEST_TIME = 4_102_444_800.0
"""The year 2100 in epoch seconds: later times are not times of measurements."""

type _RawSample = tuple[Json, Json, Json, Json]
"""Time in milliseconds, value, type and origin, not parsed yet."""


@dataclass(slots=True)
class BatchPart:
    """The last answer to a batch of signals that is read again and again."""

    last: LastAnswer = field(default_factory=LastAnswer)
    rows: Sequence[dict[str, Json]] = ()
    found: dict[SignalId, SignalData] = field(default_factory=dict)


class BatchParser:
    """Parses batch answers and reuses the results of data that did not change."""

    def __init__(self) -> None:
        """Initialize the parser."""
        self._parsed: dict[SignalId, tuple[Json, SignalData]] = {}
        self._parts: dict[SignalId, BatchPart] = {}

    def part_of(self, queries: Sequence[DataQuery]) -> BatchPart:
        """Return what is known of the last answer to these queries.

        It is only compared, so the first signal is enough to find it again. Answers of
        a long span are history, which is not repeated, and too large to be kept. What
        began with one of the other signals, while the server refused whole batches, is
        forgotten.
        """
        if not queries or any(each.till - each.since > _KEPT_SPAN for each in queries):
            return BatchPart()
        first, *others = (query.signal for query in queries)
        for signal in others:
            self._parts.pop(signal, None)
        return self._parts.setdefault(first, BatchPart())

    async def parse_batch(
        self, rows: Sequence[dict[str, Json]], part: BatchPart
    ) -> Mapping[SignalId, SignalData]:
        """Parse samples by signal; rows without a signal or its data are ignored.

        If the short data of a signal is the same as in the previous answer, the
        previous object is returned.
        """
        if rows == part.rows:
            return part.found
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
        part.rows, part.found = rows, found
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
    data = _as_acquired(item.get("data"))
    if (samples := _parse_plain_columns(as_object(data))) is not None:
        await yielder.spend(len(samples) // _COLUMN_SPEEDUP)
    else:
        samples = Samples()
        raw_samples = _raw_samples(data)
        for part in batched(raw_samples, _PARSED_PER_TURN, strict=False):
            samples.extend(s for raw in part if (s := _parse_sample(raw)) is not None)
            await yielder.spend(len(part))
    samples.is_backwards = _is_backwards(item.get("data"))
    return SignalData(unit=unit, samples=samples)


def _is_backwards(data: Json) -> bool:
    """Return True if rows or columns begin with a later time than they end with."""
    rows = as_objects(data) if isinstance(data, list) else []
    times = [row.get("time") for row in rows] or as_object(data).get("time")
    if not isinstance(times, list) or not times:
        return False
    first, last = as_number(times[0]), as_number(times[-1])
    return first is not None and last is not None and first > last


def _has_samples(data: Json) -> bool:
    """Return True if data are rows or columns, which may be empty."""
    if isinstance(data, list):
        return not data or any(isinstance(row, dict) for row in data)
    return isinstance(as_object(data).get("time"), list)


def _as_acquired(data: Json) -> Json:
    """Return rows or columns in the order of acquisition, if the server reports it.

    Of several rows of a time, the one that was acquired last counts, and the parser
    takes the last one. Rows without a time of acquisition come first.
    """
    if isinstance(data, list):
        rows = as_objects(data)
        acquired = [as_number(row.get(_ACQUIRED)) or 0.0 for row in rows]
        order = _order_of(acquired)
        return data if order is None else [rows[index] for index in order]
    if _ACQUIRED not in as_object(data):
        return data
    columns = {name: as_object(data).get(name) for name in (*_COLUMNS, _ACQUIRED)}
    known = {name: each for name, each in columns.items() if isinstance(each, list)}
    if _ACQUIRED not in known or len({len(each) for each in known.values()}) > 1:
        return data
    order = _order_of([as_number(each) or 0.0 for each in known[_ACQUIRED]])
    if order is None:
        return data
    return {name: [each[index] for index in order] for name, each in known.items()}


def _order_of(acquired: list[float]) -> list[int] | None:
    """Return the order of times of acquisition, or None if they are in order."""
    if all(before <= after for before, after in pairwise(acquired)):
        return None
    return sorted(range(len(acquired)), key=acquired.__getitem__)


def _parse_plain_columns(columns: Mapping[str, Json]) -> Samples | None:
    """Parse short columns of plain numbers, which nearly all answers consist of.

    Returns None if there is anything else in the columns, which then need to be parsed
    sample by sample. This is much slower.
    """
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
        or not _are_whole(times)
        or not _are_whole(origins)
        or not 0 < min(times) <= max(times) < _LATEST_TIME * 1000
        or not _are_exact(values)
    ):
        return None
    known = set(origins)
    if not 0 <= min(known) <= max(known) < _ORIGINS:
        return None
    is_plain = known <= _PLAIN and times == sorted(times)
    seconds = [time / 1000 for time in times]
    return Samples.of_columns(seconds, values, origins, is_plain=is_plain)


def _are_whole(column: list[Json]) -> TypeGuard[list[int]]:
    """Return True if a column has only integers."""
    return set(map(type, column)) == _WHOLE


def _are_exact(column: list[Json]) -> TypeGuard[list[float]]:
    """Return True if a column has only finite numbers that a float can represent."""
    if not set(map(type, column)) <= _NUMBERS:
        return False
    numbers = cast("list[float]", column)
    # A sum is not finite if any of its numbers is not finite.
    return -_EXACT < min(numbers) <= max(numbers) < _EXACT and isfinite(sum(numbers))


def _raw_samples(data: Json) -> Iterable[_RawSample]:
    """Return the samples of rows or columns.

    Without an origin, or with null as origin, samples are measured. If the column of
    origins is too short, the rest has no entry: those samples can be predictions.
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
            ("origin", [MEASURED] * len(times)),
        )
    )
    missing = repeat(_NO_ENTRY, len(times) - len(origins))
    return zip_longest(times, values, types, chain(origins, missing))


def _parse_sample(raw: _RawSample) -> Sample | WordSample | None:
    """Parse a sample, or return None if it is unreadable."""
    raw_time, raw_value, type_, raw_origin = raw
    time = as_number(raw_time)
    origin = MEASURED if raw_origin is None else as_integer(raw_origin)
    if time is None or origin is None or not 0 <= origin < _ORIGINS:
        return None
    if not 0 < time / 1000 < _LATEST_TIME:
        return None
    if type_ == _REMOVED:
        return Sample(time / 1000, None, origin)
    if (value := as_number(raw_value)) is not None:
        return Sample(time / 1000, value, origin)
    word = _parse_word(raw_value)
    return None if word is None else WordSample(time / 1000, word, origin)


def _parse_word(value: Json) -> Word | None:
    """Parse a value that is not a number, or return None if it is unreadable."""
    if isinstance(value, bool):
        return value
    if (text := as_text(value)) is None:
        return None
    try:
        float(text)
    except ValueError:
        return _TRUTHS.get(text.casefold(), text)
    return None  # A number that is too large, or none at all ("nan").
