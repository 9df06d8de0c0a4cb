"""The prices of a server, and the statistics of costs that they allow."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec, Capability
from ..metering.model import Point, PricePeriod
from .maths.costs import first_difference, fixed_cost_rows
from .maths.rows import Row
from .statistic import Scope, Statistic

OLDEST = dt_util.utc_from_timestamp(946_684_800)
"""Prices are fetched from 2000 on, which is before any price that a server has."""

AHEAD = timedelta(days=1)
"""How far into the future prices are fetched."""

MAX_AGE = timedelta(hours=1)


class CostStatistics:
    """Keep the prices of a server and provide its cost statistics.

    There are costs only if the prices are in Home Assistant's currency, because it
    would show them in that currency regardless.
    """

    def __init__(
        self, hass: HomeAssistant, backend: Backend, spec: BackendSpec
    ) -> None:
        """Initialize without prices; `refresh` fetches them."""
        self._hass = hass
        self._backend = backend
        self._spec = spec
        self._fetched: datetime | None = None
        self._until = OLDEST
        self._changed: datetime | None = None
        self.prices: Sequence[PricePeriod] = ()

    def expire(self) -> None:
        """Fetch the prices again at the next refresh, however recent they are."""
        self._fetched = None

    async def refresh(self) -> bool:
        """Fetch the prices if they are old; return True if they changed.

        Raises BackendError.
        """
        now = dt_util.utcnow()
        is_fresh = self._fetched is not None and now - self._fetched < MAX_AGE
        if is_fresh or Capability.PRICES not in self._spec.capabilities:
            return False
        until = now + AHEAD
        prices = await self._backend.prices(OLDEST, until)
        changed = prices != self.prices
        if self.prices:
            difference = first_difference(self.prices, self._until, prices, until)
            self._changed = difference or self._changed
        self.prices, self._fetched, self._until = prices, now, until
        return changed

    def take_change(self) -> datetime | None:
        """Return the moment from which prices changed since the last call, if any did.

        The first prices change nothing, nor does the passing of time.
        """
        changed, self._changed = self._changed, None
        return changed

    def statistic(self, scope: Scope, point: Point) -> Statistic | None:
        """Return the cost statistic of a point, or `None` if it has no prices."""
        if (currency := self._currency()) is None or not any(
            point.key in period.prices for period in self.prices
        ):
            return None
        return scope.cost_statistic(point, currency)

    def fixed_statistic(self, scope: Scope) -> Statistic | None:
        """Return the statistic of fixed costs, or `None` if there are none."""
        if (currency := self._currency()) is None or not any(
            period.fixed_daily is not None for period in self.prices
        ):
            return None
        return scope.fixed_cost_statistic(currency)

    def fixed_rows(self, start: datetime, now: datetime, before: float) -> list[Row]:
        """Return the fixed costs at each local midnight in [start, now).

        `before` is the running sum before the first row.
        """
        zone = self._backend.time_zone
        return fixed_cost_rows(self.prices, start, now, before, zone)

    def _currency(self) -> str | None:
        """Return the currency of the prices if it is Home Assistant's currency."""
        currency = self._spec.currency
        return currency if currency == self._hass.config.currency else None
