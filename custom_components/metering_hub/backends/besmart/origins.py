"""Select from the samples of a signal those that count, by their origins.

Source: docs/wire/besmart.md, "Signal data". An answer mixes measured samples with
predicted, calculated, estimated and corrected ones, can contain a time more than once,
and marks deleted samples. Long answers are processed in slices to keep the event loop
responsive.
"""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import batched, pairwise
from statistics import median

from ..common.concurrency import LoopYielder
from .const import QUARTER
from .samples import Sample, Samples

MEASURED, PREDICTED, CALCULATED, ESTIMATED, CORRECTED = 1, 2, 3, 4, 5

_LATEST_PREFERENCE = (MEASURED, CORRECTED, ESTIMATED, CALCULATED)
_HISTORY_PREFERENCE = (CORRECTED, MEASURED, ESTIMATED, CALCULATED)

SELECTED_PER_TURN = 2000
"""How many samples to select before yielding to the event loop."""

MARGIN = timedelta(hours=2)
"""How far around a window values are needed to know whether it has a gap."""

_WIDENED = 1.5
"""A gap is so many times as long as the usual distance of values."""

type Value = tuple[float, float]
"""The time in epoch seconds and the value of a sample that counts."""

type ValuesByOrigin[Each = float] = Mapping[int, Mapping[float, Each]]
"""Values by epoch seconds, by origin."""


async def group_by_origin[Each](
    samples: Iterable[tuple[float, Each | None, int]],
    since: float,
    till: float,
    yielder: LoopYielder | None = None,
) -> ValuesByOrigin[Each]:
    """Group the values in [since, till] by origin, without predictions.

    If a time occurs more than once, the last row counts. A deleted sample deletes the
    preceding values of its time, whatever their origin; a deleted prediction deletes
    nothing but itself. Times are epoch seconds.
    """
    yielder = yielder or LoopYielder(SELECTED_PER_TURN)
    found: dict[int, dict[float, Each]] = {origin: {} for origin in _HISTORY_PREFERENCE}
    for part in batched(samples, SELECTED_PER_TURN, strict=False):
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


def latest_value[Each](
    found: ValuesByOrigin[Each],
) -> tuple[float, Each] | None:
    """Return the latest measured value, or else the latest of the next best origin.

    A measured value that was corrected is replaced by its correction.
    """
    for origin in _LATEST_PREFERENCE:
        if values := found[origin]:
            time = max(values)
            return time, found[CORRECTED].get(time, values[time])
    return None


def merge_origins(found: ValuesByOrigin) -> Sequence[Value]:
    """Return the values that count, oldest first: one for each time.

    A corrected value counts before a measured one of the same time. Estimated and
    calculated values count only where those are missing.
    """
    best = {**found[MEASURED], **found[CORRECTED]}
    estimates = {**found[CALCULATED], **found[ESTIMATED]}
    if others := estimates.keys() - best.keys():
        known = sorted(best)
        usual = _usual_distance(known)
        best |= {
            time: estimates[time] for time in others if _is_gap(known, time, usual)
        }
    return sorted(best.items())


def _usual_distance(times: Sequence[float]) -> float:
    """Return how far apart times usually are; that of the meter profile for a few."""
    distances = [after - before for before, after in pairwise(times)]
    return median(distances) if len(distances) > 1 else QUARTER.total_seconds()


def _is_gap(known: Sequence[float], time: float, usual: float) -> bool:
    """Return True if there is no known time around another one, or a missing one."""
    after = bisect(known, time)
    is_open = after in (0, len(known))
    return is_open or known[after] - known[after - 1] > _WIDENED * usual


def estimated_times(found: ValuesByOrigin, counted: Sequence[Value]) -> list[float]:
    """Return the times of those values that count and are estimated or calculated."""
    known = found[MEASURED].keys() | found[CORRECTED].keys()
    return [time for time, _ in counted if time not in known]


async def has_values(samples: Samples, since: float, till: float) -> bool:
    """Return True if anything but predictions is stored in [since, till]."""
    numbers = await group_by_origin(samples, since, till)
    words = await group_by_origin(samples.words(), since, till)
    return any(numbers.values()) or any(words.values())


def first_time(samples: Iterable[Sample], since: float, till: float) -> float | None:
    """Return the time of the oldest sample in [since, till], ignoring predictions."""
    return min(
        (
            time
            for time, value, origin in samples
            if value is not None
            and origin in _HISTORY_PREFERENCE
            and since <= time <= till
        ),
        default=None,
    )
