"""Choose the points of a config entry that are imported, and name their statistics."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from ..backends.common.times import local_midnight
from ..const import CONF_HISTORY_START, DOMAIN
from ..metering.data_quality import DataQuality
from ..metering.model import Point
from ..metering.point_settings import trusted_keys, with_present_keys
from ..registry import full_name, registered_entity
from .quality.public_holidays import async_public_holidays
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
    imported = [point for point in points if _is_imported(hass, entry, point)]
    trusted = trusted_keys(with_present_keys(entry.options, imported))
    sums = {point.key for point in imported if trusted.intersection(point.sum_of)}
    return Scope(
        points=imported,
        prefix=prefix,
        names=await _names(hass, entry, imported),
        start=_start(entry, zone),
        trusted=trusted | sums,
        has_estimates=DataQuality.of(entry.options).has_estimates,
        zone=zone,
        holidays=await async_public_holidays(hass),
    )


def _start[Data](entry: ConfigEntry[Data], zone: tzinfo) -> datetime | None:
    """Return local midnight of the day from which the user wants history."""
    day = entry.options.get(CONF_HISTORY_START)
    return local_midnight(date.fromisoformat(day), zone) if day else None


def _is_imported[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], point: Point
) -> bool:
    """Return True if the history of a point is imported.

    A point that is disabled by default is only imported once the user enables it:
    servers have thousands of series with years of history each.
    """
    entity = registered_entity(hass, entry, point)
    return point.enabled_default or (entity is not None and not entity.disabled)


async def _names[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], points: Sequence[Point]
) -> Mapping[str, str]:
    """Return the names of statistics, which include the user's entity names."""
    texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    names = {
        key: texts.get(f"component.{DOMAIN}.common.{key}", key)
        for key in (COST_SUFFIX, COMPENSATION_SUFFIX, FIXED_COST_KEY)
    }
    names |= {point.key: full_name(hass, entry, point) for point in points}
    fixed = f"{entry.title} {names[FIXED_COST_KEY]}"
    return {**names, FIXED_COST_KEY: fixed}
