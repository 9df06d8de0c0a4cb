"""Notice that a meter was exchanged, by the serial numbers in the newest telegram.

Stored telegrams carry no serial number, so an exchange is only seen live: somewhere
between the last telegram known to be of the old meter and the first one known to be of
the new one. Of the serial numbers only salted digests are kept.
Source: docs/wire/dsmr_reader.md, Raw telegram.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
import hashlib
import secrets

from ..common.http import Json
from ..common.parse import as_object, as_objects, as_text
from ..common.times import as_utc_moment
from .meters import ELECTRICITY_KEYS, MOST_PER_HOUR

HOUR = timedelta(hours=1)
MOST_EXCHANGES = 20
"""The number of exchanges that are kept, which takes a meter centuries."""

ROUNDING = 0.001
"""The positions of two telegrams differ by this much more than the power allows."""

type Positions = Mapping[str, float]
"""The positions of a meter's registers by key."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The exchange of a meter: its new telegrams begin after `after`, or at `at`."""

    meter: str
    after: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class _Sighting:
    """The digest of a meter's serial number, and the latest telegram that has it."""

    digest: str
    time: datetime


def is_break(before: Positions, now: Positions, elapsed: timedelta) -> bool:
    """Return True if no meter can have advanced like that between two telegrams."""
    most = MOST_PER_HOUR * (elapsed / HOUR) + ROUNDING
    return any(
        value < before[key] or (key in ELECTRICITY_KEYS and value - before[key] > most)
        for key, value in now.items()
        if key in before
    )


class MeterExchanges:
    """The meters as they were seen last, and their exchanges."""

    def __init__(self) -> None:
        """Initialize without any meter seen."""
        self._salt = ""
        self._seen: dict[str, _Sighting] = {}
        self._exchanges: list[Exchange] = []

    def see(
        self,
        serials: Mapping[str, str | None],
        time: datetime,
        before: datetime | None = None,
    ) -> frozenset[str]:
        """Note the meters of a telegram, and return those that were exchanged.

        `serials` are the serial numbers by the keys of the devices. `before` is the
        time of a later telegram of the old meters than the last one that was noted, if
        there is one. If a new meter's clock is behind the old one's, no moment divides
        their telegrams: the order of arrival does.
        """
        exchanged: set[str] = set()
        for meter, serial in serials.items():
            if serial is None:
                continue
            digest, known = self._digest(serial), self._seen.get(meter)
            self._seen[meter] = _Sighting(digest, time)
            if known is None or known.digest == digest:
                continue
            exchanged.add(meter)
            after = max(known.time, before or known.time)
            if after < time:
                self._exchanges.append(Exchange(meter, after, time))
        del self._exchanges[:-MOST_EXCHANGES]
        return frozenset(exchanged)

    def since(self, start: datetime) -> Sequence[Exchange]:
        """Return the exchanges that were seen at `start` or later, oldest first."""
        return [each for each in self._exchanges if each.at >= start]

    def settle(self, exchange: Exchange, at: datetime) -> None:
        """Note the first telegram of the new meter, so that it is not searched again.

        By the time that most telegrams of that hour are deleted, it is known.
        """
        if exchange in self._exchanges:
            index = self._exchanges.index(exchange)
            self._exchanges[index] = Exchange(exchange.meter, at, at)

    def remember(self) -> dict[str, Json]:
        """Return the digests and moments, or nothing if no meter was seen."""
        if not self._seen:
            return {}
        return {
            "salt": self._salt,
            "meters": {
                meter: {"digest": seen.digest, "time": seen.time.isoformat()}
                for meter, seen in sorted(self._seen.items())
            },
            "exchanges": [
                {
                    "meter": each.meter,
                    "after": each.after.isoformat(),
                    "at": each.at.isoformat(),
                }
                for each in self._exchanges
            ],
        }

    def restore(self, memory: Mapping[str, Json]) -> None:
        """Restore what was remembered; unreadable parts are ignored."""
        if (salt := as_text(memory.get("salt"))) is None:
            return
        self._salt = salt
        for meter, value in as_object(memory.get("meters")).items():
            row = as_object(value)
            digest, time = as_text(row.get("digest")), as_utc_moment(row.get("time"))
            if digest and time:
                self._seen[meter] = _Sighting(digest, time)
        for row in as_objects(memory.get("exchanges")):
            meter_key = as_text(row.get("meter"))
            after, at = as_utc_moment(row.get("after")), as_utc_moment(row.get("at"))
            if meter_key and after and at:
                self._exchanges.append(Exchange(meter_key, after, at))

    def _digest(self, serial: str) -> str:
        """Return the digest of a serial number, which others cannot recompute."""
        self._salt = self._salt or secrets.token_hex(16)
        return hashlib.sha256(f"{self._salt}{serial}".encode()).hexdigest()[:20]


class NewRegisters:
    """Finds the first telegram of each new meter in one pass, oldest first."""

    def __init__(self, exchanges: MeterExchanges, start: datetime) -> None:
        """Initialize for a pass that begins at `start`."""
        self._exchanges = exchanges
        self._pending = [*exchanges.since(start)]
        self._before: dict[str, tuple[datetime, Positions]] = {}

    def is_pending(self, meter: str) -> bool:
        """Return True if a new meter's telegrams are still to come."""
        return any(each.meter == meter for each in self._pending)

    def is_first(self, meter: str, time: datetime, positions: Positions) -> bool:
        """Return True for the first telegram of a new meter.

        It is the first one that the old meter cannot have sent, or the first one that
        is known to be the new meter's.
        """
        last = self._before.get(meter)
        self._before[meter] = (time, positions)
        for each in self._pending:
            if each.meter != meter or time <= each.after < each.at:
                continue
            is_found = time >= each.at or (
                last is not None and is_break(last[1], positions, time - last[0])
            )
            if is_found:
                self._pending.remove(each)
                if each.after < each.at:
                    self._exchanges.settle(each, time)
            return is_found
        return False
