"""Remember the prices that actions have answered with, over restarts.

A day that an action has answered whole is never asked for again. One that it refused is
asked for once a day, and at last given up.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..backends.common.http import Json
from ..backends.common.parse import as_number, as_object
from ..backends.common.times import as_day
from ..const import DOMAIN
from ..memory import CheckedStore
from .maths.series import HOUR_SECONDS
from .source import tariffs_by_source

_VERSION = 1
_SAVE_DELAY = 30.0

MAX_CALLS = 40
"""How many calls all sources together may make within `CALLS_WITHIN`. A month's days
fit, so that a form can show what a month would have cost."""

CALLS_WITHIN = timedelta(minutes=10)

MAX_TRIES = 5
"""How many days an action may refuse a past day before it is given up."""

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class KnownDay:
    """The prices of the hours from `first` on, in epoch seconds; `None` has none."""

    first: int
    prices: tuple[float | None, ...]

    def hours(self) -> Iterable[tuple[int, float]]:
        """Yield the start of each hour that has a price, and the price."""
        for index, price in enumerate(self.prices):
            if price is not None:
                yield self.first + index * HOUR_SECONDS, price


@dataclass(frozen=True, slots=True)
class Refusal:
    """A day that was not answered whole: how often, and when it was asked for last."""

    tries: int
    asked: float


@dataclass(slots=True)
class KnownDays:
    """What is known of the days of one source."""

    days: dict[date, KnownDay] = field(default_factory=dict)
    refused: dict[date, Refusal] = field(default_factory=dict)
    paused_until: float = 0.0

    def add(
        self, day: date, hours: Mapping[int, float], *, is_whole: bool, is_over: bool
    ) -> None:
        """Add the answer for a day; one that is not over may be asked for each hour."""
        if hours:
            first = min(hours)
            times = range(first, max(hours) + 1, HOUR_SECONDS)
            self.days[day] = KnownDay(first, tuple(hours.get(time) for time in times))
        before = self.refused.pop(day, None)
        if not is_whole:
            tries = before.tries if before else 0
            self.refused[day] = Refusal(
                tries + 1 if is_over else tries, dt_util.utcnow().timestamp()
            )

    @property
    def is_paused(self) -> bool:
        """Return True if nothing may be asked for now."""
        return dt_util.utcnow().timestamp() < self.paused_until

    def pause(self, span: timedelta) -> None:
        """Ask for nothing in the time to come."""
        self.paused_until = (dt_util.utcnow() + span).timestamp()

    def may_ask(self, day: date) -> bool:
        """Return True if a day may be asked for now."""
        if (refusal := self.refused.get(day)) is None:
            return day not in self.days
        wait = _DAY_SECONDS if refusal.tries else HOUR_SECONDS
        is_rested = dt_util.utcnow().timestamp() - refusal.asked >= wait
        return is_rested and not self.is_given_up(day)

    def is_given_up(self, day: date) -> bool:
        """Return True if an action has refused a day too often."""
        refusal = self.refused.get(day)
        return refusal is not None and refusal.tries >= MAX_TRIES

    def is_settled(self, day: date) -> bool:
        """Return True if nothing new can become known of a day."""
        is_whole = day in self.days and day not in self.refused
        return is_whole or self.is_given_up(day)


class ActionMemory:
    """Store the prices of all actions in one file, as several entries may use them."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the store; nothing is loaded yet."""
        self._hass = hass
        self._store: Store[dict[str, Json]] = CheckedStore(
            hass,
            _VERSION,
            f"{DOMAIN}.prices",
            # What is passed to it is a copy, which nothing changes.
            serialize_in_event_loop=False,
        )
        self._is_loaded = False
        self._sources: dict[str, KnownDays] = {}
        self._calls: deque[float] = deque()
        self.lock = asyncio.Lock()

    async def async_load(self) -> None:
        """Load what is stored, once, without what no tariff uses any more."""
        # Whoever has the lock may be asking for days, which nobody needs to wait for.
        if not self._is_loaded:
            async with self.lock:
                await self._async_read()

    async def _async_read(self) -> None:
        """Read the file, unless somebody else has done so in the meantime."""
        if self._is_loaded:
            return
        stored = await self._store.async_load() or {}
        used = tariffs_by_source(self._hass)
        self._sources = await self._hass.async_add_executor_job(
            _read, {source: each for source, each in stored.items() if source in used}
        )
        self._is_loaded = True

    def of(self, source: str) -> KnownDays:
        """Return what is known of a source."""
        return self._sources.setdefault(source, KnownDays())

    def take_call(self) -> bool:
        """Return True if one more call may be made now, and count it."""
        now = dt_util.utcnow().timestamp()
        while self._calls and now - self._calls[0] >= CALLS_WITHIN.total_seconds():
            self._calls.popleft()
        if len(self._calls) >= MAX_CALLS:
            return False
        self._calls.append(now)
        return True

    def save(self) -> None:
        """Save everything soon."""
        copy = {
            source: ({**known.days}, {**known.refused})
            for source, known in self._sources.items()
            if known.days or known.refused
        }

        def as_stored() -> dict[str, Json]:
            """Return the copy as it is stored."""
            return {source: _stored(*each) for source, each in copy.items()}

        self._store.async_delay_save(as_stored, _SAVE_DELAY)

    async def async_keep(self, used: Collection[str]) -> None:
        """Forget the sources that are not used, and delete a file without any."""
        unused = self._sources.keys() - set(used)
        for source in unused:
            del self._sources[source]
        if not self._sources:
            await self._store.async_remove()
        elif unused:
            self.save()


_MEMORY: HassKey[ActionMemory] = HassKey(f"{DOMAIN}_action_prices")


async def async_action_memory(hass: HomeAssistant) -> ActionMemory:
    """Return the memory of all actions, loaded."""
    memory = hass.data.setdefault(_MEMORY, ActionMemory(hass))
    await memory.async_load()
    return memory


def _stored(
    days: Mapping[date, KnownDay], refused: Mapping[date, Refusal]
) -> dict[str, Json]:
    """Return what is known of a source as it is stored."""
    return {
        "days": {
            day.isoformat(): [known.first, *known.prices] for day, known in days.items()
        },
        "refused": {
            day.isoformat(): [each.tries, each.asked] for day, each in refused.items()
        },
    }


def _read(stored: Mapping[str, Json]) -> dict[str, KnownDays]:
    """Return the known days of each source, which takes long for many years."""
    return {source: _read_source(as_object(each)) for source, each in stored.items()}


def _read_source(stored: dict[str, Json]) -> KnownDays:
    """Return the known days of a source; unreadable ones are asked for again."""
    known = KnownDays()
    for text, each in as_object(stored.get("days")).items():
        match as_day(text), each:
            case date() as day, [int() as first, *prices]:
                numbers = tuple(as_number(price) for price in prices)
                known.days[day] = KnownDay(first, numbers)
    for text, each in as_object(stored.get("refused")).items():
        match as_day(text), each:
            case date() as day, [int() as tries, int() | float() as asked]:
                known.refused[day] = Refusal(tries, asked)
    return known
