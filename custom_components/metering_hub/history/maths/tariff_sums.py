"""Adding up the registers that count one direction of a meter between them."""

from collections.abc import Mapping
from datetime import datetime

from .rows import rounded


def summed_changes(
    sums: Mapping[str, Mapping[datetime, float]], before: dict[str, float]
) -> dict[datetime, float]:
    """Return by how much the parts' sums grow together in each hour.

    `sums` has the running sums of each part by hour. `before` are those before the
    first hour, and are replaced by those of the last one. A part without a row in an
    hour keeps its sum, so what it counted meanwhile is in the next hour that it has.
    """
    changes = {}
    total = rounded(sum(before.values()))
    for hour in sorted({hour for hours in sums.values() for hour in hours}):
        for part, hours in sums.items():
            before[part] = hours.get(hour, before[part])
        # The difference of rounded totals leaves no error that could grow.
        total, previous = rounded(sum(before.values())), total
        changes[hour] = rounded(total - previous)
    return changes
