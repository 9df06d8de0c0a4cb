"""The solar forecast of a config entry, for the Energy dashboard."""

from collections.abc import Collection
from datetime import timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..backends import BACKENDS
from ..backends.base import Backend, Capability
from ..backends.errors import BackendError
from ..const import CONF_BACKEND, LOGGER
from ..metering.model import Point

DAYS = 3
"""How many local days a forecast covers, beginning with today."""


async def async_solar_forecast(
    entry: ConfigEntry, backend: Backend, points: Collection[Point]
) -> dict[str, float]:
    """Return the expected production in Wh by the start of the hour, in ISO 8601.

    It is empty if there is none, or if the server does not answer: the dashboard asks
    again each time that it is opened.
    """
    if Capability.FORECAST not in BACKENDS[entry.data[CONF_BACKEND]].capabilities:
        return {}
    today = dt_util.start_of_local_day()
    end = dt_util.start_of_local_day(today.date() + timedelta(days=DAYS))
    try:
        amounts = await backend.solar_forecast(
            points, dt_util.as_utc(today), dt_util.as_utc(end)
        )
    except BackendError as err:
        LOGGER.debug("%s: no solar forecast: %s", entry.title, err)
        return {}
    return {hour.isoformat(): amounts[hour] for hour in sorted(amounts)}
