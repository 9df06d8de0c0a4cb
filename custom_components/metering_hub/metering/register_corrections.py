"""Recognize that a register was corrected: it goes on lower, but is the same one."""

from itertools import pairwise
from math import inf

from .register_advance import SPIKE_FACTOR
from .register_run import WINDOW_SECONDS, Run

SMALL_FALL = 0.01
"""A fall by this share of the position is a correction, not an exchange."""

ABOVE_BRIEFLY = 2
"""Readings above a lower run that are fewer than a register needs to be believed."""


def is_correction(current: Run, run: Run) -> bool:
    """Return True if a register goes on as a lower run, because it was wrong above."""
    position = run.first.position
    if position >= current.position:
        return False
    latest = current.tail.latest(ABOVE_BRIEFLY + 1)
    is_above_briefly = len(latest) > ABOVE_BRIEFLY and latest[0][1] <= position
    return is_above_briefly or _is_small(current, position) or _came_back(current, run)


def _is_small(current: Run, position: float) -> bool:
    """Return True if the fall to a position is too small for an exchange."""
    since = current.last_at - WINDOW_SECONDS
    is_window_known = not current.is_resumed or current.edges[0][0] <= since
    fall = current.position - position
    return fall <= SMALL_FALL * current.position and not (
        is_window_known and current.position_at(since) > position
    )


def _came_back(current: Run, run: Run) -> bool:
    """Return True if the readings above a run began with an unusually fast step."""
    position = run.first.position
    since = run.last_at - WINDOW_SECONDS
    if current.edges[0][1] > position:
        return False
    steps = [
        (after, (after[1] - before[1], after[0] - before[0]))
        for before, after in pairwise(current.edges)
        if after[0] > since
    ]
    crossing = next((step for edge, step in steps if edge[1] > position), None)
    if crossing is None:
        return False
    rates = [step[0] / step[1] for _, step in steps if step is not crossing]
    fastest = max([*rates, run.fastest_since(-inf)])
    return crossing[0] > SPIKE_FACTOR * fastest * crossing[1]
