"""Which of a signal's samples count.

Answers mix measured samples with predicted, calculated, estimated and corrected ones,
may hold a time more than once, in any order, and mark deleted samples. Source of the
origins' numbers: ../shared/wire/besmart.md, "Signal data".
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import batched, pairwise

from ..common.concurrency import LoopYielder
from .models import Sample

MEASURED, PREDICTED, CALCULATED, ESTIMATED, CORRECTED = 1, 2, 3, 4, 5

_LATEST = (MEASURED, CORRECTED, ESTIMATED, CALCULATED)
_PAST = (CORRECTED, MEASURED, ESTIMATED, CALCULATED)
AT_ONCE = 2000
"""Samples between two turns of others."""

type Value = tuple[float, float]
"""When a value that counts was measured, in epoch seconds, and the value."""

type Values = Mapping[int, Mapping[float, float]]
"""For each origin, values by the time at which they were measured."""


async def by_origin(
    samples: Iterable[Sample],
    since: float,
    till: float,
    yielder: LoopYielder | None = None,
) -> Values:
    """Return the values in [since, till], predictions left out.

    The later of two rows of a time counts. A deletion deletes what stands before it of
    its time, whatever its origin, but a deleted prediction only itself.
    """
    yielder = yielder or LoopYielder(AT_ONCE)
    found: dict[int, dict[float, float]] = {origin: {} for origin in _PAST}
    for part in batched(samples, AT_ONCE, strict=False):
        for time, value, origin in part:
            if origin not in found or not since <= time <= till:
                continue
            if value is not None:
                found[origin][time] = value
                continue
            for values in found.values():
                values.pop(time, None)
        await yielder.spend(len(part))
    return found


def newest(found: Values) -> Value | None:
    """Return the newest measured value, else the newest of the next best origin.

    Where a measured value was corrected, it is the corrected one.
    """
    for origin in _LATEST:
        if values := found[origin]:
            time = max(values)
            return time, found[CORRECTED].get(time, values[time])
    return None


def series(found: Values) -> Sequence[Value]:
    """Return one value for each time, oldest first: the corrected one if there is."""
    best: dict[float, float] = {}
    for origin in reversed(_PAST):
        best |= found[origin]
    return sorted(best.items())


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
    if any(after < before for (_, before), (_, after) in pairwise(values)):
        return False
    if not values or values[-1][0] - values[0][0] < span:
        return None
    return True if values[-1][1] > values[0][1] else None
