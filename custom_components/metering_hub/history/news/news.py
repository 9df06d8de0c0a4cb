"""Tell what is new after each import, once and with one event of each type."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...backends.common.concurrency import LoopYielder
from ...backends.common.times import whole_hour
from ...metering.data_quality import WarningRule
from ...metering.register_rules import Rejected
from ...metering.register_run import WINDOW_SECONDS
from ..importer import Importer
from ..maths.checked_hours import DataWarning
from ..maths.rows import NEVER, as_datetime, hour_start
from ..outcome import Outcome, join_some
from ..quality.memory import QualityMemory
from ..quality.report import REPORTED, QualityReport
from ..statistic import Scope
from .events import HistoryEvents, HistoryEventType
from .filled_holes import find_filled
from .lateness import Lateness, late_after
from .memory import NewsMemory, NewsStore, Told

SAME_EXCHANGE = 24 * 3600.0
"""A server that thins its readings moves the first one of a register, in seconds."""

POINTS_AT_ONCE = 50
"""The points whose hours are read without yielding, which takes a few milliseconds."""


class HistoryNews:
    """Fire the events of a config entry that follow from its imports.

    Nothing is told of what the first import of a point finds, but that readings were
    rejected: years of history are no news.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        importer: Importer,
        qualities: QualityMemory,
        interval: timedelta,
    ) -> None:
        """Initialize without any news; there is an import every `interval`."""
        self.events = HistoryEvents()
        self._importer = importer
        self._qualities = qualities
        self._late_after = late_after(interval)
        self._store = NewsStore(hass, entry_id)
        self._memory: NewsMemory | None = None
        self._is_failing = False
        self._start = NEVER
        self._codes: Mapping[str, bytes] = {}
        self._newest: Mapping[str, bytes] = {}
        self._read_of: tuple[int, float, float, Mapping[str, str]] | None = None
        self._names: Mapping[str, str] = {}

    @callback
    def fail(self, reason: str) -> None:
        """Tell that an import has failed, unless the one before has, too."""
        if not self._is_failing:
            self._is_failing = True
            self.events.fire(HistoryEventType.IMPORT_FAILED, reason=reason)

    @callback
    def warn(self, warnings: Sequence[DataWarning]) -> None:
        """Tell how many hours or spans rules find odd, and the newest of them."""
        newest = warnings[0]
        self.events.fire(
            HistoryEventType.WARNING,
            count=len(warnings),
            rule=newest.rule.value,
            meter=self._names.get(newest.point, newest.point),
            start=newest.start,
            end=newest.end,
        )

    @callback
    def tell_price_change(self) -> None:
        """Tell from when on prices have changed, if they have."""
        if since := self._importer.take_price_change():
            self.events.fire(HistoryEventType.TARIFF_CHANGED, start=since)

    async def async_begin(self, scope: Scope) -> None:
        """Note what is known before an import."""
        self._names = scope.names
        if self._memory is None:
            self._memory = await self._store.async_load()
        await self._qualities.async_load()
        self._start = whole_hour(dt_util.utcnow() - REPORTED).timestamp()
        self._codes = await self._read_codes(scope)

    async def async_tell(
        self, scope: Scope, outcome: Outcome, quality: QualityReport
    ) -> None:
        """Fire the events of an import that has ended, and remember what they told."""
        if self._memory is None:
            return
        self._is_failing &= bool(outcome.failed)
        codes = await self._read_codes(scope)
        self._tell_rejected(self._memory, scope.names)
        self._tell_exchanged(self._memory, scope, outcome.failed.keys())
        self.tell_price_change()
        if outcome.converted:
            self.events.fire(
                HistoryEventType.WARNING,
                rule=WarningRule.UNIT_CHANGED.value,
                meter=_named(outcome.converted, scope.names),
            )
        self._tell_filled(self._memory, scope.names, codes)
        self._tell_late(self._memory, quality)
        self._memory.forget_all_but({point.key for point in scope.points})
        await self._store.async_save(self._memory)

    async def _read_codes(self, scope: Scope) -> Mapping[str, bytes]:
        """Return the codes of the hours in the window, by point.

        They are only read again if they may have changed.
        """
        end = whole_hour(dt_util.utcnow()).timestamp()
        read_of = (self._qualities.revision, self._start, end, scope.meter_names)
        if read_of == self._read_of:
            return self._newest
        yielder = LoopYielder(POINTS_AT_ONCE)
        codes = {}
        for point in scope.meters:
            codes[point.key] = self._qualities.codes(point.key, self._start, end)
            await yielder.spend(1)
        self._read_of, self._newest = read_of, codes
        return codes

    def _tell_rejected(self, memory: NewsMemory, names: Mapping[str, str]) -> None:
        """Tell how many readings were rejected for good, and the newest of them."""
        total = 0
        newest: tuple[Rejected, str] | None = None
        for key, found in self._importer.rejections.points.items():
            told = memory.rejected.get(key)
            since = hour_start(told.time) if told else NEVER
            count, reading = found.decided_since(since)
            if reading is None or (told and reading.time <= told.time):
                continue
            # Fewer readings of a known hour may be rejected by now.
            total += max(1, count - (told.count if told else 0))
            in_hour, _ = found.decided_since(hour_start(reading.time))
            memory.rejected[key] = Told(reading.time, in_hour)
            newest = max(newest or (reading, key), (reading, key))
        if newest is not None:
            reading, key = newest
            self.events.fire(
                HistoryEventType.READING_REJECTED,
                count=total,
                meter=names.get(key, key),
                time=as_datetime(reading.time),
                value=reading.value,
                rule=reading.rule.value,
            )

    def _tell_exchanged(
        self, memory: NewsMemory, scope: Scope, failed: Collection[str]
    ) -> None:
        """Tell which meters were exchanged, and when the newest one began.

        The falls of a register whose readings are taken as they are tell nothing.
        """
        exchanged = self._importer.take_exchanged()
        known = memory.exchanged
        begun = {
            point.key: exchanged.get(point.key, 0.0)
            for point in scope.meters
            if point.key not in {*scope.trusted, *failed}
        }
        oldest = dt_util.utcnow().timestamp() - WINDOW_SECONDS
        news = {
            key: moment
            for key, moment in begun.items()
            if key in known and moment > max(known[key] + SAME_EXCHANGE, oldest)
        }
        memory.exchanged |= {
            key: max(moment, known.get(key, 0.0)) for key, moment in begun.items()
        }
        if news:
            self.events.fire(
                HistoryEventType.METER_EXCHANGED,
                meter=_named(news, scope.names),
                time=as_datetime(max(news.values())),
            )

    def _tell_filled(
        self,
        memory: NewsMemory,
        names: Mapping[str, str],
        codes: Mapping[str, bytes],
    ) -> None:
        """Tell how many hours are measured now that were missing or estimated."""
        late = frozenset(key for key, each in memory.lateness.items() if each.is_late)
        if filled := find_filled(self._start, self._codes, codes, late):
            self.events.fire(
                HistoryEventType.HOLE_FILLED,
                hours=filled.hours,
                meter=_named(filled.keys, names),
                start=as_datetime(filled.start),
                end=as_datetime(filled.end),
            )

    def _tell_late(self, memory: NewsMemory, quality: QualityReport) -> None:
        """Tell which meters have become late, and up to when all of them have data."""
        now = dt_util.utcnow()
        late: dict[str, datetime] = {}
        for key, meter in quality.meters.items():
            if meter.latest is None:
                continue
            before = memory.lateness.get(key, Lateness())
            after = before.seen(meter.latest, now, self._late_after)
            memory.lateness[key] = after
            if after.is_late and not before.is_late:
                late[key] = meter.latest
        if late:
            names = {key: meter.name for key, meter in quality.meters.items()}
            oldest = min(late.values())
            self.events.fire(
                HistoryEventType.DATA_LATE,
                meter=_named(late, names),
                latest=oldest,
                hours=int((now - oldest).total_seconds() // 3600),
            )


def _named(keys: Iterable[str], names: Mapping[str, str]) -> str:
    """Return the names of points as one text, of which a long one is cut."""
    return join_some([names.get(key, key) for key in keys])
