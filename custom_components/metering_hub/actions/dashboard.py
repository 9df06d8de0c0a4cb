"""The action that adds meters to the Energy dashboard."""

from homeassistant.core import ServiceCall, ServiceResponse

from ..dashboard.energy_dashboard import EntryMeters, async_add_to_dashboard
from .call import ATTR_ENTRY, entry_of, errors_translated


async def add_to_energy_dashboard(call: ServiceCall) -> ServiceResponse:
    """Add sources to the Energy dashboard; return those added and those skipped."""
    entry = entry_of(call, call.data[ATTR_ENTRY])
    history, inventory = entry.runtime_data.history, entry.runtime_data.inventory
    meters = EntryMeters(
        entry=entry,
        points=inventory.data.points,
        forecast=inventory.async_solar_forecast,
        statistic_prefix=history.prefix if history else None,
    )
    with errors_translated():
        outcome = await async_add_to_dashboard(call.hass, meters, only_new=False)
    return {"added": [*outcome.added], "skipped": dict(outcome.skipped)}
