"""The prices of all points of a config entry."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec, Capability
from ..backends.common.bounds import BATCH_LIMIT, time_limit
from ..backends.common.times import whole_hour
from ..metering.model import Point, PricePeriod
from ..metering.own_currency import are_prices_own
from .maths.calendar import Calendar
from .maths.fixed_costs import fixed_cost_at
from .maths.point_prices import PointPrices, sorted_by_rank
from .maths.price_changes import first_changed_period, first_changed_tariff
from .maths.series import PriceSeries, SeriesKey
from .maths.targets import tariffs_of
from .maths.tariff import SourcePrice, Tariff
from .public_holidays import async_public_holidays
from .source import ReadHours
from .sources import make_source
from .stored import CONF_CURRENCY, broken_tariffs, stored_tariffs
from .stored_values import Stored
from .tariff_issues import report_tariffs
from .units import base_amount

OLDEST = dt_util.utc_from_timestamp(946_684_800)
"""Prices are fetched from 2000 on, which is before any price that a server has."""

AHEAD = timedelta(days=1)
"""How far into the future prices are fetched."""

OPEN_END = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of the server's prices that last as far as they are fetched."""

MAX_AGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """All prices of an entry at present, in one currency.

    `series` are those that are loaded.
    """

    currency: str
    calendar: Calendar
    tariffs: Sequence[Tariff] = ()
    periods: Sequence[PricePeriod] = ()
    series: dict[SeriesKey, PriceSeries] = field(default_factory=dict)

    def of(self, point: Point) -> PointPrices | None:
        """Return the prices of a point, or `None` if it never has any."""
        found = sorted_by_rank(tariffs_of(point, self.tariffs))
        periods = [each for each in self.periods if point.key in each.prices]
        if not found and not periods:
            return None
        amounts = {
            each.key: base_amount(point.unit, each.base, each.heating_value)
            for each in found
        }
        return PointPrices(
            point=point,
            tariffs=found,
            factors={key: each for key, each in amounts.items() if each is not None},
            periods=periods,
            calendar=self.calendar,
            series=self.series,
        )

    def with_tariff(self, tariff: Tariff) -> Prices:
        """Return the prices as they would be with a new or changed tariff."""
        others = [each for each in self.tariffs if each.key != tariff.key]
        return replace(self, tariffs=[*others, tariff])

    def fixed_cost(self, midnight: datetime) -> float | None:
        """Return the fixed cost of the local day that begins at a moment."""
        zone = self.calendar.zone
        return fixed_cost_at(midnight, zone, self.tariffs, self.periods)

    def is_same(self, other: Prices) -> bool:
        """Return True if these are the same prices, whatever series are loaded."""
        return self == replace(other, series=self.series)

    @property
    def has_fixed_costs(self) -> bool:
        """Return True if any day may have a fixed cost."""
        return any(each.has_fixed_costs for each in self.tariffs) or any(
            each.fixed_daily is not None for each in self.periods
        )


class PriceBook:
    """Keep the prices of an entry: its tariffs, and those of its server.

    `prices` is the same object until they change.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        backend: Backend,
        spec: BackendSpec,
        read_hours: ReadHours,
    ) -> None:
        """Initialize without prices; `refresh` fetches them."""
        self._hass = hass
        self._entry = entry
        self._backend = backend
        self._spec = spec
        self._read_hours = read_hours
        self._fetched: datetime | None = None
        self._periods: Sequence[PricePeriod] = ()
        self._stored: Mapping[str, Stored] | None = None
        self._others: Sequence[Tariff] = ()
        self._changed: datetime | None = None
        self.prices = Prices(currency=hass.config.currency, calendar=Calendar())

    def expire(self) -> None:
        """Fetch the server's prices at the next refresh, however recent they are."""
        self._fetched = None

    @property
    def is_outdated(self) -> bool:
        """Return True if tariffs, or the currency, are others than at the refresh."""
        is_other_currency = self.prices.currency != self._hass.config.currency
        return self.is_refreshed and (
            is_other_currency or self._stored != _stored(self._entry)
        )

    @property
    def is_refreshed(self) -> bool:
        """Return True if prices were fetched before."""
        return self._stored is not None

    async def refresh(self) -> Prices:
        """Return the prices as they are now; fetch those of the server if they are old.

        Raises BackendError.
        """
        await self._fetch()
        zone, currency = self._backend.time_zone, self._hass.config.currency
        holidays = await async_public_holidays(self._hass)
        before, is_first = self.prices, self._stored is None
        self._stored = _stored(self._entry)
        self._others = _tariffs_in_other_currencies(self._entry, zone, currency)
        prices = Prices(
            currency=currency,
            calendar=Calendar(zone=zone, holidays=holidays),
            tariffs=stored_tariffs(self._entry, zone, currency),
            periods=self._periods if self._is_own_currency else (),
        )
        if is_first or not before.is_same(prices):
            self.prices = prices
        if not is_first and before.currency == currency:
            self._note(first_changed_tariff(before.tariffs, prices.tariffs))
        is_server_out = self._periods and not self._is_own_currency
        report_tariffs(
            self._hass,
            self._entry,
            broken=broken_tariffs(self._entry, zone),
            others=self._others,
            server_currency=self._spec.currency if is_server_out else None,
        )
        return self.prices

    @property
    def _is_own_currency(self) -> bool:
        """Return True if the server's prices are in Home Assistant's currency."""
        is_same = self._spec.currency == self._hass.config.currency
        return is_same or are_prices_own(self._entry.options)

    async def _fetch(self) -> None:
        """Fetch the server's prices if they are old; raises BackendError."""
        now = dt_util.utcnow()
        is_fresh = self._fetched is not None and now - self._fetched < MAX_AGE
        if is_fresh or Capability.PRICES not in self._spec.capabilities:
            return
        until = now + AHEAD
        async with time_limit(BATCH_LIMIT, "the prices"):
            found = await self._backend.prices(OLDEST, until)
        periods = [
            replace(each, end=OPEN_END) if each.end >= until else each for each in found
        ]
        if self._periods:
            self._note(first_changed_period(self._periods, periods, until))
        self._periods, self._fetched = periods, now

    def _note(self, changed: datetime | None) -> None:
        """Note from when on prices have changed, if they have."""
        known = [each for each in (self._changed, changed) if each is not None]
        self._changed = min(known, default=None)

    def take_change(self) -> datetime | None:
        """Return the moment from which prices changed since the last call, if any did.

        The first prices change nothing, nor does the passing of time.
        """
        changed, self._changed = self._changed, None
        return changed

    def waits_for_currency(self, point: Point) -> bool:
        """Return True if a point has prices in another currency than HA's."""
        return bool(tariffs_of(point, self._others)) or (
            not self._is_own_currency
            and any(point.key in period.prices for period in self._periods)
        )

    @property
    def fixed_costs_wait_for_currency(self) -> bool:
        """Return True if there are fixed costs in another currency than HA's."""
        return any(each.has_fixed_costs for each in self._others) or (
            not self._is_own_currency
            and any(each.fixed_daily is not None for each in self._periods)
        )

    async def load(
        self,
        points: Collection[Point],
        start: datetime,
        end: datetime,
        into: Prices | None = None,
    ) -> bool:
        """Load the series that the points need in [start, end), perhaps `into` others.

        Returns True if they are complete. Raises RecorderError and StoppingError.
        """
        prices = into or self.prices
        return await load_series(
            self._hass, prices, points, start, end, self._read_hours
        )


async def load_series(
    hass: HomeAssistant,
    prices: Prices,
    points: Collection[Point],
    start: datetime,
    end: datetime,
    read_hours: ReadHours,
) -> bool:
    """Load the series that points need in [start, end) into `prices`.

    Earlier hours of a series are dropped, so that memory is bounded. Hours in which no
    tariff needs a series are not asked for. Returns True if all series are complete.
    Raises RecorderError and StoppingError.
    """
    needed: defaultdict[SeriesKey, list[Tariff]] = defaultdict(list)
    for point in points:
        for tariff in tariffs_of(point, prices.tariffs):
            if isinstance(tariff.price, SourcePrice):
                needed[tariff.price.source, tariff.base].append(tariff)
    for (source, base), tariffs in needed.items():
        first = max(start, whole_hour(min(each.start for each in tariffs)))
        last = min(end, max(each.end or end for each in tariffs))
        series = PriceSeries()
        if first < last:
            found = make_source(hass, source, base, prices.currency, read_hours)
            series = await found.load(first, last)
        prices.series[source, base] = series
    return all(prices.series[each].is_complete for each in needed)


def _stored(entry: ConfigEntry) -> dict[str, Stored]:
    """Return the data of all subentries, which Home Assistant changes in place."""
    return {key: each.data for key, each in entry.subentries.items()}


def _tariffs_in_other_currencies(
    entry: ConfigEntry, zone: tzinfo, currency: str
) -> list[Tariff]:
    """Return the tariffs that count once Home Assistant has their currency again."""
    others = {
        str(each.data.get(CONF_CURRENCY)) for each in entry.subentries.values()
    } - {currency}
    return [tariff for other in others for tariff in stored_tariffs(entry, zone, other)]
