"""The answers of signal data, in every shape that they have had.

Source: ../shared/wire/besmart.md, "Signal data": rows until 2022, columns since; one
object, or a list of one; columns of which some may be missing; values as numbers or
text. Long answers are read in slices, so that the event loop is never held for long.
"""

import asyncio
from collections.abc import Iterable
from itertools import batched, repeat, zip_longest
from math import isfinite

from ..http import Json
from ..parse import as_decimal, as_integer, as_object, as_objects, as_text
from .answers import Sample, Samples, SensorId, SignalData, SignalId
from .samples import MEASURED

_AT_ONCE = 1000
_REMOVED = "RM"
_EXACT = 2**53
_ORIGINS = 1000
_LAST = 4_102_444_800.0
"""The year 2100 in epoch seconds: what is later is no time of a measurement."""

type _Raw = tuple[Json, Json, Json, Json]
"""Time in ms, value, type and origin, unread."""


async def read_data(answer: Json) -> dict[SignalId, SignalData]:
    """Return an answer's samples by signal; what is no answer object is left out."""
    found: dict[SignalId, SignalData] = {}
    for item in as_objects(answer if isinstance(answer, list) else [answer]):
        client, mid, moid = (
            as_integer(item.get(name))
            for name in ("client_cid", "sensor_mid", "signal_type_moid")
        )
        if client is not None and mid is not None and moid is not None:
            signal = SignalId(SensorId(client, mid), moid)
            found[signal] = await read_samples(item)
    return found


async def read_samples(item: Json) -> SignalData:
    """Return the samples of one signal's answer object."""
    answer = as_object(item)
    samples = Samples()
    for part in batched(_raw_samples(answer.get("data")), _AT_ONCE, strict=False):
        samples.extend(s for raw in part if (s := _sample(raw)) is not None)
        await asyncio.sleep(0)
    return SignalData(unit=as_text(answer.get("unit")), samples=samples)


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
