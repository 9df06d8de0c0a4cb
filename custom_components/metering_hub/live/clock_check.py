"""Keep latest readings away that cannot have been measured at their time.

Entities keep what they show, and go on with the next possible reading. Independent of
Home Assistant.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from ..backends.base import Latest
from ..backends.common.log_limit import limited_logger
from ..metering.model import Point, Reading
from ..metering.possible_times import PossibleTimes, has_clock
from ..metering.register_rules import Rule

_LOGGER = limited_logger(__name__)


class ClockCheck:
    """Checks the times of latest readings, and counts those it rejected by point."""

    def __init__(self, earliest: datetime) -> None:
        """Initialize the check; `earliest` is that of the backend's spec."""
        self._earliest = earliest
        self._accepted: Latest | None = None
        self._rejected: dict[str, datetime] = {}
        self.counts = Counter[str]()

    def possible(
        self,
        points: Collection[Point],
        latest: Latest,
        known: Mapping[str, Reading],
        now: datetime,
    ) -> Latest:
        """Return the result of a read with the `known` readings for impossible ones.

        `now` is the server's. What was possible before is not checked again, and of
        thousands of readings nearly all pass, so only the extremes are compared.
        """
        if latest is self._accepted or not latest.readings:
            return latest
        possible = PossibleTimes.until(now, self._earliest)
        times = [reading.time for reading in latest.readings.values()]
        ends = [reading.last_confirmed for reading in latest.readings.values()]
        if possible.earliest <= min(times) and max(times + ends) <= possible.latest:
            self._accepted = latest
            return latest
        readings = dict(latest.readings)
        for point in points:
            reading = readings.get(point.key)
            if reading is None or not has_clock(point):
                continue
            if (rule := possible.broken_rule(reading)) is None:
                continue
            self._count(point.key, reading, rule)
            if (before := known.get(point.key)) is not None:
                readings[point.key] = before
            else:
                del readings[point.key]
        return replace(latest, readings=readings)

    def _count(self, key: str, reading: Reading, rule: Rule) -> None:
        """Count a rejected reading once, and log the first one of its point."""
        if key not in self._rejected:
            # The key may have the serial number of a meter, and people publish logs.
            _LOGGER.debug("A reading has an impossible time: %s", rule)
        if self._rejected.get(key) != reading.time:
            self._rejected[key] = reading.time
            self.counts[key] += 1
