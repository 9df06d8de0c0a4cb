"""Choose the points of a config entry that are imported, and name their statistics."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.unit_conversion import EnergyConverter

from ..backends.common.times import local_midnight
from ..const import CONF_HISTORY_START, DOMAIN
from ..descriptions import statistics_unit_class
from ..identifiers import place_name
from ..metering.data_quality import DataQuality
from ..metering.model import Point
from ..metering.names import combined_name
from ..metering.point_settings import trusted_keys, with_present_keys
from ..metering.tariff_sums import SUM_NAMES, TariffSum, tariff_sums
from ..prices.public_holidays import async_public_holidays
from ..registry.entries import registered_entity
from ..registry.names import device_full_name, statistic_name
from .statistic import COMPENSATION_SUFFIX, COST_SUFFIX, FIXED_COST_KEY, Scope


async def make_scope[Data](
    hass: HomeAssistant,
    entry: ConfigEntry[Data],
    points: Sequence[Point],
    *,
    prefix: str,
    zone: tzinfo,
) -> Scope:
    """Return those of an entry's points that are imported, as the user chose.

    `prefix` is that of the statistic ids, and `zone` that of the backend's days.
    """
    imported = [point for point in points if is_imported(hass, entry, point)]
    tariffs = _sums(points, imported)
    trusted = trusted_keys(with_present_keys(entry.options, imported))
    sums = {point.key for point in imported if trusted.intersection(point.sum_of)}
    return Scope(
        points=imported,
        prefix=prefix,
        names=await _names(hass, entry, imported, tariffs),
        start=_start(entry, zone),
        trusted=trusted | sums,
        has_estimates=DataQuality.of(entry.options).has_estimates,
        zone=zone,
        holidays=await async_public_holidays(hass),
        sums=tariffs,
    )


def _sums(points: Sequence[Point], imported: Iterable[Point]) -> list[TariffSum]:
    """Return the sums of tariff registers whose parts are all imported.

    Without one of them, which is disabled by default, a sum would go on with the others
    as if that one counted nothing.
    """
    usable = {
        point.key
        for point in imported
        if statistics_unit_class(point) == EnergyConverter.UNIT_CLASS
    }
    return [each for each in tariff_sums(points) if usable.issuperset(each.parts)]


def _start[Data](entry: ConfigEntry[Data], zone: tzinfo) -> datetime | None:
    """Return local midnight of the day from which the user wants history."""
    day = entry.options.get(CONF_HISTORY_START)
    return local_midnight(date.fromisoformat(day), zone) if day else None


def is_imported[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], point: Point
) -> bool:
    """Return True if the history of a point is imported.

    A point that is disabled by default is only imported once the user enables it:
    servers have thousands of series with years of history each.
    """
    entity = registered_entity(hass, entry, point)
    return point.enabled_default or (entity is not None and not entity.disabled)


async def _names[Data](
    hass: HomeAssistant,
    entry: ConfigEntry[Data],
    points: Sequence[Point],
    tariffs: Iterable[TariffSum],
) -> Mapping[str, str]:
    """Return the names of statistics, which include the user's entity names."""
    texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    names = {
        key: texts.get(f"component.{DOMAIN}.common.{key}", key)
        for key in (
            *(COST_SUFFIX, COMPENSATION_SUFFIX, FIXED_COST_KEY),
            *SUM_NAMES.values(),
        )
    }
    place = place_name(hass, entry)
    names |= {point.key: statistic_name(hass, entry, point, place) for point in points}
    for each in tariffs:
        names[each.key] = combined_name(
            _capitalized(names[each.name]),
            device_full_name(hass, entry, each.device_key),
            place,
        )
    fixed = combined_name(_capitalized(names[FIXED_COST_KEY]), entry.title)
    return {**names, FIXED_COST_KEY: fixed}


def _capitalized(text: str) -> str:
    """Return a text that begins a name, with a capital letter."""
    return f"{text[:1].upper()}{text[1:]}"
