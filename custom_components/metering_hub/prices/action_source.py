"""Take prices from an action of Home Assistant, one day per call.

An action is stored as "action:<row>:<parameter>:<currency>", with the name of its row
in `PRICE_ACTIONS`.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from urllib.parse import quote, unquote

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.common.times import local_midnight
from ..const import LOGGER
from .action_memory import ActionMemory, KnownDays, async_action_memory
from .maths.series import HOUR_SECONDS, PriceSeries
from .maths.tariff import Base
from .price_actions import PRICE_ACTIONS, Offer, PriceAction, Request
from .price_answers import hourly_prices
from .source_issues import SourceProblem, report_source
from .units import read_price_unit

ACTION_PREFIX = "action:"

PAUSE = 0.5
"""Seconds between two calls."""

CALL_TIMEOUT = 60.0
"""Seconds that an action may take."""

MAX_FAILURES = 3
"""After as many failures in a row, the other days would most likely fail, too."""

FAILURE_PAUSE = timedelta(hours=1)
"""How long nothing is asked after that."""

_DAY = timedelta(days=1)
_DAYS_AT_ONCE = 100
"""How many days are read from the memory without a break."""


@dataclass(frozen=True, slots=True)
class StoredAction:
    """An action and its offer that are stored as a source."""

    action: PriceAction
    offer: Offer


def action_source(row: str, offer: Offer) -> str:
    """Return the text that an offer of an action is stored as."""
    return f"{ACTION_PREFIX}{row}:{quote(offer.parameter, safe='')}:{offer.currency}"


def read_action(source: str) -> StoredAction | None:
    """Return the action that is stored as a text, if it is one that is known."""
    match source.removeprefix(ACTION_PREFIX).split(":"):
        case [row, parameter, currency] if row in PRICE_ACTIONS:
            offer = Offer(parameter=unquote(parameter), name=row, currency=currency)
            return StoredAction(PRICE_ACTIONS[row], offer)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSource:
    """The prices of an action, in a currency per kWh or m³."""

    hass: HomeAssistant
    source: str
    base: Base
    currency: str

    async def load(self, start: datetime, end: datetime) -> PriceSeries:
        """Return the prices that are known in [start, end), after asking for some.

        The latest days are asked for first. The series is not complete as long as
        others may become known.
        """
        series = PriceSeries()
        stored = read_action(self.source)
        entry = stored.action.entry(self.hass) if stored else None
        self._report(None if entry else SourceProblem.ACTION_MISSING)
        if stored is None or (factor := self._factor(stored)) is None:
            return series
        known = (memory := await async_action_memory(self.hass)).of(self.source)
        zone = await _zone_of(stored.action)
        today = dt_util.utcnow().astimezone(zone).date()
        days = [*_days(stored.action, zone, start, min(end, dt_util.utcnow()))]
        offered = [day for day in days if _is_offered(stored.action, day, today)]
        if entry is not None and any(known.may_ask(day) for day in offered):
            caller = _Caller(self.hass, stored, entry, zone)
            async with memory.lock:
                await _ask(caller, memory, known, reversed(offered))
        await _fill(series, known, days, (start.timestamp(), end.timestamp()), factor)
        series.is_complete = all(
            known.is_settled(day) for day in offered if day < today
        )
        return series

    def _factor(self, stored: StoredAction) -> float | None:
        """Return what one of the action's units is in the currency per kWh or m³."""
        unit = read_price_unit(stored.action.unit(stored.offer), self.currency)
        return unit.factor if unit and unit.base is self.base else None

    def _report(self, problem: SourceProblem | None) -> None:
        """Create or delete the issue about this action."""
        report_source(
            self.hass,
            self.source,
            self.base,
            problem,
            name=self.source.removeprefix(ACTION_PREFIX).partition(":")[0],
            unit=None,
            expected=f"{self.currency}/{self.base}",
        )


@dataclass(frozen=True, slots=True)
class _Caller:
    """Call an action for the prices of one day after another."""

    hass: HomeAssistant
    stored: StoredAction
    entry: ConfigEntry
    zone: tzinfo

    async def hours(self, day: date) -> Mapping[int, float]:
        """Return the prices of the hours of a day; none if the action fails.

        What an integration may raise is not known, and it only costs this day.
        """
        action, offer = self.stored.action, self.stored.offer
        data = action.data(Request(entry=self.entry, offer=offer, day=day))
        call = self.hass.services.async_call(
            action.domain,
            action.service,
            dict(data),
            blocking=True,
            return_response=True,
        )
        (answer,) = await asyncio.gather(
            asyncio.wait_for(call, CALL_TIMEOUT), return_exceptions=True
        )
        if not isinstance(answer, dict):
            kind = type(answer).__name__
            LOGGER.debug("No prices from %s for %s: %s", action.domain, day, kind)
            return {}
        hours = hourly_prices(action.parts(answer, offer.parameter))
        is_wrong = action.is_exact and [*hours] != [*self._times(day)]
        return {} if is_wrong else hours

    def is_whole(self, day: date, hours: Mapping[int, float]) -> bool:
        """Return True if there are as many hours as a local day has."""
        return len(hours) >= len(self._times(day))

    def _times(self, day: date) -> range:
        """Return the starts of the hours of a local day, in epoch seconds."""
        first, last = (
            int(local_midnight(each, self.zone).timestamp())
            for each in (day, day + _DAY)
        )
        return range(first, last, HOUR_SECONDS)

    def is_over(self, day: date) -> bool:
        """Return True if a local day is over."""
        return day < dt_util.utcnow().astimezone(self.zone).date()


async def _ask(
    caller: _Caller, memory: ActionMemory, known: KnownDays, days: Iterable[date]
) -> None:
    """Ask for the days that are not known, as many as may be asked for now."""
    failures = calls = 0
    for day in days:
        if not known.may_ask(day) or caller.hass.is_stopping:
            continue
        if failures >= MAX_FAILURES:
            known.pause(FAILURE_PAUSE)
        if known.is_paused or not memory.take_call():
            break
        if calls:
            await asyncio.sleep(PAUSE)
        calls += 1
        hours = await caller.hours(day)
        known.add(
            day,
            hours,
            is_whole=caller.is_whole(day, hours),
            is_over=caller.is_over(day),
        )
        failures = 0 if hours else failures + 1
    if calls:
        memory.save()


async def _zone_of(action: PriceAction) -> tzinfo:
    """Return the time zone of an action's days."""
    zone = await dt_util.async_get_time_zone(action.zone) if action.zone else None
    return zone or dt_util.get_default_time_zone()


def _days(
    action: PriceAction, zone: tzinfo, start: datetime, end: datetime
) -> Iterator[date]:
    """Yield the action's days that have hours in [start, end)."""
    day = (start - action.lead).astimezone(zone).date()
    while local_midnight(day, zone) < end:
        yield day
        day += _DAY


def _is_offered(action: PriceAction, day: date, today: date) -> bool:
    """Return True if an action has prices of a day."""
    if action.oldest is not None and day < action.oldest:
        return False
    return action.kept_days is None or today - day <= action.kept_days * _DAY


async def _fill(
    series: PriceSeries,
    known: KnownDays,
    days: Iterable[date],
    span: tuple[float, float],
    factor: float,
) -> None:
    """Add the known prices of the hours in a span of epoch seconds."""
    start, end = span
    for number, day in enumerate(days):
        if number % _DAYS_AT_ONCE == 0:
            await asyncio.sleep(0)
        if (found := known.days.get(day)) is not None:
            series.prices |= {
                hour: price * factor
                for hour, price in found.hours()
                if start <= hour < end
            }
