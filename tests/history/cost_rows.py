"""The right rows of costs, which the tests of pricing compare with."""

from collections.abc import Sequence

from custom_components.metering_hub.history.maths.costs import (
    PriceAt,
    hour_costs,
    running_costs,
)
from custom_components.metering_hub.history.maths.rows import Row


def cost_rows(
    rows: Sequence[Row], before: float, cost_before: float, price_at: PriceAt
) -> list[Row]:
    """Return the rows of what consecutive hours of a point cost.

    `before` and `cost_before` are the running sums before the first row. Hours without
    a price have no row.
    """
    return running_costs(hour_costs(rows, before, price_at).costs, cost_before)
