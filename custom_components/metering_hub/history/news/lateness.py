"""Judge whether the data of a meter are later than usual."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from ...backends.common.http import Json
from ...backends.common.parse import as_object

LATE_AFTER = timedelta(hours=6)
"""Data are not late before, however often they usually come."""

LATE_INTERVALS = 3
"""The number of imports without data after which they are late."""

USUAL_DELAYS = 3
"""The number of long delays in a row that make the shortest of them a usual one."""

MARGIN = 1.5
"""How much longer than a usual delay data are awaited."""


def late_after(interval: timedelta) -> timedelta:
    """Return the age of the newest hour from which data imported so often are late."""
    return max(LATE_AFTER, LATE_INTERVALS * interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """What is known of how late the data of one meter are.

    `is_late` is `None` until they have been on time once: data that a server has never
    had are not late. `delays` are the last ones, in seconds, that were longer than the
    limit for any meter and have ended.
    """

    is_late: bool | None = None
    latest: datetime | None = None
    delays: tuple[float, ...] = ()

    @classmethod
    def parse(cls, stored: Json) -> Self:
        """Return the stored state, without the moment of the newest hour."""
        found = as_object(stored)
        is_late, delays = found.get("late"), found.get("delays")
        return cls(
            is_late=is_late if isinstance(is_late, bool) else None,
            delays=tuple(
                delay
                for delay in (delays if isinstance(delays, list) else ())
                if isinstance(delay, float)
            )[-USUAL_DELAYS:],
        )

    def as_json(self) -> dict[str, Json]:
        """Return what is stored."""
        return {"late": self.is_late, "delays": [*self.delays]}

    def seen(self, latest: datetime, now: datetime, limit: timedelta) -> Self:
        """Return what is known once the newest hour is seen to end at `latest`.

        A platform that is sent its data once a day delays them each day. That is not
        late once it has happened three times. Both moments are aware.
        """
        delays = self.delays
        if self.latest is not None and latest > self.latest:
            ended = (now - self.latest).total_seconds()
            if ended > limit.total_seconds():
                delays = (*delays, ended)[-USUAL_DELAYS:]
        age, longest = (now - latest).total_seconds(), limit.total_seconds()
        if len(delays) == USUAL_DELAYS:
            longest = max(longest, MARGIN * min(delays))
        is_late = age > longest
        return replace(
            self,
            is_late=None if is_late and self.is_late is None else is_late,
            latest=latest,
            delays=delays,
        )
