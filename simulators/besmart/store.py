"""Samples of a signal: what the server has stored at a moment.

A sample is a pure function of the sensor, the knobs and the time. Samples acquired
later than now are not stored yet.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace

from simulators.faults import Json
from simulators.times import DAY, HOUR, epoch

from .events import Estimate, Event, Garble, Late, Outage, Removal, Revision, Substitute
from .knobs import Knobs
from .sensors import Sensor
from .signal_types import SignalType
from .sources import reading, warm_up

MEASURED, PREDICTED = 1, 2
_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class Sample:
    """A row: `time` and `acquired` in seconds since 1970, `raw` in smallest steps.

    `shown` contains the JSON that replaces the value, if any.
    """

    time: int
    raw: int | None
    origin: int
    acquired: int
    type: str = "DBL"
    shown: tuple[Json] | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A signal of a sensor, as the server has it at `now` (seconds since 1970)."""

    knobs: Knobs
    sensor: Sensor
    kind: SignalType
    now: int

    async def between(self, since: int, till: int) -> list[Sample]:
        """Return the samples in [since, till), oldest first, then as acquired."""
        ahead = self.knobs.predictions
        last = self.now + (int(ahead.total_seconds()) if ahead is not None else 0)
        first = max(since, epoch(self.sensor.house.start))
        end = min(till, last + 1)
        step = self.kind.step
        await warm_up(self.sensor.house, max(first, min(end, self.now)))
        events = self._events(first, end)
        found: list[Sample] = []
        times = range(-(-first // step) * step, end, step)
        for number, when in enumerate(times):
            if number % _AT_ONCE == 0:
                # A long answer must not block the event loop of a test or the demo.
                await asyncio.sleep(0)
            found += self._at(when, events)
        return found

    async def latest_time(self, origin: int) -> int | None:
        """Return the time of the latest sample of an origin, in seconds since 1970."""
        end, span = self.now + 1, DAY
        if origin == PREDICTED and self.knobs.predictions is not None:
            end += int(self.knobs.predictions.total_seconds())
        start = epoch(self.sensor.house.start)
        while end > start:
            found = await self.between(end - span, end)
            times = [sample.time for sample in found if sample.origin == origin]
            if times:
                return max(times)
            end, span = end - span, span * 4
        return None

    def _events(self, first: int, end: int) -> list[Event]:
        """Return the events that affect samples in [first, end)."""
        return [
            event
            for event in self.knobs.events
            if epoch(event.start) < end and first < epoch(event.end)
        ]

    def _at(self, when: int, events: list[Event]) -> Iterator[Sample]:
        """Yield the prediction and the acquired samples of one time."""
        mid, moid = self.sensor.sensor_mid, self.kind.moid
        here = [event for event in events if event.covers(mid, moid, when)]
        if self._is_predicted(when):
            value = reading(self.sensor, moid, when)
            yield Sample(when, _guess(value, when), PREDICTED, when - DAY)
        if when > self.now:
            return
        for sample in self._measured(when, here):
            if sample.acquired <= self.now:
                yield sample

    def _is_predicted(self, when: int) -> bool:
        """Return True if there is a prediction for this time."""
        ahead = self.knobs.predictions
        return ahead is not None and abs(when - self.now) <= ahead.total_seconds()

    def _measured(self, when: int, events: list[Event]) -> list[Sample]:
        """Return everything that was ever acquired for this time, in that order."""
        arrival = self._arrival(when)
        origin, value = MEASURED, self._value(when)
        samples = [Sample(when, value, origin, arrival, *self._words(value))]
        for event in events:
            match event:
                case Outage():
                    return []
                case Late(arrives=arrives):
                    arrival = max(arrival, epoch(arrives))
                    samples = [replace(each, acquired=arrival) for each in samples]
                case Substitute(origin=origin):
                    samples = [replace(each, origin=origin) for each in samples]
                case Revision():
                    samples = _revised(samples, event)
                case Estimate():
                    samples = [*samples, _estimate(samples[-1], event)]
                case Garble(value=json):
                    samples = [replace(each, shown=(json,)) for each in samples]
                case Removal(keeps_row=keeps_row):
                    marker = replace(samples[-1], raw=None, type="RM")
                    samples = [*samples, marker] if keeps_row else [marker]
                case _:
                    continue
        return samples

    def _words(self, value: int) -> tuple[()] | tuple[str, tuple[Json]]:
        """Return the type and the word of a sample; nothing for a number.

        The published texts name no type but DBL and RM, and no booleans before 2022.
        """
        if not self.kind.words:
            return ()
        word = self.kind.words[value]
        if isinstance(word, str):
            return ("STR", (word,))
        return ("BOOL", (str(word).lower() if self.knobs.edition == "2021" else word,))

    def _value(self, when: int) -> int:
        """Return the value that the sensor sends, which may be wrong."""
        value = reading(self.sensor, self.kind.moid, when)
        spot = self.knobs.dirt.at(self.sensor.path(self.kind.moid), when)
        return value if spot is None else spot.distort(value)

    def _arrival(self, when: int) -> int:
        """Return when a sample becomes visible, without events."""
        sent = -(-when // HOUR) * HOUR if self.knobs.whole_hours else when
        return sent + int(self.knobs.delay.total_seconds())


def last_acquired(samples: list[Sample]) -> list[Sample]:
    """Return the row that was acquired last for each time and origin (get_last).

    Public clients of the vendor's server ask for it and still select origins 1 and 2 of
    the same times from the answer, so the origins do not replace each other.
    """
    kept = {(sample.time, sample.origin): sample for sample in samples}
    return list(kept.values())


def _estimate(sample: Sample, event: Estimate) -> Sample:
    """Return the estimated row that follows a sample."""
    later = int(event.later.total_seconds())
    return replace(
        sample,
        time=sample.time + later,
        raw=(sample.raw or 0) + event.offset,
        origin=event.origin,
        acquired=sample.acquired + later,
    )


def _revised(samples: list[Sample], event: Revision) -> list[Sample]:
    """Return the samples as first acquired, wrong, and then the right one."""
    right = samples[-1]
    if right.raw is None:
        return samples
    wrong = replace(right, raw=right.raw + event.offset)
    later = right.acquired + int(event.after.total_seconds())
    if event.at is not None:
        later = max(right.acquired, epoch(event.at))
    return [
        *samples[:-1],
        wrong,
        replace(right, acquired=later, origin=event.origin),
    ]


def _guess(value: int, when: int) -> int:
    """Return a prediction that is far enough off to be noticed if it is imported."""
    return value + value // 50 + 100 + when // 60 % 97
