"""The answer of signal data: units, aggregates, rows or columns, and odd forms.

Where the published texts are silent, the simulator chooses: `delta_t` returns the
differences of a register, and the means of other signals, per bucket (origin 3),
stamped with the start of the bucket; `is_chart` returns the mean power of a register in
the type's `chart_expected_unit`; `raw` returns whole steps (Wh, 0.1 V...) and no unit.
A client that needs a register must send none of them.

Source: docs/wire/besmart.md, Signal data.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import batched, groupby, pairwise

from simulators.faults import Json, Row

from .knobs import Knobs, NumberFormat, Order, TimeFormat
from .query import DataQuery
from .sensors import Sensor
from .signal_types import UNITS, SignalType, Unit
from .store import MEASURED, Sample, Series, last_acquired
from .wire import NO_RESOURCE, RefusedError

type Show = Callable[[Sample], Json]

_CALCULATED = 3
_AT_ONCE = 2000
_EXTRA = ("lower_prediction_bound", "upper_prediction_bound", "original_acq", "com")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Converts whole steps to a unit: times `up`, divided by `down`."""

    unit: str | None
    up: int
    down: int

    def number(self, raw: int) -> float | int:
        """Return the number; steps that are not scaled stay integers."""
        return raw if self.up == self.down else raw * self.up / self.down


async def signal_data(
    knobs: Knobs, sensor: Sensor | None, moid: int, query: DataQuery, now: int
) -> Row:
    """Return the answer object for one signal; `now` in seconds since 1970.

    Raises RefusedError: 404 for an unknown sensor or signal, 422 for a unit to which
    the signal cannot be converted.
    """
    if sensor is None or moid not in sensor.signals or moid not in knobs.types:
        raise RefusedError(404, NO_RESOURCE)
    kind = knobs.types[moid]
    scale = _scale(knobs, kind, query)
    series = Series(knobs, sensor, kind, now)
    samples = await series.between(-(-query.since // 1000), -(-query.till // 1000))
    if query.origin is not None:
        samples = [sample for sample in samples if sample.origin == query.origin]
    if query.get_last and not knobs.keeps_acquisitions:
        samples = last_acquired(samples)
    if query.delta_t is not None:
        samples = _aggregate(samples, kind, query.delta_t * 60)
    elif _is_power(kind, query):
        samples = _powers(samples)
    if query.multiply:
        scale = replace(scale, up=scale.up * knobs.multipliers.get(moid, 1))
    shown = _ORDERS[knobs.order](samples)[: knobs.max_rows]
    return await _envelope(knobs, sensor, kind, scale, shown)


def cut_off(answers: list[Json], most: int | None) -> list[Json]:
    """Return the answers of a batch without the rows after the first `most` of all."""
    if most is None:
        return answers
    for answer in answers:
        data = answer["data"] if isinstance(answer, dict) else None
        columns = [*data.values()] if isinstance(data, dict) else [data]
        left = most
        for column in columns:
            if isinstance(column, list):
                left = max(0, most - len(column))
                del column[most:]
        most = left
    return answers


def empty_data(knobs: Knobs, client_cid: int, sensor_mid: int, moid: int) -> Row:
    """Return the answer object of a signal without samples (and without a unit)."""
    data: Json = [] if knobs.has_rows else {"time": [], "value": []}
    return {
        "client_cid": client_cid,
        "sensor_mid": sensor_mid,
        "signal_type_moid": moid,
        "data": data,
        "unit": None,
    }


def _scale(knobs: Knobs, kind: SignalType, query: DataQuery) -> _Scale:
    """Return the scale that the query, else the knobs, else the type requires."""
    if query.raw:
        return _Scale(None, 1, 1)
    if _is_power(kind, query):
        return _Scale(kind.chart_unit, 1, kind.scale)
    if query.output_unit_id is not None:
        for wanted in UNITS.values():
            right_unit = wanted.number == query.output_unit_id
            if right_unit and _same_dimension(wanted, kind.unit):
                return _scale_to(wanted, kind)
        raise RefusedError(422, "Error")
    symbol = knobs.reply_units.get(kind.moid, kind.unit)
    unit = UNITS.get(symbol)
    if unit is not None and _same_dimension(unit, kind.unit):
        return _scale_to(unit, kind)
    return _Scale(symbol or None, 1, kind.scale)


def _same_dimension(unit: Unit, symbol: str) -> bool:
    """Return True if a unit has the dimension of a unit symbol."""
    known = UNITS.get(symbol)
    return known is not None and known.dimension == unit.dimension


def _scale_to(unit: Unit, kind: SignalType) -> _Scale:
    """Return the scale that converts the steps of a signal to a unit."""
    return _Scale(unit.symbol, UNITS[kind.unit].size, kind.scale * unit.size)


def _is_power(kind: SignalType, query: DataQuery) -> bool:
    """Return True if the query asks for the power behind a register."""
    return query.is_chart and kind.kind == "register" and kind.chart_unit is not None


def _aggregate(samples: list[Sample], kind: SignalType, size: int) -> list[Sample]:
    """Return one sample per bucket of `size` seconds, aligned to multiples of it."""
    latest = {sample.time: sample for sample in samples if sample.raw is not None}
    groups = [
        (start, list(group))
        for start, group in groupby(
            latest.values(), lambda sample: sample.time // size * size
        )
    ]
    if kind.kind == "register":
        return [
            Sample(start, (after[0].raw or 0) - (here[0].raw or 0), _CALCULATED, start)
            for (start, here), (_, after) in pairwise(groups)
        ]
    return [
        Sample(
            start, sum(each.raw or 0 for each in here) // len(here), _CALCULATED, start
        )
        for start, here in groups
    ]


def _powers(samples: list[Sample]) -> list[Sample]:
    """Return the mean power (in steps per hour) between neighbouring positions."""
    latest = {sample.time: sample for sample in samples if sample.raw is not None}
    return [
        Sample(
            after.time,
            ((after.raw or 0) - (before.raw or 0)) * 3600 // (after.time - before.time),
            _CALCULATED,
            after.acquired,
        )
        for before, after in pairwise(latest.values())
    ]


def _shuffled(samples: list[Sample]) -> list[Sample]:
    """Return the samples in random order; rows of the same time keep theirs."""

    def key(sample: Sample) -> bytes:
        """Return a fixed random number for the time of a sample."""
        return blake2b(sample.time.to_bytes(8), digest_size=8).digest()

    return sorted(samples, key=key)


_ORDERS: Mapping[Order, Callable[[list[Sample]], list[Sample]]] = {
    "time": lambda samples: samples,
    "acquired": lambda samples: sorted(samples, key=lambda sample: sample.acquired),
    "shuffled": _shuffled,
    "newest_first": lambda samples: sorted(samples, key=lambda sample: -sample.time),
}


def _as_text(number: float) -> Json:
    """Return a number as a string."""
    return str(number)


def _as_whole(number: float) -> Json:
    """Return a number without a fraction as an integer."""
    return int(number) if number == int(number) else number


_NUMBERS: Mapping[NumberFormat, Callable[[float], Json]] = {
    "number": lambda number: number,
    "text": _as_text,
    "whole": _as_whole,
}
_TIMES: Mapping[TimeFormat, Callable[[int], Json]] = {
    "whole": lambda seconds: seconds * 1000,
    "float": lambda seconds: seconds * 1000.0,
    # Fractions make a time more precise than a millisecond.
    # Source: docs/wire/besmart.md, Signal data.
    "fraction": lambda seconds: seconds * 1000 + 0.25,
    "text": lambda seconds: str(seconds * 1000),
}


def _columns(knobs: Knobs, scale: _Scale) -> Mapping[str, Show]:
    """Return the columns of the answer, each with its function of a sample."""
    number, time = _NUMBERS[knobs.number_format], _TIMES[knobs.time_format]

    def value(sample: Sample) -> Json:
        """Return the value of a sample, or the JSON that replaces it."""
        if sample.raw is None or sample.shown is not None:
            return sample.shown[0] if sample.shown is not None else None
        return number(scale.number(sample.raw))

    def origin(sample: Sample) -> Json:
        """Return the origin of a sample, if the server knows it."""
        is_unknown = knobs.null_origins and sample.origin == MEASURED
        return None if is_unknown else sample.origin

    def bound(percent: int) -> Show:
        """Return a column with a percentage of each predicted value."""
        return lambda sample: (
            scale.number(sample.raw * percent // 100)
            if sample.origin == 2 and sample.raw is not None
            else None
        )

    shows: dict[str, Show] = {
        "time": lambda sample: time(sample.time),
        "value": value,
        "type": lambda sample: sample.type,
        "origin": origin,
    }
    if knobs.extra_columns:
        extra = (
            bound(95),
            bound(105),
            lambda sample: sample.acquired * 1000,
            lambda _: 0,
        )
        shows |= dict(zip(_EXTRA, extra, strict=True))
    return {
        name: show for name, show in shows.items() if name not in knobs.absent_columns
    }


async def _rows(shows: Mapping[str, Show], samples: list[Sample]) -> list[Json]:
    """Return the samples as rows, yielding to the event loop now and then."""
    found: list[Json] = []
    for part in batched(samples, _AT_ONCE, strict=False):
        found += [
            {name: show(sample) for name, show in shows.items()} for sample in part
        ]
        await asyncio.sleep(0)
    return found


async def _column(show: Show, samples: list[Sample]) -> list[Json]:
    """Return one column of the samples, yielding to the event loop now and then."""
    found: list[Json] = []
    for part in batched(samples, _AT_ONCE, strict=False):
        found += map(show, part)
        await asyncio.sleep(0)
    return found


async def _envelope(
    knobs: Knobs,
    sensor: Sensor,
    kind: SignalType,
    scale: _Scale,
    samples: list[Sample],
) -> Row:
    """Return the answer object around the samples."""
    shows = _columns(knobs, scale)
    data: Json
    if knobs.has_rows:
        data = await _rows(shows, samples)
    else:
        data = {
            name: await _column(show, samples[: max(0, len(samples) - knobs.cut(name))])
            for name, show in shows.items()
        }
    moid: Json = str(kind.moid) if knobs.moids_as_text else kind.moid
    answer: Row = {
        "client_cid": sensor.client_cid,
        "sensor_mid": sensor.sensor_mid,
        "signal_type_moid": moid,
        "data": data,
        "unit": scale.unit,
    }
    if knobs.edition == "2026":
        answer |= {"time_tstorage": 0.01, "time_other": 0.002}
    return answer
