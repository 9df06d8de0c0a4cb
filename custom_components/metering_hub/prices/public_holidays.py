"""Know the public holidays of the country that Home Assistant is in."""

from datetime import date

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

_FIRST_YEAR = 1990
"""The first year that any server may have history of."""

_YEARS_AHEAD = 5
"""Home Assistant is started again before these have passed."""

_HOLIDAYS: HassKey[dict[str, frozenset[date]]] = HassKey(f"{DOMAIN}_holidays")
"""The holidays by country, calculated once."""


async def async_public_holidays(hass: HomeAssistant) -> frozenset[date]:
    """Return the public holidays of Home Assistant's country; none if it is unknown."""
    known = hass.data.setdefault(_HOLIDAYS, {})
    country = hass.config.country or ""
    if country not in known:
        last = dt_util.utcnow().year + _YEARS_AHEAD
        known[country] = await hass.async_add_executor_job(_holidays, country, last)
    return known[country]


def _holidays(country: str, last_year: int) -> frozenset[date]:
    """Return the holidays of a country, such as "NL", up to a year.

    Importing the calendars and calculating them takes most of a second.
    """
    from holidays import country_holidays, list_supported_countries  # noqa: PLC0415

    if country not in list_supported_countries():
        return frozenset()
    return frozenset(country_holidays(country, years=range(_FIRST_YEAR, last_year + 1)))
