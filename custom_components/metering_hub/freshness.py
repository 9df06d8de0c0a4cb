"""Notice readings that are no longer true."""

from datetime import datetime

from .model import Point, Reading


class Freshness:
    """Remembers when each point last had something new to say.

    Ages are counted from the moment at which a newer reading was seen, so that a
    server's clock that is wrong does no harm; only of the very first reading, the age
    is what its own time says.
    """

    def __init__(self) -> None:
        """Start without having seen anything."""
        self._seen: dict[str, tuple[datetime, datetime]] = {}

    def is_stale(self, point: Point, reading: Reading, now: datetime) -> bool:
        """Take note of a reading; tell whether it is older than its point allows."""
        if point.stale_after is None:
            return False
        vouched_for = reading.vouched_for
        if (seen := self._seen.get(point.key)) is None:
            seen = (vouched_for, min(vouched_for, now))
        elif vouched_for > seen[0]:
            seen = (vouched_for, now)
        self._seen[point.key] = seen
        return now - seen[1] > point.stale_after
