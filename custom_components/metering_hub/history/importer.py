"""Import the history of a config entry: resume, compare, and write what differs."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..backends.base import Backend, BackendSpec
from ..backends.errors import BackendError
from ..errors.stopping import ended_at_stop
from ..metering.model import Point
from ..prices.price_book import PriceBook
from .audit.audit import AuditReport, audit, subjects_of
from .audit.memory import AuditMemory
from .comparison_memory import ComparisonMemory
from .memory import ImportMemory
from .outcome import Outcome
from .passes import Report
from .point_importer import PointImporter
from .quality.memory import QualityMemory
from .recorded_factors import RecordedFactors
from .recorder.access import wait_until_stored
from .recorder.home_assistant import HomeAssistantRecorder
from .recorder.recorder import adjust_sums, clear, recorded_ids
from .recorder.rescaling import rescale
from .recorder.sensor_hours import sensor_hours
from .recorder.statistic_names import rename_statistics
from .recorder.unit_change import convert_changed_units
from .rejected import Rejections
from .repricing import PricingReport, Repricer
from .statistic import Scope, statistic_prefix
from .summing import Summing
from .writer import StatisticWriter


class Importer:
    """Import the history of one config entry, one run at a time."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        backend: Backend,
        spec: BackendSpec,
        report_pricing: PricingReport,
    ) -> None:
        """Initialize the importer."""
        entry_id = entry.entry_id
        self._hass = hass
        self._lock = asyncio.Lock()
        self._named: tuple[Mapping[str, str], list[str]] = {}, []
        self._prefix = statistic_prefix(entry, spec)
        self._factors = RecordedFactors(hass, self._prefix)
        self.book = PriceBook(hass, entry, backend, spec, sensor_hours)
        self._repricer = Repricer(hass, entry_id, self.book, report_pricing)
        self._summing = Summing(hass)
        self._points = PointImporter(
            HomeAssistantRecorder(hass),
            backend,
            spec,
            (
                ImportMemory.of(hass, entry_id),
                ComparisonMemory.of(hass, entry_id),
                QualityMemory.of(hass, entry_id),
            ),
            self._prepare,
            self._note,
        )

    @property
    def rejections(self) -> Rejections:
        """Return the readings that were rejected or held since the start."""
        return self._points.rejections

    @property
    def qualities(self) -> QualityMemory:
        """Return the qualities of the hours."""
        return self._points.qualities

    @property
    def is_busy(self) -> bool:
        """Return True if something is read, written or priced at present."""
        return self._lock.locked()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Let no import run in the body, which raises StoppingError at a stop."""
        async with ended_at_stop(self._hass), self._lock:
            yield

    async def clear(self, prefix: str) -> Sequence[str]:
        """Delete all statistics with a prefix; return their ids once they are deleted.

        The next run imports everything. Raises RecorderError and StoppingError.
        """
        async with ended_at_stop(self._hass), self._lock:
            await wait_until_stored(self._hass)
            statistic_ids = await recorded_ids(self._hass, prefix)
            await clear(self._hass, statistic_ids)
            await self._points.forget()
            await self._repricer.clear()
            self._summing.compare_all()
            self.book.expire()
            return statistic_ids

    async def run(self, scope: Scope, report: Report) -> Outcome:
        """Bring the statistics up to date, and go on with unfinished re-imports.

        Raises BackendError, RecorderError and StoppingError. What was written before
        stays, and the next run continues.
        """
        async with ended_at_stop(self._hass), self._lock:
            await self._points.load()
            await self._rename(scope)
            await self.book.refresh()
            try:
                outcome = await self._points.update(scope, report)
            except BackendError:
                # Prices may have changed, and what was read until then has costs.
                await self._derive(scope, Outcome())
                raise
            await self._derive(scope, outcome)
            return outcome

    async def _rename(self, scope: Scope) -> None:
        """Rename the recorded statistics, if names may have changed since the last run.

        Raises RecorderError and StoppingError.
        """
        # To name thousands of statistics takes much longer than to compare these.
        named = scope.names, [point.key for point in scope.points]
        if named != self._named:
            await rename_statistics(self._hass, scope.statistic_names)
            self._named = named

    async def reimport(
        self,
        scope: Scope,
        report: Report,
        start: datetime | None,
        keys: Collection[str] | None = None,
    ) -> Outcome:
        """Write all rows from `start` on again; without it, all that the source has.

        With `keys`, only those of some points are. Raises errors as `run` does.
        Whatever ends it, the next run goes on.
        """
        part = scope
        if keys is not None:
            points = [point for point in scope.points if point.key in keys]
            part = replace(scope, points=points)
        async with ended_at_stop(self._hass), self._lock:
            await self._points.load()
            starts = dict.fromkeys((point.key for point in part.points), start)
            await self._points.begin_again(starts)
            self.book.expire()
            await self.book.refresh()
            outcome = await self._points.import_all(part, report)
            # The fixed costs depend on all points.
            await self._derive(scope, outcome)
            return outcome

    async def price(self, scope: Scope, again: Collection[str] = ()) -> Outcome:
        """Price what is recorded by the present tariffs, without asking the server.

        The costs of the keys in `again` are all compared. Raises errors as `run` does.
        """
        async with ended_at_stop(self._hass), self._lock:
            if self.book.is_outdated or not self.book.is_refreshed:
                await self.book.refresh()
            await self._repricer.request(scope, again)
            outcome = Outcome()
            await self._derive(scope, outcome)
            return outcome

    async def _derive(self, scope: Scope, outcome: Outcome) -> None:
        """Add up and price what was recorded, as far as that is due."""
        for statistic_id, rows in (await self._summing.add_up(scope)).items():
            outcome.add_written(statistic_id, rows)
        for statistic_id, rows in (await self._repricer.price(scope)).items():
            outcome.add_written(statistic_id, rows)

    @property
    def awaits_prices(self) -> bool:
        """Return True if the prices of some recorded hours may become known."""
        return self._repricer.awaits_prices

    @property
    def unpriced(self) -> Mapping[str, int]:
        """Return how many recent hours with an amount have no price, by point key."""
        return self._repricer.unpriced

    async def adjust(
        self, statistic_id: str, changes: Mapping[datetime, float]
    ) -> None:
        """Add to the sums of a point from some hours on; the next run prices them.

        Raises RecorderError and StoppingError.
        """
        async with ended_at_stop(self._hass), self._lock:
            self._summing.compare_all()
            await self._repricer.request_key(statistic_id.removeprefix(self._prefix))
            await adjust_sums(self._hass, statistic_id, changes)

    async def find_start(
        self, scope: Scope, points: Sequence[Point]
    ) -> datetime | None:
        """Return the time of the first reading, or the start that the user chose."""
        return await self._points.find_start(scope, points)

    def take_stepped(self) -> Mapping[str, set[datetime]]:
        """Return by statistic id the hours in which a higher register begins.

        They are those of the imports since the last call.
        """
        return self._points.take_stepped()

    def take_exchanged(self) -> Mapping[str, float]:
        """Return by point key when the newest register replaced another one.

        They are those that the imports since the last call have read (epoch seconds).
        """
        return self._points.take_exchanged()

    def take_price_change(self) -> datetime | None:
        """Return from when on prices differ from those before the last call, if any."""
        return self.book.take_change()

    async def audit(
        self, scope: Scope, memory: AuditMemory, *, is_complete: bool
    ) -> AuditReport:
        """Audit the statistics of a scope; raises RecorderError and StoppingError."""
        async with ended_at_stop(self._hass), self._lock:
            await wait_until_stored(self._hass)
            subjects = subjects_of(scope, self.book.prices)
            return await audit(self._hass, subjects, memory, is_complete=is_complete)

    async def _prepare(self, scope: Scope) -> set[str]:
        """Convert the rows of points whose unit changed; return their keys."""
        converted = await self._convert_units(scope)
        # If this run is cut off, the costs of what it wrote are compared all the same.
        await self._repricer.request(scope, self._points.unfinished(scope))
        return converted

    def _note(self, writers: Sequence[StatisticWriter]) -> None:
        """Note what was written, from which costs and sums follow."""
        self._repricer.note(writers)
        self._summing.note(writers)

    async def _convert_units(self, scope: Scope) -> set[str]:
        """Convert the rows of points whose unit or factor changed; return their keys.

        They are imported again.
        """
        keys = {scope.statistic(each).statistic_id: each.key for each in scope.points}
        rescalings = await self._factors.async_begin(scope)
        await self._begin_again({keys[each] for each in rescalings})
        await rescale(self._hass, rescalings)
        await self._factors.async_finish(scope)
        changed = await convert_changed_units(
            self._hass,
            [scope.statistic(point) for point in scope.points],
            {each for each, key in keys.items() if key in scope.relabelled},
        )
        await self._begin_again({keys[each] for each in changed})
        return {keys[each] for each in changed.union(rescalings)}

    async def _begin_again(self, keys: Collection[str]) -> None:
        """Import all of some points again, also if this run is cut off."""
        if keys:
            self._summing.compare_all()
            await self._points.begin_again(dict.fromkeys(keys))
