"""The answers of signal data, in every shape that they have had.

Source: ../shared/wire/besmart.md, "Signal data": rows until 2022, columns since; one
object, or a list of one; columns of which some may be missing; values as numbers or
text. Long answers are read in slices, so that the event loop is never held for long.
"""

from collections.abc import Iterable
from itertools import batched, repeat, zip_longest
from math import isfinite
from typing import TypeGuard, cast

from ..common.concurrency import LoopYielder
from ..common.http import Json
from ..common.parse import as_decimal, as_integer, as_object, as_objects, as_text
from .models import Sample, Samples, SensorId, SignalData, SignalId
from .samples import MEASURED

_AT_ONCE = 1000
_PLAIN_FASTER = 4
"""How much faster samples are read by the column."""

_SHORT = 200
"""How many samples an answer may have that is kept: a day of quarters of an hour."""

_REMOVED = "RM"
_EXACT = 2**53
_ORIGINS = 1000
_LAST = 4_102_444_800.0
"""The year 2100 in epoch seconds: what is later is no time of a measurement."""

type _Raw = tuple[Json, Json, Json, Json]
"""Time in ms, value, type and origin, unread."""


async def read_data(
    answer: Json, before: dict[SignalId, tuple[Json, SignalData]] | None = None
) -> dict[SignalId, SignalData]:
    """Return an answer's samples by signal; what is no answer object is left out.

    What is short and the same as `before` is not read again, and is the same object;
    what is not, is noted there.
    """
    last = {} if before is None else before
    found: dict[SignalId, SignalData] = {}
    yielder = LoopYielder(_AT_ONCE)
    for item in as_objects(answer if isinstance(answer, list) else [answer]):
        client, mid, moid = (
            as_integer(item.get(name))
            for name in ("client_cid", "sensor_mid", "signal_type_moid")
        )
        if client is not None and mid is not None and moid is not None:
            signal = SignalId(SensorId(client, mid), moid)
            known = last.get(signal)
            if known is not None and known[0] == item:
                found[signal] = known[1]
                continue
            found[signal] = data = await read_samples(item, yielder)
            if len(data.samples) <= _SHORT:
                last[signal] = item, data
    return found


async def read_samples(item: Json, yielder: LoopYielder | None = None) -> SignalData:
    """Return the samples of one signal's answer object, which may be one of many."""
    answer = as_object(item)
    yielder = yielder or LoopYielder(_AT_ONCE)
    samples = Samples()
    if (plain := _plain_samples(answer.get("data"))) is not None:
        await yielder.spend(len(plain) // _PLAIN_FASTER)
        return SignalData(unit=as_text(answer.get("unit")), samples=plain)
    for part in batched(_raw_samples(answer.get("data")), _AT_ONCE, strict=False):
        samples.extend(s for raw in part if (s := _sample(raw)) is not None)
        await yielder.spend(len(part))
    return SignalData(unit=as_text(answer.get("unit")), samples=samples)


def _plain_samples(data: Json) -> Samples | None:
    """Return the samples of short columns of nothing but numbers, as nearly all are.

    They are looked at by the column, which is much faster than by the sample. What is
    otherwise, however little, is `None` and has to be looked at closely.
    """
    columns = as_object(data)
    times, values = columns.get("time"), columns.get("value")
    types, origins = columns.get("type"), columns.get("origin")
    if (
        not isinstance(times, list)
        or not isinstance(values, list)
        or not isinstance(types, list)
        or not isinstance(origins, list)
        or not 0 < len(times) <= _AT_ONCE
        or not len(times) == len(values) == len(types) == len(origins)
        or _REMOVED in types
        or not _are_whole(times, 0, _LAST * 1000)
        or not _are_whole(origins, -1, _ORIGINS)
        or not _are_exact(values)
    ):
        return None
    return Samples.of_columns([time / 1000 for time in times], values, origins)


def _are_whole(column: list[Json], above: float, below: float) -> TypeGuard[list[int]]:
    return set(map(type, column)) == {int} and _are_between(column, above, below)


def _are_exact(column: list[Json]) -> TypeGuard[list[float]]:
    # A sum with a number in it that is not finite is none, either.
    return (
        set(map(type, column)) <= {int, float}
        and _are_between(column, -_EXACT, _EXACT)
        and isfinite(sum(cast("list[float]", column)))
    )


def _are_between(column: list[Json], above: float, below: float) -> bool:
    numbers = cast("list[float]", column)
    return above < min(numbers) and max(numbers) < below


def _raw_samples(data: Json) -> Iterable[_Raw]:
    """Yield samples of rows or columns; a column that is missing has the usual value.

    Of a column that is too short, the rest is `None`.
    """
    if isinstance(data, list):
        return (
            (row.get("time"), row.get("value"), row.get("type"), _origin(row))
            for row in data
            if isinstance(row, dict)
        )
    columns = as_object(data)
    times = columns.get("time")
    if not isinstance(times, list):
        return ()
    values, types, origins = (
        column if isinstance(column := columns.get(name), list) else usual
        for name, usual in (
            ("value", []),
            ("type", []),
            ("origin", repeat(MEASURED, len(times))),
        )
    )
    return zip_longest(times, values, types, origins)


def _origin(row: dict[str, Json]) -> Json:
    return row.get("origin", MEASURED)


def _sample(raw: _Raw) -> Sample | None:
    """Return what can be read of a sample; `None` where it says nothing."""
    time, value, type_, origin = raw
    at = _number(time)
    origin = origin if type(origin) is int else as_integer(origin)
    if at is None or origin is None or not 0 <= origin < _ORIGINS:
        return None
    if not 0 < at / 1000 < _LAST:
        return None
    if type_ == _REMOVED:
        return Sample(at / 1000, None, origin)
    number = _number(value)
    return None if number is None else Sample(at / 1000, number, origin)


def _number(value: Json) -> float | None:
    """Return a finite number; plain ones without the detour over decimals."""
    if type(value) is float:
        return value if isfinite(value) else None
    if type(value) is int and -_EXACT < value < _EXACT:
        return float(value)
    number = as_decimal(value)
    return None if number is None else float(number)
