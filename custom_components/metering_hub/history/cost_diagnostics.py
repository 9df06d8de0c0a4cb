"""What the diagnostics of an entry say about its prices."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta, tzinfo

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..errors import HistoryError
from ..metering.model import Point
from ..prices.stored import (
    CONF_APPLIES_TO,
    CONF_PRICE_TYPE,
    SUBENTRY_TYPE,
    broken_tariffs,
)
from .cost_report import counted_points, read_unpriced_hours

_YEAR = timedelta(days=365)


def tariff_diagnostics[Data](
    entry: ConfigEntry[Data], zone: tzinfo
) -> dict[str, object]:
    """Return how many tariffs there are; `zone` is that of their times."""
    tariffs = [each.data for each in entry.get_subentries_of_type(SUBENTRY_TYPE)]
    return {
        "tariffs": len(tariffs),
        "broken_tariffs": len(broken_tariffs(entry, zone)),
        "price_types": Counter(str(each.get(CONF_PRICE_TYPE)) for each in tariffs),
        "applies_to": Counter(str(each.get(CONF_APPLIES_TO)) for each in tariffs),
    }


async def unpriced_hours[Data](
    hass: HomeAssistant,
    entry: ConfigEntry[Data],
    prefix: str,
    points: Mapping[str, Point],
) -> dict[str, int] | None:
    """Return the hours of the last year without a price, by role, if they are known."""
    now = dt_util.utcnow()
    counted = counted_points(hass, entry, points)
    try:
        hours = await read_unpriced_hours(hass, prefix, counted, now - _YEAR, now)
    except HistoryError:
        return None
    return {role.value: number for role, number in hours.items()}
