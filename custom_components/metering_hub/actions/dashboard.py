"""The actions that add meters to the Energy dashboard, and restore others."""

from homeassistant.core import ServiceCall, ServiceResponse

from ..dashboard.energy_dashboard import async_add_to_dashboard
from ..dashboard.replacing import async_restore
from ..data import meters_of
from ..errors import errors_translated
from .call import ATTR_ENTRY, entry_of, invalid


async def add_to_energy_dashboard(call: ServiceCall) -> ServiceResponse:
    """Add sources and costs to the Energy dashboard; return what was done."""
    entry = entry_of(call, call.data[ATTR_ENTRY])
    with errors_translated():
        outcome = await async_add_to_dashboard(
            call.hass, meters_of(entry), only_new=False
        )
    return {
        "added": [*outcome.added],
        "updated": [*outcome.updated],
        "skipped": dict(outcome.skipped),
    }


async def restore_energy_dashboard(call: ServiceCall) -> ServiceResponse:
    """Put back the sources that the meters of an entry have replaced."""
    entry = entry_of(call, call.data[ATTR_ENTRY])
    restoration = await async_restore(call.hass, entry.entry_id)
    if restoration is None:
        raise invalid("nothing_to_restore", title=entry.title)
    restored, removed = restoration
    return {"restored": [*restored], "removed": [*removed]}
