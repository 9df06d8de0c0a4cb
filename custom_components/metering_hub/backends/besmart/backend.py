"""The besmart.energy backend: its sensors become devices, its signals points."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
import hashlib
from itertools import batched, chain
from typing import override

from aiohttp import ClientSession
from yarl import URL

from ...metering.inventory import Inventory
from ...metering.memo import IdentityMemo, Kept
from ...metering.meter_roles import grid_candidates, solar_devices
from ...metering.model import Kind, Point, Quantity, Reading
from ...metering.point_settings import PointSettings
from ...metering.server_data import ServerData, ServerQuery
from ..base import (
    Backend,
    HistoryChanges,
    HistoryChunk,
    Identity,
    Latest,
    Memory,
    Settings,
)
from ..common.units import unit_factor
from ..errors import BackendError, ProtocolError, Reason, RejectedError
from .batching import SignalBatcher
from .changes import find_changes
from .client import BesmartClient
from .const import INVENTORY_LIMIT, QUARTER, SENSORS_FIELD, ZONE
from .discovery import FoundSensors, SensorFinder
from .entered_sensors import (
    EnteredSensor,
    NumberLookup,
    can_be_number,
    parse_entered_sensor,
)
from .forecast import ForecastReader
from .history import HistoryReader
from .history_start import HistoryStartFinder
from .kinds import KindDetector
from .latest import LatestReader, Measured
from .memory import ServerMemory
from .models import SignalId
from .points import make_devices, make_points, point_key, signal_of, signals_of
from .poll_plan import PollPlan
from .server_data import ServerDataReader
from .units import read_unit
from .words import word_reading

_POINTS_PER_TURN = 250
"""How many points to process before yielding to the event loop: a few milliseconds."""

_WORDED = (Kind.STATE, Kind.FLAG)
_MINUTE = timedelta(minutes=1)


class BesmartBackend(Backend):
    """One account of besmart.energy."""

    inventory_limit = INVENTORY_LIMIT

    def __init__(
        self,
        session: ClientSession,
        settings: Settings,
        options: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Initialize the backend."""
        self._account = account_identity(settings)
        self._clock = clock
        self._client = client = BesmartClient(
            session,
            str(settings["url"]),
            (str(settings["login"]), str(settings["password"])),
            str(settings.get("workspace_key") or "") or None,
            clock=clock,
        )
        self._memory = memory = ServerMemory(clock)
        batcher = SignalBatcher(client, memory)
        self._latest = LatestReader(batcher, clock, ZONE)
        self._history = HistoryReader(batcher, clock)
        self._forecast = ForecastReader(batcher, clock)
        self._server_data = ServerDataReader(client, batcher.edition)
        self._history_start = HistoryStartFinder(batcher, memory, clock)
        self._kinds = KindDetector(self._latest, batcher, memory, clock)
        self._texts = _texts(options.get(SENSORS_FIELD))
        self._entered: list[EnteredSensor] = []
        entered = [each for text in self._texts if (each := parse_entered_sensor(text))]
        self._finder = SensorFinder(client, batcher, memory, clock, entered)
        self._found: FoundSensors | None = None
        self._settings: Mapping[str, PointSettings] = {}
        self._plan: IdentityMemo[PollPlan] = IdentityMemo()
        self._makers = defaultdict[str, Kept[Point, Measured, Reading | None]](
            lambda: Kept(_make_reading)
        )
        self._last_poll = Latest(readings={})

    @property
    @override
    def time_zone(self) -> tzinfo:
        """Return Poland's time zone."""
        return ZONE

    @property
    @override
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead of Home Assistant's."""
        return self._client.clock_offset

    @override
    def restore(self, memory: Memory) -> None:
        """Restore what earlier runs learned about the server."""
        self._memory.restore(memory)

    @override
    def remember(self) -> Memory:
        """Return what was learned about the server: ids and units, no names."""
        return self._memory.remember()

    @override
    def use_settings(self, settings: Mapping[str, PointSettings]) -> None:
        """Follow what the user said about points."""
        self._settings = settings

    @override
    async def connect(self) -> Identity:
        """Log in, and return the identity of the account."""
        await self._client.log_in()
        return Identity(unique_id=self._account, version=None)

    @override
    async def inventory(self) -> Inventory:
        """Return the sensors of the account and their signals."""
        self._found = found = await self._finder.find()
        decided = [
            signal
            for signal in found.signals
            if (said := self._settings.get(point_key(signal))) and said.kind is not None
        ]
        questions = await self._kinds.detect(found.signals, found.types, decided)
        self._makers.clear()
        points = make_points(found, self._memory, self._settings)
        return Inventory(
            devices=make_devices(found),
            points=points,
            grid_candidates=grid_candidates(points.values()),
            solar_candidates=solar_devices(points.values()),
            # No list has all sensors that an account can read.
            undecided=frozenset({SENSORS_FIELD}),
            questions={point_key(signal): each for signal, each in questions.items()},
        )

    @property
    @override
    def inventory_progress(self) -> float | None:
        """Return which share of the signals was looked for, while that goes on."""
        return self._finder.progress

    @override
    async def check_setup(self) -> Mapping[str, str]:
        """Check that the sensors that the user entered are well-formed and exist."""
        self._entered = []
        for text in self._texts:
            sensor = parse_entered_sensor(text)
            if sensor is None and not can_be_number(text):
                return {SENSORS_FIELD: "invalid_sensor"}
            sensor = sensor or await self._look_up(text.strip())
            if sensor is None or not await self._finder.exists(sensor.id):
                return {SENSORS_FIELD: "unknown_sensor"}
            self._entered.append(sensor)
        return {}

    async def _look_up(self, number: str) -> EnteredSensor | None:
        """Return the sensor with this number of a meter or supply point."""
        sensor = await NumberLookup(self._client).find(number)
        return EnteredSensor(sensor, number) if sensor else None

    @override
    def checked_setup(self) -> Settings:
        """Return the entered sensors, with the ids that were looked up."""
        return {SENSORS_FIELD: [str(sensor) for sensor in self._entered]}

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the latest values, with 50 signals per request if batches exist."""
        plan = self._plan_for(points)
        failures = await self._latest.poll(plan.signals, plan.summed)
        if failures and len(failures) == len(plan.signals):
            raise next(iter(failures.values()))
        readings: dict[str, Reading] = {}
        failed: dict[str, BackendError] = {}
        # One error for all failures of a kind, because each is a line in the log.
        errors = {type(err): err for err in failures.values()}
        for part in batched(plan.points, _POINTS_PER_TURN, strict=False):
            for point, own, needed in part:
                if failures and needed and failures.keys() >= {*needed}:
                    failed[point.key] = errors[type(failures[needed[0]])]
                    continue
                result = self._result(point, own, needed)
                if isinstance(result, Reading):
                    readings[point.key] = result
                elif result is not None:
                    failed[point.key] = result
            await asyncio.sleep(0)
        latest = Latest(readings=readings, failed=failed)
        # A poll that repeats the previous one is the same object.
        if latest != self._last_poll:
            self._last_poll = latest
        return self._last_poll

    def _plan_for(self, points: Collection[Point]) -> PollPlan:
        """Return the plan of a poll, which is kept for the next one."""
        found = self._found

        def make_plan() -> PollPlan:
            """Return a plan for the sensors that were found."""
            return PollPlan.of(points, found.moids if found else {})

        return self._plan.get(make_plan, points=points, found=found)

    def _result(
        self, point: Point, own: SignalId | None, needed: Sequence[SignalId]
    ) -> Reading | BackendError | None:
        """Return the reading of a point, or why there is none, if that is an error."""
        if own is None:
            return self._data_reading(point, needed)
        if point.kind in _WORDED:
            return self._word_reading(point, own)
        if (measured := self._measured(point, own)) is None:
            return None
        if (reading := self._reading(point, measured)) is not None:
            return reading
        # The next inventory makes another point for the new unit.
        self._memory.signals.replace_unit(own, read_unit(measured.unit))
        return ProtocolError("the unit has changed")

    def _word_reading(self, point: Point, signal: SignalId) -> Reading | None:
        """Return the latest word of a signal as a reading."""
        word, number = self._latest.word(signal), self._latest.value(signal)
        return word_reading(point.kind, word, number)

    def _measured(self, point: Point, signal: SignalId) -> Measured | None:
        """Return the latest value of a point, or today's amount of an interval."""
        if point.kind is Kind.INTERVAL:
            return self._latest.amount(signal)
        return self._latest.value(signal)

    def _reading(self, point: Point, measured: Measured) -> Reading | None:
        """Return a value as a reading, or None if its unit does not fit the point.

        A value that has not changed is the same object at every poll.
        """
        return self._makers[point.key](point, measured)

    def _data_reading(
        self, point: Point, signals: Sequence[SignalId]
    ) -> Reading | None:
        """Return the time of the latest value of some signals, or its age."""
        values = chain(
            map(self._latest.value, signals), map(self._latest.word, signals)
        )
        time = max((value.time for value in values if value), default=None)
        if time is None:
            return None
        age = max(timedelta(), self._clock() - time)
        is_time = point.quantity is Quantity.TIMESTAMP
        return Reading(time=time, value=time if is_time else float(age // _MINUTE))

    @override
    def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Return the chunks of history, at most a month each, oldest first."""
        unknown = self._history_start.take_unknown(signals_of(points))
        return self._history.chunks(points, self._found, start, end, unknown)

    @override
    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return the time of the first sample of these points.

        The first amount is that of the quarter of an hour before its sample.
        """
        first = await self._history_start.find(signals_of(points))
        has_amounts = any(point.kind is Kind.INTERVAL for point in points)
        return first - QUARTER if first and has_amounts else first

    @override
    async def server_data(
        self, point: Point, query: ServerQuery, most: int
    ) -> ServerData:
        """Return the samples of a signal, as the server returns them."""
        if (signal := signal_of(point)) is None:
            raise RejectedError(
                "this point is not a signal of the server", reason=Reason.NO_SUCH_DATA
            )
        return await self._server_data.read(signal, query, most)

    @override
    async def solar_forecast(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> Mapping[datetime, float]:
        """Return the predictions of the solar signals, read at most once an hour."""
        return await self._forecast.read(points, start, end)

    @override
    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Return what may have changed, without any request."""
        signals = signals_of(points)
        now = self._clock()
        return find_changes(signals, self._history, self._latest, start, now, mark)


def account_identity(settings: Settings) -> str:
    """Return the identity of an account: a hash of the server and the login.

    The number of the user is not used, because some editions do not report it.
    """
    url = URL(str(settings["url"]))
    account = str(settings["login"]).strip().casefold()
    identity = f"besmart:{url.host}:{url.port}:{account}"
    return hashlib.sha256(identity.encode()).hexdigest()[:20]


def _make_reading(point: Point, measured: Measured) -> Reading | None:
    """Convert a value to the unit of a point, or return None if that is impossible."""
    unit = read_unit(measured.unit) or point.read_unit
    factor = unit_factor(unit, point.read_unit)
    if factor is None:
        return None
    return Reading(
        time=measured.time,
        value=round(measured.value * factor, 9),
        since=measured.since,
    )


def _texts(value: object) -> list[str]:
    """Return the texts of a field with several values."""
    return [str(text) for text in value] if isinstance(value, list) else []
