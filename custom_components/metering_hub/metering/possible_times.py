"""Decide whether a reading can have been measured at the time that it bears.

A clock that nobody has set begins in 1970 or 2000, and one that was set wrongly may run
ahead. Such a reading is rejected and not placed elsewhere: nobody knows when it was
measured. The current time is an argument, because it is the server's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from .model import Kind, Point, Reading, Role
from .reading_columns import ReadingColumns, number
from .register_rules import Rejected, Rule

TOLERANCE = timedelta(minutes=5)
"""How far the clocks of a meter and of its server may differ."""

MEASURED = frozenset({Kind.REGISTER, Kind.INTERVAL, Kind.INSTANT, Kind.UNDECIDED})


def has_clock(point: Point) -> bool:
    """Return True if the times of a point's readings come from a clock.

    A price is valid from a day that a person has entered, which may be long ago, and
    the time of a setting is the day on which it was set.
    """
    is_timed = point.kind in MEASURED or point.stale_after is not None
    return is_timed and point.role is not Role.PRICE


@dataclass(frozen=True, slots=True)
class PossibleTimes:
    """The span in which readings can have been measured, ends included."""

    earliest: datetime
    latest: datetime

    @classmethod
    def until(cls, now: datetime, earliest: datetime) -> Self:
        """Return the span from `earliest` to a little after the server's `now`."""
        return cls(earliest, now + TOLERANCE)

    def broken_rule(self, reading: Reading) -> Rule | None:
        """Return the rule that a reading breaks, if its time is impossible.

        A source cannot confirm a reading in the future either.
        """
        if reading.time < self.earliest:
            return Rule.TOO_OLD
        if reading.time > self.latest or reading.last_confirmed > self.latest:
            return Rule.FUTURE
        return None

    def split(
        self, readings: Sequence[Reading]
    ) -> tuple[Sequence[Reading], list[Rejected]]:
        """Return the possible readings, and the numeric ones that are rejected.

        Nothing is copied if all are possible, which is nearly always the case.
        """
        if not readings:
            return readings, []
        if isinstance(readings, ReadingColumns):
            return self._split_columns(readings)
        rules = [self.broken_rule(reading) for reading in readings]
        if not any(rules):
            return readings, []
        rejected = [
            Rejected(reading.time.timestamp(), value, rule)
            for reading, rule in zip(readings, rules, strict=True)
            if rule is not None and (value := number(reading.value)) is not None
        ]
        possible = [
            reading
            for reading, rule in zip(readings, rules, strict=True)
            if rule is None
        ]
        return possible, rejected

    def _split_columns(
        self, columns: ReadingColumns
    ) -> tuple[ReadingColumns, list[Rejected]]:
        """Split columns, by comparing no more than their ends if all is well."""
        first, last = self.earliest.timestamp(), self.latest.timestamp()
        if first <= min(columns.times) and max(columns.times) <= last:
            return columns, []
        are_possible = [first <= time <= last for time in columns.times]
        rejected = [
            Rejected(time, value, Rule.TOO_OLD if time < first else Rule.FUTURE)
            for time, value in zip(columns.times, columns.values, strict=True)
            if not first <= time <= last
        ]
        return columns.selected(are_possible), rejected
