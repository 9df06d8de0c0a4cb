"""What costs are computed from: the recorded amounts of a point, or the days."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from typing import Protocol

from homeassistant.core import HomeAssistant

from ..backends.common.times import whole_hour
from ..prices.maths.point_prices import PointPrices
from ..prices.price_book import Prices
from .maths.costs import daily_costs, hour_costs
from .recorder.recorded_hours import recorded_extents
from .recorder.recorder import row_before, rows_during

AT_ONCE = 50
"""Hours that are priced without yielding, which takes a few milliseconds."""

type Load = Callable[[datetime, datetime], Coroutine[None, None, bool]]
"""Load the series of prices for [start, end); return True if they are complete."""


class CostSource(Protocol):
    """What the hours of a statistic of costs are computed from.

    All methods raise RecorderError and StoppingError.
    """

    async def first(self) -> datetime | None:
        """Return the first hour that may have a cost; `None` if there is none."""

    async def go_on_from(self, start: datetime) -> None:
        """Prepare for the hours from `start` on."""

    async def costs(self, start: datetime, end: datetime) -> dict[datetime, float]:
        """Return the costs of the hours in [start, end), which follow the last ones."""


class PointCosts:
    """The costs of a point: its recorded amounts times its prices.

    `unpriced` are the hours with an amount but no price that were met. `first_open` is
    the first hour without a price that may have one when it is asked for later.
    """

    def __init__(
        self, hass: HomeAssistant, statistic_id: str, prices: PointPrices, load: Load
    ) -> None:
        """Initialize the costs of the amounts in a statistic."""
        self._hass = hass
        self._id = statistic_id
        self._prices = prices
        self._load = load
        self._sum = 0.0
        self.unpriced: list[datetime] = []
        self.first_open: datetime | None = None

    async def first(self) -> datetime | None:
        """Return the first recorded hour from which on there may be a price."""
        extent = (await recorded_extents(self._hass, [self._id])).get(self._id)
        if extent is None:
            return None
        starts = [each.start for each in self._prices.tariffs]
        starts += [each.start for each in self._prices.periods]
        return max(extent.first, whole_hour(min(starts)))

    async def go_on_from(self, start: datetime) -> None:
        """Read the sum of the amounts before `start`."""
        self._sum = await sum_before(self._hass, self._id, start)
        self.unpriced = []
        self.first_open = None

    async def costs(self, start: datetime, end: datetime) -> dict[datetime, float]:
        """Return the costs of the hours in [start, end)."""
        is_complete = await self._load(start, end)
        rows = await rows_during(self._hass, self._id, start, end)
        costs: dict[datetime, float] = {}
        for index in range(0, len(rows), AT_ONCE):
            part = rows[index : index + AT_ONCE]
            found = hour_costs(part, self._sum, self._prices.at)
            costs |= found.costs
            self.unpriced += found.unpriced
            sums = [row.sum for row in part if row.sum is not None]
            self._sum = sums[-1] if sums else self._sum
            await asyncio.sleep(0)
        if not is_complete and self.first_open is None:
            hours = (row.start for row in rows if row.sum is not None)
            self.first_open = next((each for each in hours if each not in costs), None)
        return costs


class FixedCosts:
    """The fixed costs of each local day, from the first recorded hour of a meter on."""

    def __init__(
        self,
        hass: HomeAssistant,
        statistic_ids: Iterable[str],
        prices: Prices,
        now: datetime,
    ) -> None:
        """Initialize the costs of the days that have begun; the ids are the meters'."""
        self._hass = hass
        self._ids = statistic_ids
        self._prices = prices
        self._now = now

    async def first(self) -> datetime | None:
        """Return the first recorded hour of all meters."""
        extents = (await recorded_extents(self._hass, [*self._ids])).values()
        return min((extent.first for extent in extents), default=None)

    async def go_on_from(self, start: datetime) -> None:
        """Return at once: a day does not depend on the one before."""

    async def costs(self, start: datetime, end: datetime) -> dict[datetime, float]:
        """Return the costs of the days that start in [start, end)."""
        end = min(end, self._now)
        zone = self._prices.calendar.zone
        return daily_costs(start, end, zone, self._prices.fixed_cost)


async def sum_before(hass: HomeAssistant, statistic_id: str, moment: datetime) -> float:
    """Return the running sum of a statistic before a moment, 0 if there is none.

    Raises RecorderError and StoppingError.
    """
    row = await row_before(hass, statistic_id, moment)
    return (row and row.sum) or 0.0
