"""Prices that change all the time, as a sensor or an action has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .tariff import Base

HOUR_SECONDS = 3600


@dataclass(slots=True)
class PriceSeries:
    """The prices of hours, by their start in epoch seconds.

    An hour without a price is missing. Prices are per kWh or per m³, as the tariff's. A
    series that is not complete has more prices when it is loaded again later.
    """

    prices: dict[float, float] = field(default_factory=dict)
    is_complete: bool = True

    def at(self, moment: datetime) -> float | None:
        """Return the price at a moment, if there is one."""
        seconds = moment.timestamp()
        return self.prices.get(seconds - seconds % HOUR_SECONDS)


type SeriesKey = tuple[str, Base]
"""A source, and what the prices that a tariff takes from it are per."""

type AllSeries = Mapping[SeriesKey, PriceSeries]
"""The series that are loaded."""
