"""The predicted production of solar signals, as amounts per hour.

A prediction is the mean power, or the amount, of the interval that ends at its time
(source: docs/wire/besmart.md, "Signal data").
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from ...metering.model import Point
from ..common.times import whole_hour
from ..common.units import unit_factor
from .batching import SignalBatcher
from .const import MILLISECOND, QUARTER
from .models import DataQuery, SignalData, SignalId
from .origins import PREDICTED
from .points import signal_of
from .signals import SOLAR
from .units import read_unit

FRESH = timedelta(hours=1)
"""How long a forecast is kept, because every look at the dashboard requests it."""

_HOUR = timedelta(hours=1)

type Amounts = Mapping[datetime, float]
"""Wh by the start of the UTC hour."""

type _Subject = tuple[frozenset[SignalId], datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forecast:
    """A forecast, the signals and the span that it is about, and when it was read."""

    subject: _Subject
    read_at: datetime
    amounts: Amounts


class ForecastReader:
    """Reads predictions, at most once an hour."""

    def __init__(self, batcher: SignalBatcher, clock: Callable[[], datetime]) -> None:
        """Initialize without a forecast."""
        self._batcher = batcher
        self._clock = clock
        self._lock = asyncio.Lock()
        self._latest: _Forecast | None = None

    async def read(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> Amounts:
        """Return the predicted production in [start, end); raises BackendError.

        It is empty if nothing is predicted. A forecast of some of the signals would be
        too low, so all of them have to be read.
        """
        units = {
            signal: point.unit
            for point in points
            if (signal := signal_of(point)) is not None and signal.moid == SOLAR
        }
        if not units:
            return {}
        subject = frozenset(units), start, end
        async with self._lock:
            now, known = self._clock(), self._latest
            is_fresh = known is not None and now - known.read_at < FRESH
            if known is None or not is_fresh or known.subject != subject:
                amounts = await self._read(units, start, end)
                known = _Forecast(subject=subject, read_at=now, amounts=amounts)
                self._latest = known
            return known.amounts

    async def _read(
        self, units: Mapping[SignalId, str | None], start: datetime, end: datetime
    ) -> Amounts:
        """Read and sum up the predictions of all signals."""
        found = await self._batcher.read(
            [
                DataQuery(
                    signal=signal, since=start, till=end + MILLISECOND, origin=PREDICTED
                )
                for signal in units
            ]
        )
        for error in found.failures.values():
            raise error
        amounts: dict[datetime, float] = {}
        for signal, data in found.data.items():
            for begin, watt_hours in _amounts(data, units[signal]):
                if start <= begin < end:
                    hour = whole_hour(begin)
                    amounts[hour] = amounts.get(hour, 0.0) + watt_hours
        return amounts


def _amounts(data: SignalData, unit: str | None) -> Iterable[tuple[datetime, float]]:
    """Yield the start of each interval with a prediction, and its amount in Wh."""
    predicted: dict[float, float] = {}
    for time, value, origin in data.samples:
        if origin != PREDICTED:
            continue
        if value is None:
            predicted.pop(time, None)
        else:
            predicted[time] = value
    step = _step(sorted(predicted))
    unit = read_unit(data.unit) or unit
    factor = unit_factor(unit, "Wh")
    if factor is None and (power := unit_factor(unit, "W")) is not None:
        factor = power * (step / _HOUR)
    if factor is None:
        return
    for time, value in predicted.items():
        yield datetime.fromtimestamp(time, UTC) - step, value * factor


def _step(times: list[float]) -> timedelta:
    """Return the length of the intervals; a single one is as long as a meter's."""
    distances = [after - before for before, after in pairwise(times)]
    return timedelta(seconds=median(distances)) if distances else QUARTER
