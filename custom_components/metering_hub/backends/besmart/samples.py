"""Which of a signal's samples count.

Answers mix measured samples with predicted, calculated, estimated and corrected ones,
may hold a time more than once, in any order, and mark deleted samples. Source of the
origins' numbers: ../shared/wire/besmart.md, "Signal data".
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from .answers import Sample

MEASURED, PREDICTED, CALCULATED, ESTIMATED, CORRECTED = 1, 2, 3, 4, 5

_LATEST = (MEASURED, CORRECTED, ESTIMATED, CALCULATED)
_PAST = (CORRECTED, MEASURED, ESTIMATED, CALCULATED)

type Origins = Mapping[int, float]
"""Values of one moment by their origin."""


class Value(NamedTuple):
    """A value that counts, and when it was measured (epoch seconds)."""

    time: float
    value: float


def by_time(samples: Iterable[Sample], since: float, till: float) -> dict[float, Origins]:
    """Return the values in [since, till] by time and origin, predictions left out.

    The later of two rows of a time counts. A deletion deletes what stands before it of
    its time, whatever its origin, but a deleted prediction only itself.
    """
    found: dict[float, dict[int, float]] = {}
    for time, value, origin in samples:
        if origin not in _PAST or not since <= time <= till:
            continue
        if value is None:
            found.pop(time, None)
        else:
            found.setdefault(time, {})[origin] = value
    return dict(found)


def newest(found: Mapping[float, Origins]) -> Value | None:
    """Return the newest measured value, else the newest of the next best origin.

    Where a measured value was corrected, it is the corrected one.
    """
    for origin in _LATEST:
        if times := [time for time, values in found.items() if origin in values]:
            time = max(times)
            return Value(time, found[time].get(CORRECTED, found[time][origin]))
    return None


def series(found: Mapping[float, Origins]) -> Sequence[Value]:
    """Return one value for each time, oldest first: the corrected one if there is."""
    return [
        Value(time, next(values[origin] for origin in _PAST if origin in values))
        for time, values in sorted(found.items())
    ]


def first_time(samples: Iterable[Sample], since: float, till: float) -> float | None:
    """Return the time of the oldest sample in [since, till] that is no prediction."""
    return min(
        (
            time
            for time, value, origin in samples
            if value is not None and origin in _PAST and since <= time <= till
        ),
        default=None,
    )


def only_grows(values: Sequence[Value], span: float) -> bool | None:
    """Tell whether values never fall; `None` where they say too little to tell.

    They must cover `span` seconds and grow at all, because the amounts of a morning
    grow, too, and those of a night stand still.
    """
    if any(after.value < before.value for before, after in pairwise(values)):
        return False
    if not values or values[-1].time - values[0].time < span:
        return None
    return True if values[-1].value > values[0].value else None
