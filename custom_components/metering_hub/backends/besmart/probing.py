"""Probe sensors for signals on servers that do not report which ones they have.

Source: docs/wire/besmart.md, "Endpoints by edition". A server has hundreds of types of
signals, and older editions need a request for each type and sensor. The likely types
are asked for first, and the rest over hours; what is absent is remembered.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, islice

from ..common.concurrency import LoopYielder
from ..errors import NotFoundError
from .batching import SignalBatcher
from .client import BesmartClient
from .memory import ProbedSignals, ServerMemory
from .models import DataQuery, Sensor, SensorId, SignalData, SignalId, SignalType
from .origins import has_values
from .signals import KNOWN_SIGNALS, usual_role
from .units import read_unit

PROBE_SPANS = (timedelta(days=7), timedelta(days=31), timedelta(days=366))
"""How far back a sensor is probed; further only while it has no data at all."""

PROBE_SPAN_PER_MINUTE = timedelta(days=1)

LIKELY_AGAIN_AFTER = timedelta(days=1)
ALL_AGAIN_AFTER = timedelta(days=7)
"""When absent types are probed again: likely ones, and all of them."""

REST_BETWEEN = timedelta(minutes=55)
"""The least time between two rounds: a restart must not add requests."""

FIRST_REQUESTS = 100
"""How many requests the first round may take, and one more for each sensor."""

NEXT_REQUESTS = 50
"""How many requests a later round may take, or one for each sensor."""

_TYPES_AT_ONCE = 16
"""How many types are probed before the order of the others is reconsidered."""

_TYPES_PER_TURN = 20_000
"""How many types to look at before yielding to the event loop: a few milliseconds."""

type Sensors = Mapping[SensorId, Sensor | None]
"""Sensors and what is known about them."""

type Types = Mapping[int, SignalType]


class SignalProber:
    """Finds the signals of sensors by asking for their data."""

    def __init__(
        self,
        client: BesmartClient,
        batcher: SignalBatcher,
        memory: ServerMemory,
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize the prober."""
        self._client = client
        self._batcher = batcher
        self._memory = memory
        self._clock = clock
        self._failing: set[SignalId] = set()
        self._skipped: set[SignalId] = set()
        self.progress: float | None = None

    async def probe(self, sensors: Sensors, types: Types) -> None:
        """Probe sensors with a bounded number of requests, in order of likelihood.

        Raises BackendError for failures of the whole server.
        """
        now, last = self._clock(), self._memory.last_probe
        new = {each for each in sensors if self._memory.probed(each) is None}
        if last is None or not timedelta() <= now - last < REST_BETWEEN:
            self._memory.last_probe = now
            await self._expire(sensors, types)
            due = set(sensors)
        else:
            due = new
        is_first = len(new) == len(sensors)
        await self._spend(
            FIRST_REQUESTS + len(sensors)
            if is_first
            else max(NEXT_REQUESTS, len(sensors)),
            {sensor: sensors[sensor] for sensor in due},
            types,
        )

    async def has_data(self, sensor: SensorId, types: Types) -> bool:
        """Return True if a sensor has data of any likely type."""
        await self._spend(FIRST_REQUESTS, {sensor: None}, types)
        probed = self._memory.probed(sensor)
        return probed is not None and bool(probed.moids)

    def is_pending(self, sensor: SensorId, types: Types) -> bool:
        """Return True if a sensor has not been probed for all types yet."""
        probed = self._memory.probed(sensor)
        return probed is None or any(_unasked(probed, chain(KNOWN_SIGNALS, types)))

    async def _spend(self, budget: int, sensors: Sensors, types: Types) -> None:
        """Probe sensors until all types are known or the requests are used up."""
        # What failed in the last round may hide the rest, so this one leaves it out.
        self._skipped, self._failing = self._failing, set()
        end = self._client.requests + budget
        try:
            # A batch that is refused is read one by one, so none may be longer.
            while (left := end - self._client.requests) > 0 and (
                wave := (await self._next_wave(sensors, types))[:left]
            ):
                self.progress = 1 - left / budget
                if not await self._ask(wave):
                    return
                self._widen(sensors)
        finally:
            self.progress = None

    async def _next_wave(self, sensors: Sensors, types: Types) -> list[DataQuery]:
        """Return the next queries: those of the sensors that were asked least first."""
        orders: dict[str | None, Sequence[int]] = {}
        wave: list[tuple[int, DataQuery]] = []
        width = max(1, _TYPES_AT_ONCE // max(1, len(sensors)))
        yielder = LoopYielder(_TYPES_PER_TURN)
        for sensor, details in sensors.items():
            kind = details.type_name if details else None
            if kind not in orders:
                orders[kind] = self._by_likelihood(kind, sensors, types)
            await yielder.spend(len(orders[kind]))
            probed = self._probed(sensor)
            asked = len(probed.moids) + len(probed.absent)
            signals = (SignalId(sensor, m) for m in _unasked(probed, orders[kind]))
            possible = (each for each in signals if not self._is_left_out(each))
            wave += [
                (asked, self._query(signal, probed.widened))
                for signal in islice(possible, width)
            ]
        return [query for _, query in sorted(wave, key=lambda each: each[0])]

    def _by_likelihood(
        self, kind: str | None, sensors: Sensors, types: Types
    ) -> list[int]:
        """Return all types, those that other sensors of the same kind have first."""
        of_kind: Counter[int] = Counter()
        of_all: Counter[int] = Counter()
        for sensor, details in sensors.items():
            if (probed := self._memory.probed(sensor)) is not None:
                of_all.update(probed.moids)
                if kind == (details.type_name if details else None):
                    of_kind.update(probed.moids)
        return sorted(
            KNOWN_SIGNALS.keys() | types.keys(),
            key=lambda moid: (
                -of_kind[moid],
                moid not in KNOWN_SIGNALS and not of_all[moid],
                usual_role(moid, types.get(moid)) is None,
                moid,
            ),
        )

    def _is_left_out(self, signal: SignalId) -> bool:
        """Return True if a signal failed in this round or the one before."""
        return signal in self._failing or signal in self._skipped

    def _query(self, signal: SignalId, widened: int) -> DataQuery:
        """Return the query of the span in which a signal should have data."""
        known, now = KNOWN_SIGNALS.get(signal.moid), self._clock()
        span = PROBE_SPANS[min(widened, len(PROBE_SPANS) - 1)]
        if known is not None and known.per_minute:
            span = PROBE_SPAN_PER_MINUTE
        return DataQuery(signal=signal, since=now - span, till=now)

    async def _ask(self, wave: Sequence[DataQuery]) -> bool:
        """Note which signals have data; return False if the server refuses all."""
        found = await self._batcher.probe(wave)
        for signal, answer in found.data.items():
            await self._note_answer(signal, answer)
        has_proof = bool(found.data)
        for signal, err in found.failures.items():
            if isinstance(err, NotFoundError):
                has_proof = True
                probed = self._probed(signal.sensor)
                absent = probed.absent | {signal.moid}
                self._memory.set_probed(signal.sensor, replace(probed, absent=absent))
            else:
                self._failing.add(signal)
        return has_proof

    async def _note_answer(self, signal: SignalId, answer: SignalData) -> None:
        """Note whether a signal that exists has data, and their unit."""
        probed, moid = self._probed(signal.sensor), signal.moid
        now = self._clock().timestamp()
        if await has_values(answer.samples, 0, now):
            probed = replace(probed, moids=probed.moids | {moid})
            if (unit := read_unit(answer.unit)) is not None:
                self._memory.signals.set_unit(signal, unit)
        else:
            silent, absent = probed.silent | {moid}, probed.absent | {moid}
            probed = replace(probed, silent=silent, absent=absent)
        self._memory.set_probed(signal.sensor, probed)

    def _probed(self, sensor: SensorId) -> ProbedSignals:
        """Return what probing a sensor has found so far."""
        return self._memory.probed(sensor) or ProbedSignals(self._clock())

    def _widen(self, sensors: Sensors) -> None:
        """Look further back at sensors whose known signals exist, but are silent."""
        for sensor in sensors:
            probed = self._memory.probed(sensor)
            if probed is None or probed.moids or any(_unasked(probed, KNOWN_SIGNALS)):
                continue
            silent = probed.silent & KNOWN_SIGNALS.keys()
            if silent and probed.widened < len(PROBE_SPANS) - 1:
                wider = replace(
                    probed,
                    absent=probed.absent - silent,
                    silent=frozenset(),
                    widened=probed.widened + 1,
                )
                self._memory.set_probed(sensor, wider)

    async def _expire(self, sensors: Sensors, types: Types) -> None:
        """Let absent types be probed again, once all sensors have been probed."""
        yielder = LoopYielder(_TYPES_PER_TURN)
        for sensor in sensors:
            await yielder.spend(len(types))
            if self.is_pending(sensor, types):
                return
        now = self._clock()
        in_use: set[int] = set(KNOWN_SIGNALS)
        for sensor in sensors:
            if (probed := self._memory.probed(sensor)) is not None:
                in_use |= probed.moids
        for sensor in sensors:
            if (probed := self._memory.probed(sensor)) is None:
                continue
            if now - (probed.all_probed_at or probed.probed_at) >= ALL_AGAIN_AFTER:
                again = ProbedSignals(now, probed.moids, all_probed_at=now)
                self._memory.set_probed(sensor, again)
            elif now - probed.probed_at >= LIKELY_AGAIN_AFTER:
                again = replace(
                    probed,
                    probed_at=now,
                    absent=probed.absent - in_use,
                    all_probed_at=probed.all_probed_at or probed.probed_at,
                )
                self._memory.set_probed(sensor, again)


def _unasked(probed: ProbedSignals, order: Iterable[int]) -> Iterator[int]:
    """Yield the types that a sensor has not been probed for, in this order."""
    for moid in order:
        if moid not in probed.moids and moid not in probed.absent:
            yield moid
