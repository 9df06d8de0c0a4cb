"""The platform that Home Assistant's Energy dashboard loads for solar forecasts."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .dashboard.solar_forecast import async_solar_forecast
from .data import MeteringHubConfigEntry


async def async_get_solar_forecast(
    hass: HomeAssistant, config_entry_id: str
) -> dict[str, dict[str, float]] | None:
    """Return the solar forecast of an entry, or None if it has none."""
    entry: MeteringHubConfigEntry | None = hass.config_entries.async_get_entry(
        config_entry_id
    )
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        return None
    data = entry.runtime_data
    points = data.inventory.data.points.values()
    wh_hours = await async_solar_forecast(entry, data.backend, points)
    return {"wh_hours": wh_hours} if wh_hours else None
