"""Fill the long gaps in a walk through the hours, from what is known besides readings.

That is what the hours ended with when they were measured or estimated before, and how
the register advanced on comparable days.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from math import ceil, inf

from ...metering.quality import COMPARABLE_DAYS, LINE, MEASURED, UNKNOWN
from ...metering.register_run import Run
from ...metering.register_tail import Edge
from .estimates import Estimator, Gap
from .last_read import ESTIMATES, LastRead
from .read_times import NEAR_SECONDS
from .rows import HOUR_SECONDS, rounded
from .walked import Walked


def anchor(walked: Walked, estimator: Estimator) -> bool:
    """Add to the registers what estimated ends of hours were measured as before.

    Fewer readings of the same hour are no news. The result is True if any was added.
    """
    is_changed = False
    for index, recorded, run, _ in _measured_before(walked, estimator, ESTIMATES):
        is_changed |= run.anchor(walked.moment(index), recorded)
    return is_changed


def keep_recorded(walked: Walked, estimator: Estimator) -> None:
    """Keep the positions that measured ends of hours were recorded with, if possible.

    A server that thins its readings, or sums them up, moves an end by no more than the
    advance between the readings around it, which is no news. A reading at the very end
    of an hour decides.
    """
    measured = _measured_before(walked, estimator, {MEASURED})
    for index, recorded, run, positions in measured:
        moment, edges = walked.moment(index), run.edges
        after = bisect_left(edges, (moment, -inf))
        low, high = edges[after - 1][1], edges[after][1]
        if edges[after][0] != moment and low <= recorded <= high:
            positions[index] = rounded(recorded)


def _measured_before(
    walked: Walked, estimator: Estimator, codes: Collection[int]
) -> Iterator[tuple[int, float, Run, list[float]]]:
    """Yield the ends with one of the codes that are recorded as measured.

    They come as their index, the recorded position, and the register that was read on
    both sides of them with its positions.
    """
    ends = range(1, len(walked.codes)) if estimator.has_recorded else ()
    for index in ends:
        if walked.codes[index] not in codes:
            continue
        moment = walked.moment(index)
        if (recorded := estimator.measured_position(moment)) is None:
            continue
        for run, positions in reversed(walked.positions):
            if run.edges[0][0] < moment < run.edges[-1][0]:
                yield index, recorded, run, positions
                break


def fill_gaps(
    walked: Walked,
    gaps: Iterable[tuple[float, float]],
    last: LastRead,
    estimator: Estimator,
) -> None:
    """Replace the straight lines through long gaps by estimates.

    `gaps` are the times of the readings around them, in order. What was measured before
    a gap is collected first.
    """
    collected = 0
    for before, after in gaps:
        found = _gap(walked, before, after, last)
        if found is None:
            continue
        positions, gap = found
        index = walked.index(gap.at)
        estimator.collect(
            walked.moment(collected),
            walked.advances(collected, index),
            walked.hour_codes()[collected:index],
        )
        collected = index
        estimate = _estimate(walked, positions, gap, estimator)
        if estimate is None:
            continue
        method, estimated = estimate
        for each, position in enumerate(estimated, index + 1):
            positions[each] = position
            if walked.codes[each] == LINE:
                walked.codes[each] = method
        if gap.at == walked.first and walked.codes[0] == LINE and last.code is None:
            walked.codes[0] = method


def _gap(
    walked: Walked, before: float, after: float, last: LastRead
) -> tuple[list[float], Gap] | None:
    """Return a gap and the positions of the register that was read on both sides of it.

    The end of an hour that is near the reading before was measured, so the estimate
    begins there. The result is `None` between two registers: nothing is counted there.
    """
    line = _line_through(walked, before, after)
    if line is None:
        return None
    positions, edge, end = line
    start, inherited = before, UNKNOWN
    near = ceil(before / HOUR_SECONDS) * HOUR_SECONDS
    if before == last.at and not last.is_known:
        start, inherited = walked.first, last.inherited
    elif near - before <= NEAR_SECONDS and (
        walked.codes[walked.index(near)] == MEASURED
        if near >= walked.first
        else not last.is_estimated
    ):
        start = near
    at = max(start, walked.first)
    index = walked.index(at)
    position = positions[index] if walked.moment(index) == at else edge[1]
    return positions, Gap(start, end[0], at, position, end[1], inherited)


def _line_through(
    walked: Walked, before: float, after: float
) -> tuple[list[float], Edge, Edge] | None:
    """Return the positions of the register that was read on both sides of a gap.

    The result also has its readings there. It is `None` if there is no such register.
    """
    for run, positions in walked.positions:
        index = bisect_left(run.edges, (after, -inf))
        if not 0 < index < len(run.edges) or run.edges[index][0] != after:
            continue
        edge = run.edges[index - 1]
        if edge[0] == max(before, walked.first):
            return positions, edge, run.edges[index]
    return None


def _estimate(
    walked: Walked, positions: list[float], gap: Gap, estimator: Estimator
) -> tuple[int, list[float]] | None:
    """Return the code and the positions of the ends of hours in a gap.

    The result is `None` if the straight line remains. An estimate stays as it is until
    the readings around it change.
    """
    index, count = walked.index(gap.at), len(positions)
    stop = min(ceil((gap.end - walked.first) / HOUR_SECONDS), count)
    ends = [walked.moment(each) for each in range(index + 1, stop)]
    if not ends:
        return None
    if stop < count:
        recorded = estimator.recorded_estimates(ends, positions[index], positions[stop])
        if recorded is not None:
            return min(code for _, code in recorded), [each for each, _ in recorded]
    estimated = estimator.positions(gap)
    return None if estimated is None else (COMPARABLE_DAYS, estimated[: len(ends)])
