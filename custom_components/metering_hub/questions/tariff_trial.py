"""Try out a tariff that is not stored yet."""

from collections.abc import Mapping, Sequence

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..errors import HistoryError
from ..flow.tariff_targets import TariffTargets, price_units
from ..history.cost_preview import preview_costs
from ..history.statistic import Scope
from ..metering.model import PricePeriod
from ..prices.maths.calendar import Calendar
from ..prices.maths.targets import can_be_priced
from ..prices.maths.tariff import Tariff
from ..prices.price_book import Prices
from ..prices.public_holidays import async_public_holidays
from ..prices.stored import CONF_CURRENCY, CONF_UNIT, SUBENTRY_TYPE, read_tariff
from ..prices.stored_values import Stored
from .tariff_words import TariffWords


def find_targets(scope: Scope, currency: str) -> TariffTargets:
    """Return what there is to price, sorted by name."""
    names = scope.names
    points = [point for point in scope.points if can_be_priced(point)]
    points.sort(key=lambda point: names[point.key].casefold())
    return TariffTargets(
        points={point.key: point for point in points},
        names={point.key: names[point.key] for point in points},
        currency=currency,
        zone=scope.zone,
    )


def all_tariffs(hass: HomeAssistant) -> dict[str, ConfigSubentry]:
    """Return the tariffs of all entries by id."""
    return {
        subentry.subentry_id: subentry
        for entry in hass.config_entries.async_entries(DOMAIN)
        for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE)
    }


def titles_of(hass: HomeAssistant) -> Mapping[str, str]:
    """Return the names of the tariffs of all entries, with these, by id."""
    return {
        subentry.subentry_id: f"{subentry.title} ({entry.title})"
        for entry in hass.config_entries.async_entries(DOMAIN)
        for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE)
    }


def trial_tariff(key: str, name: str, data: Stored, targets: TariffTargets) -> Tariff:
    """Return the tariff of the data that were submitted until now.

    One without a unit has the usual one, so that it can be compared with others.
    """
    currency = targets.currency
    unit = price_units(data, targets.chosen(data), currency)[0]
    complete = {CONF_UNIT: unit, CONF_CURRENCY: currency, **data}
    tariff = read_tariff(key, name, complete, targets.zone, currency)
    if tariff is None:
        raise ValueError("the forms let only known units and currencies pass")
    return tariff


async def async_preview(
    hass: HomeAssistant,
    scope: Scope,
    trial: Tariff,
    others: Sequence[Tariff],
    periods: Sequence[PricePeriod],
) -> str:
    """Return in words what a tariff would have cost.

    `others` are the tariffs of the entry beside it, and `periods` the server's prices.
    """
    words = await TariffWords.async_load(hass)
    prices = Prices(
        currency=hass.config.currency,
        calendar=Calendar(zone=scope.zone, holidays=await async_public_holidays(hass)),
        tariffs=others,
        periods=periods,
    )
    try:
        found = await preview_costs(hass, scope, prices, trial)
    except HistoryError as err:
        return words.failed(err)
    return words.preview(found, scope.names, prices.currency, scope.zone)
