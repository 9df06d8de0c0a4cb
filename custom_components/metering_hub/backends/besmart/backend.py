"""besmart.energy as a backend: its sensors become devices, its signals points."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
import hashlib
from typing import override
from zoneinfo import ZoneInfo

from aiohttp import ClientSession

from ...metering.model import Inventory, Kind, Point, Quantity, Reading
from ..base import (
    Backend,
    HistoryChanges,
    HistoryChunk,
    Identity,
    Latest,
    Memory,
    Settings,
)
from ..common.concurrency import LoopYielder
from .batching import DataReader
from .changes import find_changes
from .client import BesmartClient
from .discovery import Discovery, Explorer
from .history import Past
from .history_start import BeginningFinder
from .kinds import learn
from .latest import Measured, Newest
from .memory import Knowledge, sensor_id
from .models import SensorId, SignalId
from .points import make_devices, make_points, sensor_of, signal_of, signals_of
from .units import normal_unit, unit_factor

SENSORS_FIELD = "sensors"
ZONE: tzinfo = ZoneInfo("Europe/Warsaw")
"""Where the vendor's meters are: nothing in the API tells. Read at import, because
reading it blocks."""

POINTS_AT_ONCE = 250
"""How many points are dealt with before others have their turn: a few milliseconds."""

_MINUTE = timedelta(minutes=1)


class BesmartBackend(Backend):
    """One account of besmart.energy."""

    def __init__(
        self,
        session: ClientSession,
        settings: Settings,
        options: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; nothing is asked before `connect`."""
        self._login = str(settings["login"])
        self._clock = clock
        client = BesmartClient(
            session,
            str(settings["url"]),
            (self._login, str(settings["password"])),
            str(settings.get("workspace_key") or "") or None,
            clock=clock,
        )
        self._client = client
        self._knowledge = Knowledge(clock)
        self._reader = DataReader(client, self._knowledge)
        self._newest = Newest(self._reader, clock, local_midnight)
        self._past = Past(self._reader)
        self._beginning = BeginningFinder(self._reader, self._knowledge, clock)
        self._named = _texts(options.get(SENSORS_FIELD))
        self._explorer = Explorer(
            client,
            self._reader,
            self._knowledge,
            clock,
            [sensor for text in self._named if (sensor := sensor_id(text))],
        )
        self._found: Discovery | None = None
        self._points: Mapping[str, Point] = {}
        self._made: dict[str, tuple[Measured, Point, Reading]] = {}

    @property
    @override
    def time_zone(self) -> tzinfo:
        """Return Poland's time zone."""
        return ZONE

    @override
    def restore(self, memory: Memory) -> None:
        """Take over what earlier starts learned of the server."""
        self._knowledge.restore(memory)

    @override
    def remember(self) -> Memory:
        """Return what was learned of the server: ids and units, no names."""
        return self._knowledge.remember()

    @override
    async def connect(self) -> Identity:
        """Log in; the identity is a hash of the login, which no answer contradicts.

        The user's number is not used, because not every edition of the server tells it.
        """
        await self._client.log_in()
        account = self._login.strip().casefold().encode()
        return Identity(
            unique_id=hashlib.sha256(b"besmart:" + account).hexdigest()[:20],
            title="besmart",
            version=None,
        )

    @override
    async def inventory(self) -> Inventory:
        """Return the sensors of the account and what they measure."""
        self._found = found = await self._explorer.explore()
        signals = signals_of(found.moids)
        await learn(signals, found.types, self._newest, self._reader, self._knowledge)
        self._points = make_points(found, self._knowledge)
        self._made.clear()
        return Inventory(
            devices=make_devices(found),
            points=self._points,
            undecided=frozenset() if found.is_complete else frozenset({SENSORS_FIELD}),
        )

    @override
    async def check_setup(self) -> Mapping[str, str]:
        """Check the sensors that a person named: their spelling, and the server."""
        for text in self._named:
            if (sensor := sensor_id(text)) is None:
                return {SENSORS_FIELD: "invalid_sensor"}
            if not await self._explorer.exists(sensor):
                return {SENSORS_FIELD: "unknown_sensor"}
        return {}

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the newest values, 50 signals a request where there is a batch."""
        asked = self._signals_to_ask(points)
        summed = {
            signal
            for point in points
            if point.kind is Kind.INTERVAL and (signal := signal_of(point))
        }
        failures = await self._newest.poll(asked, summed)
        by_sensor: dict[SensorId, list[SignalId]] = {}
        for signal in asked:
            by_sensor.setdefault(signal.sensor, []).append(signal)
        readings: dict[str, Reading] = {}
        failed: dict[str, str] = {}
        yielder = LoopYielder(POINTS_AT_ONCE)
        for point in points:
            await yielder.spend(1)
            if (signal := signal_of(point)) is None:
                sensor = sensor_of(point)
                of_sensor = by_sensor.get(sensor, []) if sensor else []
                self._add_about_data(readings, point, of_sensor)
            elif signal in failures:
                failed[point.key] = str(failures[signal])
            elif not self._add_value(readings, point, signal):
                failed[point.key] = "a signal has changed its unit"
        return Latest(readings=readings, failed=failed)

    def _signals_to_ask(self, points: Collection[Point]) -> list[SignalId]:
        """Return the signals of points, and one of a sensor of which none is wanted."""
        asked = {signal for point in points if (signal := signal_of(point))}
        sensors = {signal.sensor for signal in asked}
        for point in points:
            if (sensor := sensor_of(point)) is not None and sensor not in sensors:
                moids = self._found.moids.get(sensor, ()) if self._found else ()
                asked |= {SignalId(sensor, moid) for moid in sorted(moids)[:1]}
                sensors.add(sensor)
        return sorted(asked)

    def _add_value(
        self, readings: dict[str, Reading], point: Point, signal: SignalId
    ) -> bool:
        """Add a signal's reading, if there is one; tell whether it has the right unit.

        What was measured once is one reading, however often it is asked for.

        A unit of another kind is taken over at the next inventory. Until then, a value
        in it would be a wrong one.
        """
        is_amount = point.kind is Kind.INTERVAL
        known = (self._newest.amounts if is_amount else self._newest.values).get(signal)
        if known is None:
            return True
        made = self._made.get(point.key)
        if made is not None and made[0] is known and made[1] is point:
            readings[point.key] = made[2]
            return True
        unit = normal_unit(known.unit) or point.unit
        factor = unit_factor(unit, point.unit)
        if factor is None:
            self._knowledge.change_unit(signal, unit)
            return False
        reading = Reading(
            time=known.time, value=round(known.value * factor, 9), since=known.since
        )
        readings[point.key] = reading
        self._made[point.key] = known, point, reading
        return True

    def _add_about_data(
        self, readings: dict[str, Reading], point: Point, signals: Sequence[SignalId]
    ) -> None:
        """Add when the newest value of some signals was measured, or how long ago."""
        known = (self._newest.values.get(signal) for signal in signals)
        times = [measured.time for measured in known if measured]
        if not times:
            return
        time = max(times)
        age = max(timedelta(), self._clock() - time)
        is_time = point.quantity is Quantity.TIMESTAMP
        value = time if is_time else float(age // _MINUTE)
        readings[point.key] = Reading(time=time, value=value)

    @override
    async def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield the past in months, oldest first."""
        async for chunk in self._past.chunks(points, self._found, start, end):
            yield chunk

    @override
    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Look for the first sample of these points, or remember when it was."""
        return await self._beginning.first(_signals(points))

    @override
    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Ask nothing: tell what is new by the polls, and look at all once an hour."""
        return find_changes(
            _signals(points), self._past, self._newest, start, self._clock(), mark
        )


def local_midnight(moment: datetime) -> datetime:
    """Return the midnight before a moment where the meters are, in UTC."""
    day = moment.astimezone(ZONE).date()
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def _signals(points: Collection[Point]) -> list[SignalId]:
    return sorted(signal for point in points if (signal := signal_of(point)))


def _texts(value: object) -> list[str]:
    return [str(text) for text in value] if isinstance(value, list) else []
