"""What a meter's amounts cost, or earn: prices, and the statistics of money."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec, Capability
from ..metering.model import Point, PricePeriod
from .maths.costs import fixed_cost_rows
from .maths.rows import Row
from .statistic import FIXED_COST_KEY, Scope, Statistic, money_statistic, money_suffix

OLDEST = dt_util.utc_from_timestamp(946_684_800)
"""Prices are asked from 2000 on: all that there are."""

MAX_AGE = timedelta(hours=1)


class Money:
    """The prices of one server, and what is counted with them.

    There is no statistic of money unless the prices are in Home Assistant's currency:
    it would show them as such, whatever they are.
    """

    def __init__(
        self, hass: HomeAssistant, backend: Backend, spec: BackendSpec
    ) -> None:
        """Prepare; nothing is read before `refresh`."""
        self._hass = hass
        self._backend = backend
        self._spec = spec
        self._read: datetime | None = None
        self.prices: Sequence[PricePeriod] = ()

    def forget(self) -> None:
        """Read the prices anew next time, however new they are."""
        self._read = None

    async def refresh(self) -> bool:
        """Read the prices where they are old; tell whether they changed."""
        now = dt_util.utcnow()
        is_fresh = self._read is not None and now - self._read < MAX_AGE
        if is_fresh or Capability.PRICES not in self._spec.capabilities:
            return False
        prices = await self._backend.prices(OLDEST, now + timedelta(days=1))
        changed = prices != self.prices
        self.prices, self._read = prices, now
        return changed

    def statistic(self, scope: Scope, point: Point) -> Statistic | None:
        """Return the statistic of what a point costs, where there are prices for it."""
        if (currency := self._currency()) is None or not any(
            point.key in period.prices for period in self.prices
        ):
            return None
        suffix = money_suffix(point)
        name = f"{scope.names[point.key]} ({scope.names[suffix]})"
        return money_statistic(scope.prefix, f"{point.key}_{suffix}", name, currency)

    def fixed_statistic(self, scope: Scope) -> Statistic | None:
        """Return the statistic of what is due every day, where anything is."""
        if (currency := self._currency()) is None or not any(
            period.fixed_daily is not None for period in self.prices
        ):
            return None
        name = scope.names[FIXED_COST_KEY]
        return money_statistic(scope.prefix, FIXED_COST_KEY, name, currency)

    def fixed_rows(self, start: datetime, now: datetime, before: float) -> list[Row]:
        """Return what was due at each local midnight in [start, now)."""
        zone = self._backend.time_zone
        return fixed_cost_rows(self.prices, start, now, before, zone)

    def _currency(self) -> str | None:
        currency = self._spec.currency
        return currency if currency == self._hass.config.currency else None
