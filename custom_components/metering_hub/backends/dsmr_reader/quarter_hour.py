"""The mean power of the running quarter of an hour, and what it is going to be.

Belgian grid fees depend on the highest quarter of each month. The server tells a
quarter's mean only when it is over, but the positions show it while it runs.
"""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...metering.model import Reading
from .client import DsmrReaderClient
from .meters import ELECTRICITY_METER, MOST_PER_HOUR, STALE_AFTER
from .models import StoredTelegram
from .readings import Readings
from .totals import IMPORT_TOTAL, TOTALS

AVERAGE_KEY = "quarter_hour_average"
PROJECTION_KEY = "quarter_hour_projection"

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
RECENT = timedelta(minutes=1)
"""The power of the last minute is expected to go on; that of a moment jumps."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Position:
    """The delivered energy in kWh that the meter showed at a moment, in UTC."""

    time: datetime
    energy: float


class QuarterHour:
    """Follows the positions through the quarters of an hour."""

    def __init__(self, client: DsmrReaderClient) -> None:
        """Initialize without any position."""
        self._client = client
        self._recent: deque[_Position] = deque()
        self._quarter: datetime | None = None
        self._begin: float | None = None

    async def readings(self, telegram: StoredTelegram) -> Readings:
        """Return the mean of the quarter so far and its projection, in kW.

        Both are missing in a quarter whose first position is not known. Fetches the
        telegrams at the start of the quarter if it was not seen.
        """
        if (now := _position(telegram)) is None:
            return {}
        quarter = now.time - (now.time - _EPOCH) % QUARTER
        if ELECTRICITY_METER in telegram.new_meters or self._falls_with(now):
            self._recent.clear()
            self._quarter, self._begin = quarter, None
        self._note(now)
        if quarter != self._quarter:
            self._begin = await self._energy_at(quarter, now)
            self._quarter = quarter
        if self._begin is None:
            return {}
        return self._readings(telegram, now, now.energy - self._begin)

    def _readings(
        self, telegram: StoredTelegram, now: _Position, used: float
    ) -> Readings:
        """Return the readings of a quarter in which `used` kWh were delivered."""
        elapsed = (now.time - _EPOCH) % QUARTER
        if not elapsed or not 0 <= used <= MOST_PER_HOUR * (elapsed / HOUR) + 1:
            return {}
        found = {AVERAGE_KEY: used / (elapsed / HOUR)}
        if (power := self._power(telegram, now)) is not None:
            rest = power * ((QUARTER - elapsed) / HOUR)
            found[PROJECTION_KEY] = (used + rest) / (QUARTER / HOUR)
        return {
            key: Reading(time=now.time, value=round(value, 3))
            for key, value in found.items()
        }

    def _power(self, telegram: StoredTelegram, now: _Position) -> float | None:
        """Return the power of the last minute, or else of this moment, in kW."""
        before = self._recent[0]
        elapsed = now.time - before.time
        if RECENT <= elapsed <= STALE_AFTER:
            return (now.energy - before.energy) / (elapsed / HOUR)
        current = telegram.numbers.get("electricity_currently_delivered")
        return None if current is None else float(current)

    def _falls_with(self, now: _Position) -> bool:
        """Return True if the meter shows less than before."""
        return bool(self._recent) and now.energy < self._recent[-1].energy

    def _note(self, now: _Position) -> None:
        """Note a position, and forget all but one of those older than a minute."""
        if not self._recent or now.time > self._recent[-1].time:
            self._recent.append(now)
        while len(self._recent) > 1 and now.time - self._recent[1].time >= RECENT:
            self._recent.popleft()

    async def _energy_at(self, quarter: datetime, now: _Position) -> float | None:
        """Return the position at the start of a quarter, on a line between two."""
        before = next((p for p in reversed(self._recent) if p.time <= quarter), None)
        after = next((p for p in self._recent if p.time >= quarter), now)
        if before is None or after.time - before.time > RECENT:
            ends = quarter - STALE_AFTER, quarter
            found = await self._client.latest_telegram(*ends)
            before = _position(found) if found else None
            found = await self._client.oldest_telegram(quarter, now.time)
            after = (found and _position(found)) or now
        if before is None or not before.time <= quarter <= after.time:
            return None
        if after.energy < before.energy:
            return None
        if after.time == before.time:
            return before.energy
        part = (quarter - before.time) / (after.time - before.time)
        return before.energy + part * (after.energy - before.energy)


def _position(telegram: StoredTelegram) -> _Position | None:
    """Return what a telegram's registers have delivered, if it has all of them."""
    parts = [telegram.numbers.get(part) for part in TOTALS[IMPORT_TOTAL]]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    return _Position(telegram.time, float(sum(found)))
