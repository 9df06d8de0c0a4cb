"""The prices that apply at present, by role."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.event import (
    EventStateChangedData,
    async_track_state_change_event,
    async_track_utc_time_change,
)
from homeassistant.util import dt as dt_util

from ..backends.common.times import whole_hour
from ..const import LOGGER
from ..errors import HistoryError, as_update_error
from ..errors.isolation import IsolatingCoordinator
from ..identifiers import log_name
from ..metering.model import Point
from .maths.tariff import Base, SourcePrice, TariffRole
from .price_book import PriceBook, Prices
from .sources import entity_of
from .units import base_amount

DECIMALS = 9
"""Prices that differ by less are the same, converted from other units."""

QUARTERS = (0, 15, 30, 45)
"""The minutes at which a full hour may begin in some time zone."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPrice:
    """What a kWh or m³ costs at present; the price is `None` if that is not known."""

    base: Base
    price: float | None


def current_price(
    prices: Prices,
    points: Iterable[Point],
    moment: datetime,
    tariff_number: int | None = None,
) -> CurrentPrice | None:
    """Return the price of a role's points at a moment, or `None` if it never has one.

    The registers of another tariff than that with the number do not count now. If it is
    not known which one counts, different prices are no price.
    """
    found = {
        price
        for point in points
        if tariff_number is None or point.tariff_number in (None, tariff_number)
        if (price := _price_of(prices, point, moment)) is not None
    }
    if len(found) <= 1:
        return next(iter(found), None)
    return CurrentPrice(base=min(each.base for each in found), price=None)


def _price_of(prices: Prices, point: Point, moment: datetime) -> CurrentPrice | None:
    """Return the price of a point per kWh or m³, or `None` if it never has one."""
    if (of_point := prices.of(point)) is None:
        return None
    base, factor = Base.ENERGY, base_amount(point.unit, Base.ENERGY, None)
    if factor is None:
        base, factor = Base.VOLUME, base_amount(point.unit, Base.VOLUME, None)
    if (tariff := of_point.tariff_at(moment)) is not None:
        base, factor = tariff.base, of_point.factors.get(tariff.key)
    price = of_point.price(moment)
    if price is not None and factor:
        return CurrentPrice(base=base, price=round(price / factor, DECIMALS))
    return CurrentPrice(base=base, price=None)


class CurrentPrices(IsolatingCoordinator[Mapping[TariffRole, CurrentPrice]]):
    """Keep the current prices, which may change at each full hour.

    Those of sensors may change whenever the sensor does.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        book: PriceBook,
        tariff_number: Callable[[], int | None],
    ) -> None:
        """Initialize without points.

        `tariff_number` returns that of the meters' present tariff, if it is known.
        """
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{log_name(entry)} current prices",
            always_update=False,
        )
        self.data = {}
        self.points: Mapping[TariffRole, Sequence[Point]] = {}
        self._book = book
        self._tariff_number = tariff_number
        self._shown: Prices | None = None
        self._sensors: frozenset[str] = frozenset()
        self._unfollow: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Follow the time until the entry is unloaded."""
        entry = self.config_entry
        entry.async_on_unload(
            async_track_utc_time_change(
                self.hass, self._tick, minute=[*QUARTERS], second=0
            )
        )
        entry.async_on_unload(lambda: self._follow_sensors(frozenset()))

    @property
    def is_outdated(self) -> bool:
        """Return True if there are other tariffs or contracts than those shown."""
        return self._shown is None or self._shown != self._without_series()

    def has_price(self, role: TariffRole) -> bool:
        """Return True if any point of a role has prices at any time."""
        prices = self._book.prices
        return any(prices.of(point) is not None for point in self.points.get(role, ()))

    def _without_series(self) -> Prices:
        """Return the prices as they are now, without what others have loaded."""
        return replace(self._book.prices, series={})

    @override
    async def _async_update_data(self) -> Mapping[TariffRole, CurrentPrice]:
        """Return the current prices; raises UpdateFailed."""
        now = dt_util.utcnow()
        self._shown = prices = self._without_series()
        self._follow_sensors(frozenset(self._sensors_of(prices)))
        loaded = replace(prices, series={})
        hour = whole_hour(now)
        points = [point for points in self.points.values() for point in points]
        try:
            await self._book.load(points, hour, hour + _HOUR, into=loaded)
        except HistoryError as err:
            raise as_update_error(err) from err
        number = self._tariff_number()
        found = {
            role: current_price(loaded, points, now, number)
            for role, points in self.points.items()
        }
        return {role: each for role, each in found.items() if each is not None}

    def _sensors_of(self, prices: Prices) -> Iterable[str]:
        """Yield the entity ids of the sensors that prices come from."""
        for source in _sources(prices):
            if (entity_id := entity_of(self.hass, source)) is not None:
                yield entity_id

    @callback
    def _follow_sensors(self, sensors: frozenset[str]) -> None:
        """Follow these sensors in place of those until now."""
        if sensors == self._sensors:
            return
        if self._unfollow is not None:
            self._unfollow()
        self._sensors, self._unfollow = sensors, None
        if sensors:
            self._unfollow = async_track_state_change_event(
                self.hass, [*sensors], self._follow_state
            )

    async def _follow_state(self, _event: Event[EventStateChangedData]) -> None:
        """Show the price that a sensor has now."""
        await self.async_refresh()

    async def _tick(self, now: datetime) -> None:
        """Show the prices of an hour that begins, in UTC or in local time."""
        local = now.astimezone(self._book.prices.calendar.zone)
        if 0 in (now.minute, local.minute):
            await self.async_refresh()


def _sources(prices: Prices) -> Iterable[str]:
    """Yield the sources of prices."""
    for tariff in prices.tariffs:
        if isinstance(tariff.price, SourcePrice):
            yield tariff.price.source
