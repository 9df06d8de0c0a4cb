"""What each role costs so far today, this month and this year."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..backends.base import Backend
from ..const import LOGGER
from ..errors import HistoryError, as_update_error
from ..errors.isolation import IsolatingCoordinator
from ..identifiers import log_name
from ..metering.energy_breakdown import Bucket
from ..prices.maths.tariff import TariffRole
from .cost_report import RolePoints, RunningCost, read_running_costs
from .maths.cost_sums import next_bucket
from .recorder.writes import follow_writes

COOLDOWN = 10.0
"""Seconds after a write in which others are waited for: an import writes many."""

type Span = tuple[TariffRole, Bucket]
"""A role, and the running day, month or year."""


class RunningCosts(IsolatingCoordinator[Mapping[Span, RunningCost]]):
    """Add up the recorded costs when some were written, and when a day begins.

    Only what an entity shows is added up; before there is any, that is what is `first`.
    """

    config_entry: ConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, prefix: str, backend: Backend
    ) -> None:
        """Initialize without points."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{log_name(entry)} costs",
            always_update=False,
        )
        self.data = {}
        self.points: RolePoints = {}
        self.first: Iterable[Span] = ()
        self._prefix = prefix
        self._backend = backend
        self._waiting: CALLBACK_TYPE | None = None
        self._unschedule: CALLBACK_TYPE | None = None

    @callback
    def async_start(self, written: Callable[[], None]) -> None:
        """Follow what is written and the days until the entry is unloaded.

        `written` is called whenever costs or amounts were written.
        """

        @callback
        def follow() -> None:
            """Add up what was written a moment later."""
            self.async_schedule()
            written()

        entry = self.config_entry
        entry.async_on_unload(follow_writes(self.hass, self._prefix, follow))
        entry.async_on_unload(self._stop)
        self._schedule_midnight()

    @callback
    def async_schedule(self) -> None:
        """Add up in a moment, if anything is shown."""
        if self._waiting is None and any(True for _ in self.async_contexts()):
            job = HassJob(self._add_up, cancel_on_shutdown=True)
            self._waiting = async_call_later(self.hass, COOLDOWN, job)

    async def _add_up(self, _now: datetime) -> None:
        """Add up what was written meanwhile."""
        self._waiting = None
        await self.async_refresh()

    @callback
    def _stop(self) -> None:
        """Add up no more."""
        for cancel in (self._waiting, self._unschedule):
            if cancel is not None:
                cancel()
        self._waiting = self._unschedule = None

    @callback
    def _schedule_midnight(self) -> None:
        """Add up again when the next day begins."""
        midnight = next_bucket(dt_util.utcnow(), Bucket.DAY, self._backend.time_zone)
        job = HassJob(self._begin_day, cancel_on_shutdown=True)
        self._unschedule = async_track_point_in_utc_time(self.hass, job, midnight)

    async def _begin_day(self, _now: datetime) -> None:
        """Begin a new day."""
        self._schedule_midnight()
        await self.async_refresh()

    @override
    async def _async_update_data(self) -> Mapping[Span, RunningCost]:
        """Return the costs so far; raises UpdateFailed."""
        shown: set[Span] = set(self.async_contexts())
        try:
            return await read_running_costs(
                self.hass,
                self._prefix,
                self.points,
                shown or self.first,
                dt_util.utcnow(),
                self._backend.time_zone,
            )
        except HistoryError as err:
            raise as_update_error(err) from err
