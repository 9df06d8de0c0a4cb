"""The platform that Home Assistant's Energy dashboard loads for solar forecasts."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

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
    amounts = await entry.runtime_data.inventory.async_solar_forecast()
    wh_hours = {hour.isoformat(): amounts[hour] for hour in sorted(amounts)}
    return {"wh_hours": wh_hours} if wh_hours else None
