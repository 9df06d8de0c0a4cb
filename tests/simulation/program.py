"""What an entry does from its set-up on: connect, inventory, polls and imports."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import ClientSession, TCPConnector
from aiohttp.resolver import ThreadedResolver

from custom_components.metering_hub.backends.base import Backend
from custom_components.metering_hub.backends.common.times import whole_hour
from custom_components.metering_hub.backends.errors import BackendError
from custom_components.metering_hub.errors import HistoryError
from custom_components.metering_hub.history.comparison_memory import ComparisonMemory
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.memory import ImportMemory
from custom_components.metering_hub.history.outcome import Outcome
from custom_components.metering_hub.history.point_importer import PointImporter
from custom_components.metering_hub.history.quality.memory import QualityMemory
from custom_components.metering_hub.history.statistic import Scope
from custom_components.metering_hub.history.writer import StatisticWriter
from custom_components.metering_hub.live.clock_check import ClockCheck
from custom_components.metering_hub.live.schedule import PollGroups, PollSchedule
from custom_components.metering_hub.live.snapshot import LatestReadings, Snapshot
from custom_components.metering_hub.metering.model import Kind, Point

from .clock import now
from .disk import Disk, Mount
from .fake_recorder import DatabaseFaults, FakeRecorder
from .worlds import World

SETUP_RETRY = 30.0
"""Seconds after which Home Assistant tries to set an entry up again, about."""

BACKEND_MEMORY = "backend"

DAMAGED = 20
"""Hours that are wrong until everything has been imported again."""

IMPORT_INTERVAL = 900.0
"""Seconds between two imports: the usual interval, or three times that."""


@dataclass
class Claim:
    """What was recorded when an import said that all is up to date.

    `until` is the end of the hours whose readings must all be there.
    """

    moment: datetime
    until: datetime
    rows: dict[str, dict[datetime, Row]]


@dataclass
class Diary:
    """What all lives of the program have said and shown."""

    claims: list[Claim] = field(default_factory=list)
    good_polls: list[datetime] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    shown: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unsure: list[tuple[datetime, datetime]] = field(default_factory=list)
    wants_reimport: bool = False
    may_fall: bool = False
    """Whether registers may fall, because the server goes back in time."""


class Program:
    """One life of the program."""

    def __init__(
        self, world: World, disk: Disk, database: DatabaseFaults, diary: Diary
    ) -> None:
        self._world = world
        self.mount = Mount(disk)
        self.recorder = FakeRecorder(self.mount, database)
        self._diary = diary
        self._backend_store = self.mount.store(BACKEND_MEMORY)

    async def run(self) -> None:
        """Live until the task is cancelled."""
        connector = TCPConnector(use_dns_cache=False, resolver=ThreadedResolver())
        async with ClientSession(connector=connector) as session:
            backend = self._make_backend(session)
            backend.restore(await self._backend_store.async_load() or {})
            points = await self._set_up(backend)
            async with asyncio.TaskGroup() as group:
                group.create_task(self.recorder.run())
                group.create_task(self._poll(backend, points))
                group.create_task(self._import(backend, points))

    async def import_once(self) -> Scope:
        """Import everything, as an undisturbed program does; return what."""
        connector = TCPConnector(use_dns_cache=False, resolver=ThreadedResolver())
        async with ClientSession(connector=connector) as session:
            backend = self._make_backend(session)
            scope = self._world.scope(await self._set_up(backend))
            worker = asyncio.create_task(self.recorder.run())
            outcome = await self._update(self._importer(backend), scope)
            worker.cancel()
            assert outcome is not None
            assert not outcome.failed
            return scope

    def _make_backend(self, session: ClientSession) -> Backend:
        make = self._world.spec.make
        return make(session, self._world.settings, self._world.options, clock=now)

    async def _set_up(self, backend: Backend) -> list[Point]:
        while True:
            try:
                await backend.connect()
                return self._world.chosen(await backend.inventory())
            except BackendError as err:
                self._fail("set-up", err)
                await asyncio.sleep(SETUP_RETRY)

    async def _poll(self, backend: Backend, points: Sequence[Point]) -> None:
        groups = PollGroups.of(points, self._world.spec.poll_interval)
        schedule = PollSchedule(self._world.spec.poll_interval)
        latest, shown = LatestReadings(), Snapshot()
        check = ClockCheck(self._world.spec.earliest)
        while True:
            moment = asyncio.get_running_loop().time()
            wait = self._world.poll
            if due := schedule.due(groups, moment, self._world.poll / 2):
                number = latest.start_read()
                try:
                    found = await backend.latest(due)
                except BackendError as err:
                    self._fail("poll", err)
                    schedule.reset()
                    await asyncio.sleep(err.retry_after or wait)
                    continue
                until = now() + backend.clock_offset
                found = check.possible(due, found, latest.readings, until)
                latest.merge(number, due, found)
                schedule.note_result(due, found.failed.keys(), moment)
                shown = latest.snapshot(points, now(), shown)
                self._note_poll(points, shown)
            await asyncio.sleep(wait)

    def _note_poll(self, points: Sequence[Point], shown: Snapshot) -> None:
        """Note whether everything is shown, and that no register falls."""
        for point in points:
            reading = shown.readings.get(point.key)
            if reading is None or point.kind is not Kind.REGISTER:
                continue
            assert isinstance(reading.value, float)
            highest = self._diary.shown.get(point.key, reading.value)
            if reading.value < highest and not self._diary.may_fall:
                fault = f"{point.key} fell from {highest} to {reading.value}"
                self._diary.faults.append(fault)
            self._diary.shown[point.key] = max(highest, reading.value)
        if not shown.unavailable and len(shown.readings) == len(points):
            self._diary.good_polls.append(now())

    def _importer(self, backend: Backend) -> PointImporter:
        return PointImporter(
            self.recorder,
            backend,
            self._world.spec,
            (
                ImportMemory(self.mount.store("history")),
                ComparisonMemory(self.mount.store("compared")),
                QualityMemory(self.mount.store("qualities")),
            ),
            _nothing_to_prepare,
            _note_nothing,
        )

    async def _import(self, backend: Backend, points: list[Point]) -> None:
        importer, scope = self._importer(backend), self._world.scope(points)
        await self._import_uncoded_again(importer, scope)
        wait = IMPORT_INTERVAL
        while True:
            started = now()
            outcome = await self._next_import(importer, scope)
            await self._backend_store.async_save(dict(backend.remember()))
            if outcome is not None and not outcome.failed:
                self._claim(started)
            await asyncio.sleep(wait)

    async def _import_uncoded_again(
        self, importer: PointImporter, scope: Scope
    ) -> None:
        """Import again what is recorded without qualities, as `Auditor` demands.

        A crash amid the first import has lost them, and estimates follow from them.
        """
        await importer.load()
        lost = [
            key
            for key in scope.coded_names
            if importer.qualities.span(key) is None
            and self.mount.disk.tables.get(f"{scope.prefix}{key}")
        ]
        if lost:
            await importer.begin_again(dict.fromkeys(lost))

    async def _next_import(
        self, importer: PointImporter, scope: Scope
    ) -> Outcome | None:
        """Import what is new, or all again if the user wants that."""
        if not self._diary.wants_reimport:
            return await self._update(importer, scope)
        self._diary.wants_reimport = False
        try:
            await importer.load()
            keys = [point.key for point in scope.points]
            await importer.begin_again(dict.fromkeys(keys))
            self._damage()
            return await importer.import_all(scope, _show_nothing)
        except (BackendError, HistoryError) as err:
            self._fail("re-import", err)
            return None

    def _damage(self) -> None:
        """Make the oldest rows wrong, which only a re-import heals."""
        for table in self.mount.disk.tables.values():
            for at in sorted(table)[:DAMAGED]:
                row = table[at]
                if row.sum is not None:
                    table[at] = row._replace(sum=row.sum + 5.0)

    async def _update(self, importer: PointImporter, scope: Scope) -> Outcome | None:
        try:
            await importer.load()
            return await importer.update(scope, _show_nothing)
        except (BackendError, HistoryError) as err:
            self._fail("import", err)
            return None

    def _claim(self, started: datetime) -> None:
        """Note what is recorded."""
        until = whole_hour(started - self._world.lag)
        tables = {key: dict(table) for key, table in self.mount.disk.tables.items()}
        self._diary.claims.append(Claim(now(), until, tables))

    def _fail(self, what: str, err: BackendError | HistoryError) -> None:
        self._diary.failures.append(f"{now():%H:%M:%S} {what}: {err!r}")

    async def stop(self) -> None:
        """Write what waits, as at an orderly stop."""
        await self.recorder.drain()
        for store in self.mount.stores:
            store.write_due()


async def _nothing_to_prepare(_: Scope) -> set[str]:
    return set()


def _note_nothing(_: Sequence[StatisticWriter]) -> None:
    return


def _show_nothing(_start: datetime, _reached: datetime, _rows: int) -> None:
    return
