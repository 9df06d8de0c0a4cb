"""Decide when the positions of the extra meter were measured.

Telegrams repeat a position with the extra meter's own time. A clock that was never set
says 1970 or 2000, a broken one 2070, or the same time for ever. While such a meter
counts, the telegram's time is the best that is known: history, live values and the
statistics of days use it alike.
Source: docs/wire/dsmr_reader.md, Extra meter.
"""

from datetime import datetime

from ..base import EARLIEST
from .meters import EXTRA_LAG


def possible_stamp(stamp: datetime | None, telegram: datetime) -> datetime:
    """Return the extra meter's time, or that of the telegram if it is impossible.

    A telegram can only contain what was measured before it.
    """
    if stamp is None or not EARLIEST <= stamp <= telegram:
        return telegram
    return stamp


class ExtraClock[Position]:
    """Judges the extra meter's clock by its telegrams, oldest first."""

    def __init__(self) -> None:
        """Initialize without a telegram; the first time is taken as it is."""
        self._shown: tuple[datetime | None, Position] | None = None
        self._latest: datetime | None = None
        self._is_wrong = False

    @property
    def is_new(self) -> bool:
        """Return True before the first telegram."""
        return self._shown is None

    def measured_at(
        self, telegram: datetime, stamp: datetime | None, position: Position
    ) -> datetime:
        """Return when the position in a telegram was measured.

        A position or a time that is new but claims to be old shows that the clock is
        wrong. What is not new may be old: the meter may have stopped long ago.
        """
        measured = possible_stamp(stamp, telegram)
        if self._shown is not None and (stamp, position) != self._shown:
            self._is_wrong = measured < telegram - EXTRA_LAG
        is_back = self._latest is not None and measured < self._latest
        if self._is_wrong or is_back:
            measured = telegram
        self._shown, self._latest = (stamp, position), measured
        return measured
