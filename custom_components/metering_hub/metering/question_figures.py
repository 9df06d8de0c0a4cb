"""Tell in a few figures how a series behaved, so that a person can say what it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The hourly lows of a week in figures; `largest_fall` is 0 without a fall."""

    hours: int
    first: float
    last: float
    lowest: float
    highest: float
    falls: int
    largest_fall: float


def figures_of(week: Sequence[tuple[datetime, float]]) -> Figures | None:
    """Return the figures of hourly lows, oldest first, or `None` if there are none."""
    if not week:
        return None
    values = [value for _, value in week]
    falls = [before - after for before, after in pairwise(values) if after < before]
    return Figures(
        hours=len(values),
        first=values[0],
        last=values[-1],
        lowest=min(values),
        highest=max(values),
        falls=len(falls),
        largest_fall=max(falls, default=0.0),
    )
