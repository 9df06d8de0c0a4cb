"""System health of the Metering Hub integration."""

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .data import MeteringHubConfigEntry
from .live.push import UpdateMode


@callback
def async_register(_hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register the system health information."""
    register.async_register_info(system_health_info)


async def system_health_info(hass: HomeAssistant) -> dict[str, int]:
    """Return the number of servers, and how many of them work."""
    entries: list[MeteringHubConfigEntry] = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    loaded = [
        entry.runtime_data for entry in hass.config_entries.async_loaded_entries(DOMAIN)
    ]
    histories = [runtime.history for runtime in loaded if runtime.history is not None]
    pushes = [runtime.push for runtime in loaded if runtime.push is not None]
    return {
        "servers": len(entries),
        "servers_answering": sum(
            runtime.inventory.last_update_success
            and runtime.readings.last_update_success
            for runtime in loaded
        ),
        "servers_pushing": sum(push.data is UpdateMode.PUSH for push in pushes),
        "histories": len(histories),
        "histories_up_to_date": sum(
            history.data.state == "up_to_date" for history in histories
        ),
    }
