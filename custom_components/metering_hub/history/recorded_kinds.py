"""Find the points whose recorded rows are of another kind than the points are now.

A mean and a running sum do not go on from each other, and the recorder takes both under
one statistic id.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
import math

from homeassistant.components.recorder.models import StatisticMetaData
from homeassistant.core import HomeAssistant

from ..metering.inventory import KindQuestion
from ..metering.model import Kind
from .maths.rows import TOLERANCE, Row
from .recorder.recorded_hours import recorded_extents
from .recorder.recorder import last_rows, recorded_metadata
from .statistic import Scope

_COMPARED_ROWS = 169
"""Enough rows to know positions from amounts: those of a week."""


async def kind_questions(
    hass: HomeAssistant, scope: Scope
) -> Mapping[str, KindQuestion]:
    """Return what to ask about the points of a scope, by key.

    The kind of a question is that of the rows, and the suggested one is the point's.
    Raises RecorderError and StoppingError.
    """
    statistics = {scope.statistic(point): point for point in scope.points}
    metadata = await recorded_metadata(
        hass, [statistic.statistic_id for statistic in statistics]
    )
    other = {
        statistic.statistic_id: point
        for statistic, point in statistics.items()
        if (recorded := metadata.get(statistic.statistic_id)) is not None
        and recorded["has_sum"] is statistic.is_measured
    }
    if not other:
        return {}
    # Without rows there is nothing to lose, and nothing to ask.
    return {
        other[statistic_id].key: KindQuestion(
            kind=await _kind_of_rows(hass, metadata[statistic_id]),
            suggested=other[statistic_id].kind,
            week=(),
            is_about_rows=True,
        )
        for statistic_id in await recorded_extents(hass, other)
    }


async def _kind_of_rows(hass: HomeAssistant, recorded: StatisticMetaData) -> Kind:
    """Return the kind of the rows of a statistic."""
    if not recorded["has_sum"]:
        return Kind.INSTANT
    rows = await last_rows(hass, recorded["statistic_id"], _COMPARED_ROWS)
    return kind_of_sums(rows)


def kind_of_sums(rows: Sequence[Row]) -> Kind:
    """Return the kind of the point whose rows with sums these are, oldest first.

    The state of an hour is a position, which advances as the sum does, or the amount
    itself. UNDECIDED if it can be both.
    """
    positions = amounts = 0
    states = [
        (row.state, row.sum)
        for row in rows
        if row.state is not None and row.sum is not None
    ]
    for (state_before, sum_before), (state, total) in pairwise(states):
        change = total - sum_before
        is_amount = math.isclose(state, change, abs_tol=TOLERANCE)
        is_advance = math.isclose(state - state_before, change, abs_tol=TOLERANCE)
        amounts += is_amount and not is_advance
        positions += is_advance and not is_amount
    if positions == amounts:
        return Kind.UNDECIDED
    return Kind.REGISTER if positions > amounts else Kind.INTERVAL
