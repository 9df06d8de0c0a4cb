"""Rebuild a register's positions from a few known ones and the amounts of the hours.

The server's amounts per hour are too low (by about 1.5 % for electricity and 8 % for
gas), its positions are exact. So the amounts only decide how the difference between two
positions is spread over the hours in between. The positions there are estimated.
Source: docs/wire/dsmr_reader.md, Accuracy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import inf

from ...metering.model import ESTIMATED, NEW_REGISTER, Reading
from ..common.times import whole_hour

HOUR = timedelta(hours=1)
DECIMALS = 3
"""The decimals of the server's positions and amounts."""

LONGEST_GAP = timedelta(days=3)
"""Between positions further apart, the amounts of the hours are no good guide."""

MIN_UNKNOWN_HOURS = 0.5
"""From this many hours without an amount on, they share what the known amounts leave.

Fewer are only the part of an hour between midnight and the day's first telegram.
"""

_JUST_AFTER = timedelta(seconds=1)
"""A new meter's first position is this long after the old one's last position."""

type Amounts = Mapping[datetime, float]
"""Amounts by the start of their hour in UTC, oldest first."""


@dataclass(frozen=True, slots=True)
class Position:
    """The value that a meter showed at a moment, in UTC."""

    time: datetime
    value: float


class RegisterHistory:
    """The positions of one register, rebuilt oldest first.

    `count_back` comes first, once for each block of hours up to the first known
    position. Then `advance` is called for each known position in turn, and `count`
    while there is none yet. Both return the readings since the last call.
    """

    def __init__(self, most_per_hour: float = inf) -> None:
        """Initialize the register without any position.

        A meter advances by at most `most_per_hour`.
        """
        self._most_per_hour = most_per_hour
        self._has_left = False
        self._last: Position | None = None
        self._amount_before = 0.0
        self._counted: float | None = None
        self._counting_from: datetime | None = None

    @property
    def last_time(self) -> datetime | None:
        """Return the time of the latest known position so far."""
        return self._last.time if self._last else None

    def count_back(self, hours: Amounts, first: Position | None, end: datetime) -> None:
        """Add the amounts of a block that ends at `end`, up to the first position.

        `first` is the first known position, or `None` if this block has none.
        """
        limit = first.time if first else end
        for hour, amount in hours.items():
            if amount and hour < limit:
                self._counting_from = self._counting_from or hour
                self._amount_before += amount * min(1.0, (limit - hour) / HOUR)
        if first is not None:
            self._counted = first.value - self._amount_before

    def advance(self, position: Position, hours: Amounts) -> list[Reading]:
        """Return the readings up to the next known position, which is the last one."""
        if self._last is None:
            found = self.count(hours, position.time)
        elif position.time <= self._last.time:
            return []
        elif is_exchange(self._last, position, self._most_per_hour):
            before, self._last, self._has_left = self._last, position, False
            return positions_of_two_meters(before, position, hours, self._most_per_hour)
        else:
            found = self.leave(hours, position.time, position.value)
            found += positions_between(self._last, position, hours)
        self._last, self._has_left = position, False
        return [*found, Reading(time=position.time, value=position.value)]

    def leave(
        self, hours: Amounts, limit: datetime, highest: float = inf
    ) -> list[Reading]:
        """Return the readings before a long gap, which lasts at least until `limit`.

        They are returned once. `highest` is the position after the gap, if it is known.
        """
        last = self._last
        if last is None or self._has_left or limit - last.time <= LONGEST_GAP:
            return []
        self._has_left = True
        return [*positions_before_gap(last, hours, highest)]

    def count(self, hours: Amounts, limit: datetime) -> list[Reading]:
        """Return the readings before the first known position, by amounts alone."""
        found: list[Reading] = []
        if self._last is not None or self._counted is None:
            return found
        for hour, amount in hours.items():
            begin = self._counting_from
            if begin is None or not begin <= hour < limit:
                continue
            if not found or found[-1].time != hour:
                found.append(_estimate(hour, self._counted))
            self._counted += amount * min(1.0, (limit - hour) / HOUR)
            self._counting_from = end = hour + HOUR
            if end < limit:
                found.append(_estimate(end, self._counted))
        return found


def positions_between(
    before: Position, after: Position, amounts: Amounts
) -> Iterator[Reading]:
    """Yield positions at the ends of the hours between two known positions.

    The known amounts are scaled so that they add up to the difference. Hours without an
    amount (an outage) share what the known ones leave. Nothing is yielded if no amount
    is known, or if the positions are too far apart.
    """
    total = after.value - before.value
    if total <= 0 or after.time - before.time > LONGEST_GAP:
        return
    parts = dict(_overlaps(before.time, after.time))
    known = {
        hour: amounts[hour] * part for hour, part in parts.items() if hour in amounts
    }
    if not (known_sum := sum(known.values())):
        return
    unknown = sum(part for hour, part in parts.items() if hour not in known)
    rest = max(0.0, total - known_sum) if unknown >= MIN_UNKNOWN_HOURS else 0.0
    factor = (total - rest) / known_sum
    share = rest / unknown if unknown else 0.0
    value = before.value
    for hour, part in parts.items():
        value += known[hour] * factor if hour in known else part * share
        end = hour + HOUR
        # Hours without amounts are a straight line, which needs no positions.
        if end < after.time and (hour in known or end in known):
            yield _estimate(end, min(value, after.value))


def is_exchange(before: Position, after: Position, most_per_hour: float) -> bool:
    """Return True if no meter can have advanced from one position to the other."""
    advance, elapsed = after.value - before.value, after.time - before.time
    return advance < 0 or advance > most_per_hour * (elapsed / HOUR)


def positions_of_two_meters(
    before: Position, after: Position, amounts: Amounts, most_per_hour: float
) -> list[Reading]:
    """Return the positions from one of an old meter to one of its successor.

    Nothing tells when the meter was exchanged. The new one is counted back from its
    position for as long as it is not below zero; whichever meter an hour is counted on,
    it has the same amount. Only the hour of the exchange is lost: the server's amount
    for it is the difference of two meters' positions.
    """
    hours = [
        (max(hour, before.time), min(hour + HOUR, after.time), amount)
        for hour, amount in amounts.items()
        if before.time < hour + HOUR and hour < after.time
    ]
    parts = [
        amount * ((end - start) / HOUR) if amount <= most_per_hour else 0.0
        for start, end, amount in hours
    ]
    total = sum(parts)
    counted = [0.0, *accumulate(parts)]
    first = next(
        (n for n, part in enumerate(counted) if part >= total - after.value),
        len(hours),
    )
    found = [
        _estimate(end, before.value + counted[n + 1])
        for n, (_, end, _) in enumerate(hours[:first])
    ]
    for n, (start, end, _) in enumerate(hours[first:], first):
        if n == first:
            begin = after.value - total + counted[n]
            found.append(_estimate(start + _JUST_AFTER, begin, NEW_REGISTER))
        if end < after.time:
            found.append(_estimate(end, after.value - total + counted[n + 1]))
    quality = NEW_REGISTER if first == len(hours) else None
    return [*found, Reading(time=after.time, value=after.value, quality=quality)]


def positions_before_gap(
    before: Position, amounts: Amounts, highest: float
) -> Iterator[Reading]:
    """Yield the positions after the last known one for as long as hours have amounts.

    The next known position, `highest`, is more than LONGEST_GAP later.
    """
    value, hour = before.value, whole_hour(before.time)
    while hour in amounts and hour < before.time + LONGEST_GAP:
        end = hour + HOUR
        value += amounts[hour] * ((end - max(hour, before.time)) / HOUR)
        yield _estimate(end, min(value, highest))
        hour = end


def _estimate(time: datetime, value: float, quality: str = ESTIMATED) -> Reading:
    """Return a reading that was counted by amounts."""
    return Reading(time=time, value=round(value, DECIMALS), quality=quality)


def _overlaps(start: datetime, end: datetime) -> Iterator[tuple[datetime, float]]:
    """Yield the hours of a span, each with the part of it that is inside the span."""
    hour = whole_hour(start)
    while hour < end:
        yield hour, (min(end, hour + HOUR) - max(start, hour)) / HOUR
        hour += HOUR
