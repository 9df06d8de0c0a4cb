"""Estimates of the hours in a long gap, from the same hours of comparable days.

The weight of an hour is the mean of what was measured at the same local time on up to
three earlier days of the same kind. The weights share the advance of the register over
the gap, so the sum over the gap is exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress

from ...metering.quality import COMPARABLE_DAYS, LINE, MEASURED, UNKNOWN
from .comparable_days import DayKinds, hour_weights
from .rows import HOUR_SECONDS, NEVER, hour_start, rounded

KEPT_SECONDS = 35 * 24 * HOUR_SECONDS
"""The span of measured changes that is kept."""

KEPT_HOURS = 60 * 24
"""Old changes are dropped once this many are kept, which is rarely."""

_SECONDS = int(HOUR_SECONDS)

RECORDED_SECONDS = 150 * 24 * HOUR_SECONDS
"""The span of recorded positions that is kept: the hours that are not final, a long gap
before them, and what is noted ahead."""

MOST_RECORDED = 200 * 24
"""Old positions are dropped once more are kept, which is rarely."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A long gap between two readings, in epoch seconds.

    Its hours count from `at`, where the register stands at `position`; `start` is the
    reading before. Where that is not known, it is also `at`, and `inherited` is the
    code of the hour before.
    """

    start: float
    end: float
    at: float
    position: float
    end_position: float
    inherited: int = UNKNOWN


class Estimator:
    """Estimate the hours in the long gaps of one register.

    It collects the measured changes of the hours that are counted, and is told those
    before them.
    """

    def __init__(self, days: DayKinds | None) -> None:
        """Initialize with the kinds of days, or with `None` for straight lines only."""
        self._days = days
        self._changes: dict[float, float] = {}
        self._recorded: dict[float, tuple[float, int]] = {}

    def note_changes(self, changes: Mapping[float, float]) -> None:
        """Note changes of measured hours by the start of the hour (epoch seconds).

        Those of the 28 days before the first hour to be counted are enough.
        """
        self._changes.update(changes)

    def note_recorded(self, positions: Mapping[float, tuple[float, int]]) -> None:
        """Note recorded positions, and the codes of the hours that they end.

        The keys are the ends of the hours (epoch seconds).
        """
        self._recorded.update(positions)
        if len(self._recorded) > MOST_RECORDED:
            oldest = max(self._recorded) - RECORDED_SECONDS
            self._recorded = {
                end: known for end, known in self._recorded.items() if end >= oldest
            }

    def collect(
        self, first: float, changes: Iterable[float], codes: Sequence[int]
    ) -> None:
        """Collect the changes of consecutive hours that were measured.

        `first` is the start of the first hour (epoch seconds).
        """
        if self._days is None:
            return
        hours = range(int(first), int(first) + _SECONDS * len(codes), _SECONDS)
        are_measured = [code == MEASURED for code in codes]
        self._changes.update(compress(zip(hours, changes, strict=True), are_measured))
        newest = next(compress(reversed(hours), reversed(are_measured)), NEVER)
        if newest != NEVER and len(self._changes) > KEPT_HOURS:
            oldest = newest - KEPT_SECONDS
            self._changes = {
                start: change
                for start, change in self._changes.items()
                if start >= oldest
            }

    @property
    def has_recorded(self) -> bool:
        """Return True if any recorded position is noted."""
        return bool(self._recorded)

    def measured_position(self, end: float) -> float | None:
        """Return the recorded position at the end of an hour, if it was measured.

        Both ends of a measured hour were measured.
        """
        position, code = self._recorded.get(end, (None, None))
        _, next_code = self._recorded.get(end + HOUR_SECONDS, (None, None))
        return position if MEASURED in (code, next_code) else None

    def recorded_estimates(
        self, ends: Sequence[float], before: float, after: float
    ) -> list[tuple[float, int]] | None:
        """Return the recorded estimates at consecutive ends of hours, with their codes.

        The result is `None` unless all are estimates of the gap, and the register is
        still recorded at `before` and `after`, an hour before and after these ends.
        """
        outer = (
            self._recorded.get(ends[0] - HOUR_SECONDS),
            self._recorded.get(ends[-1] + HOUR_SECONDS),
        )
        if outer[0] is None or outer[1] is None:
            return None
        if (rounded(outer[0][0]), rounded(outer[1][0])) != (before, after):
            return None
        found = [self._recorded[end] for end in ends if end in self._recorded]
        positions = [before, *(rounded(position) for position, _ in found), after]
        if (
            len(found) < len(ends)
            or any(code not in (LINE, COMPARABLE_DAYS) for _, code in found)
            or positions != sorted(positions)
        ):
            return None
        return [
            (position, code)
            for position, (_, code) in zip(positions[1:-1], found, strict=True)
        ]

    def positions(self, gap: Gap) -> list[float] | None:
        """Return the positions at the whole hours after `gap.at`, before its end.

        Each one follows from the one before, so hours that resume at any of them are
        the same. The result is `None` if the gap is a straight line.
        """
        first = hour_start(gap.start)
        if self._days is None or gap.inherited == LINE:
            return None
        parts = hour_weights(self._days, self._changes, first, gap.end)
        if parts is None:
            return None
        last = first + (len(parts) - 1) * HOUR_SECONDS
        parts[0] *= 1 - (gap.start - first) / HOUR_SECONDS
        parts[-1] *= (gap.end - last) / HOUR_SECONDS
        remaining = [*accumulate(reversed(parts))][::-1]
        if remaining[0] <= 0 and gap.inherited != COMPARABLE_DAYS:
            return None
        found: list[float] = []
        position = gap.position
        counted = int((hour_start(gap.at) - first) / HOUR_SECONDS)
        for part, rest in zip(parts[counted:-1], remaining[counted:], strict=False):
            if rest > 0:
                advance = (gap.end_position - position) * (part / rest)
                position = min(rounded(position + advance), gap.end_position)
            found.append(position)
        return found
