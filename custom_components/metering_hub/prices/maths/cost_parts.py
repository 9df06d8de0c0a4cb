"""What the hours of a span cost, by the parts of their prices."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import fsum

from .point_prices import PointPrices, PricePart

type Hour = tuple[datetime, float]
"""The start of a UTC hour, and its amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostParts:
    """What the priced hours of a span cost, and those that have no price.

    `amount` is that of the priced hours. An hour without an amount costs nothing at any
    price, so it never counts as unpriced.
    """

    parts: Mapping[PricePart, float]
    amount: float
    unpriced: Sequence[datetime]

    @property
    def cost(self) -> float:
        """Return the sum of all parts."""
        return fsum(self.parts.values())

    @property
    def mean_price(self) -> float | None:
        """Return what one of the point's units cost on average, if any did."""
        return self.cost / self.amount if self.amount else None


def cost_parts(hours: Iterable[Hour], prices: PointPrices) -> CostParts:
    """Return what hours of a point cost."""
    parts: defaultdict[PricePart, float] = defaultdict(float)
    priced, unpriced = [], []
    for start, amount in hours:
        if not amount:
            continue
        found = prices.parts_at(start)
        if found is None:
            unpriced.append(start)
            continue
        priced.append(amount)
        for part, price in found.items():
            parts[part] += amount * price
    return CostParts(parts=parts, amount=fsum(priced), unpriced=unpriced)
