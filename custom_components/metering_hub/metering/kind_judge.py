"""Judge whether a series holds positions of a register or amounts per interval.

A single fall proves nothing: counters have false readings, are corrected, exchanged and
restarted. So the judge weighs how many of all changes are falls, before and after a
filter has removed short excursions, how large the changes are beside the values, and
whether the falls are restarts at zero. It says nothing while that is not certain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median

from .kind_words import named_kind
from .model import Kind

MIN_VALUES = 7
"""Values without which nothing is judged: fewer may increase by chance."""

MIN_SPAN = timedelta(days=2)
"""Amounts may rise all morning, but not through nights and days."""

MIN_CHANGES = 24
"""Changes of a register within days."""

MIN_SPARSE_CHANGES = 60
"""Changes of a register that has a value a day: amounts may rise for weeks."""

MIN_SMALL_CHANGES = 10
"""Changes of a register if they are small beside its position."""

MIN_DIFFERENT = 5
"""Different values of a register whose name says what it is."""

SMALL_CHANGE = 0.01
"""The share of the value up to which a change is small."""

REGISTER_FALLS = 0.15
"""The most falls among the changes of a register: it restarts once a day."""

AMOUNT_FALLS = 0.25
"""The least falls among the changes of amounts; about a half is usual."""

MIN_FALLS = 4
"""Falls of amounts, with and without short excursions."""

DIRT_SHARE = 0.25
"""The share of false readings that no meter has."""

MIN_DIRT = 8
"""False readings that are too many, whatever their share is by chance."""

ZERO_SHARE = 0.5
"""The share of zeros that no counter has after it has counted."""

SPARSE_GAP = timedelta(hours=6)
"""A series whose values are further apart does not show what happens within a day."""

FILTER_WIDTH = 5
"""The median of so many values hides excursions of up to two."""

type Values = Sequence[tuple[datetime, float]]
"""Values with their moments, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a series: values, and what its name and properties say.

    `lows` are the lowest values of hours or days, or simply all values. `highs` are the
    highest values of the same hours; they tell more where all lows are zero.
    """

    lows: Values
    highs: Values = ()
    text: str = ""


class Reason(StrEnum):
    """Why a series was judged as it was."""

    CONTRADICTORY = "contradictory"
    """Its lows are those of one kind, and its highs of the other."""

    FLUCTUATES = "fluctuates"
    """It falls about as often as it rises."""

    NAMED = "named"
    """Its values suggest a kind that its name confirms."""

    RISES = "rises"
    """It rises for days, and what falls are few."""

    SMALL_CHANGES = "small_changes"
    """It rises by little beside its values."""

    STANDS_STILL = "stands_still"
    """It never changes."""

    TOO_FEW = "too_few"
    """It has too few values."""

    RETURNS_TO_ZERO = "returns_to_zero"
    """It is zero most of the time, and was more in between."""

    UNCLEAR = "unclear"
    """Its values may be of either kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The kind of a series, or `None` while it is not certain, and the reason."""

    kind: Kind | None
    reason: Reason


def judge_kind(evidence: Evidence) -> Verdict:
    """Return the kind that all evidence of a series proves."""
    hint = named_kind(evidence.text)
    verdicts = [
        _judge(values, hint) for values in (evidence.lows, evidence.highs) if values
    ]
    decided = [verdict for verdict in verdicts if verdict.kind is not None]
    if len({verdict.kind for verdict in decided}) > 1:
        return Verdict(kind=None, reason=Reason.CONTRADICTORY)
    undecided = verdicts or [Verdict(kind=None, reason=Reason.TOO_FEW)]
    return (decided or undecided)[0]


@dataclass(frozen=True, slots=True)
class _Changes:
    """How the values of a series change: how many do, and how many of them fall."""

    count: int
    falls: int
    typical: float

    @classmethod
    def of(cls, values: Sequence[float]) -> _Changes:
        """Count the changes from each value to the next one."""
        steps = [after - before for before, after in pairwise(values)]
        changes = [step for step in steps if step]
        falls = sum(step < 0 for step in changes)
        typical = median(map(abs, changes)) if changes else 0.0
        return cls(len(changes), falls, typical)

    @property
    def share(self) -> float:
        """Return the share of falls."""
        return self.falls / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class _Course:
    """The course of a series, with and without its short excursions."""

    moments: Sequence[datetime]
    values: Sequence[float]
    changes: _Changes
    calm: _Changes
    are_small: bool

    @classmethod
    def of(cls, values: Values) -> _Course:
        """Return the course of a series."""
        numbers = [value for _, value in values]
        filtered = _without_excursions(numbers)
        calm = _Changes.of(filtered)
        return cls(
            [moment for moment, _ in values],
            numbers,
            _Changes.of(numbers),
            calm,
            are_small=calm.typical <= SMALL_CHANGE * median(map(abs, filtered)),
        )

    @property
    def span(self) -> timedelta:
        """Return the time from the first value to the last one."""
        return self.moments[-1] - self.moments[0]

    @property
    def is_sparse(self) -> bool:
        """Return True if values are about a day apart, or more."""
        gaps = sorted(after - before for before, after in pairwise(self.moments))
        return gaps[len(gaps) // 2] > SPARSE_GAP

    @property
    def restarts_daily(self) -> bool:
        """Return True if all falls, at most one a day, may be restarts at zero."""
        if self.is_sparse or self.changes.falls > self.span.days + 1:
            return False
        landings = [after for before, after in pairwise(self.values) if after < before]
        return max(landings, default=0.0) <= SMALL_CHANGE * max(self.values)


def _judge(values: Values, hint: Kind | None) -> Verdict:
    """Return the kind of a series of values."""
    if len(values) < MIN_VALUES:
        return Verdict(kind=None, reason=Reason.TOO_FEW)
    course = _Course.of(values)
    if not course.changes.count:
        return Verdict(kind=None, reason=Reason.STANDS_STILL)
    if (reason := _proof_of_register(course)) is not None:
        return Verdict(kind=Kind.REGISTER, reason=reason)
    if (reason := _proof_of_amounts(course)) is not None:
        return Verdict(kind=Kind.INTERVAL, reason=reason)
    if hint is not None and hint is _likely_kind(course):
        return Verdict(kind=hint, reason=Reason.NAMED)
    return Verdict(kind=None, reason=Reason.UNCLEAR)


def _proof_of_register(course: _Course) -> Reason | None:
    """Return the reason why a series holds positions, if it certainly does."""
    calm = course.calm
    if calm.share > REGISTER_FALLS or course.changes.share > 2 * REGISTER_FALLS:
        return None
    needed = MIN_SPARSE_CHANGES if course.is_sparse else MIN_CHANGES
    if calm.count >= needed and course.span >= MIN_SPAN:
        return Reason.RISES
    if calm.count >= MIN_SMALL_CHANGES and course.are_small:
        return Reason.SMALL_CHANGES
    return None


def _proof_of_amounts(course: _Course) -> Reason | None:
    """Return the reason why a series holds amounts, if it certainly does."""
    changes, calm, count = course.changes, course.calm, len(course.values)
    if (
        changes.falls < MIN_FALLS
        or changes.share < AMOUNT_FALLS
        or course.span < MIN_SPAN
        or course.restarts_daily
    ):
        return None
    zeros = sum(value == 0 for value in course.values)
    if zeros > ZERO_SHARE * count and changes.falls >= MIN_DIRT:
        return Reason.RETURNS_TO_ZERO
    is_calm_wave = calm.falls >= MIN_FALLS and calm.share >= AMOUNT_FALLS
    is_dirt_excluded = changes.falls >= max(MIN_DIRT, DIRT_SHARE * count)
    if not course.are_small and (is_calm_wave or is_dirt_excluded):
        return Reason.FLUCTUATES
    return None


def _likely_kind(course: _Course) -> Kind | None:
    """Return the kind that the values suggest, if its name may confirm it."""
    changes = course.changes
    if not changes.falls:
        is_likely = course.are_small and len(set(course.values)) >= MIN_DIFFERENT
        return Kind.REGISTER if is_likely else None
    is_likely = changes.falls >= MIN_FALLS and changes.share >= AMOUNT_FALLS
    return Kind.INTERVAL if is_likely else None


def _without_excursions(values: Sequence[float]) -> list[float]:
    """Return the median of the values around each one; at the ends, of fewer."""
    sides = (min(FILTER_WIDTH // 2, i, len(values) - 1 - i) for i in range(len(values)))
    return [
        sorted(values[index - side : index + side + 1])[side]
        for index, side in enumerate(sides)
    ]
