"""The config entry of a server behind the proxy."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant

from .worlds import DOMAIN, entry_data, form


async def open_form(hass: HomeAssistant, backend: str) -> str:
    """Open the form of a server, and return the id of its flow."""
    flow = hass.config_entries.flow
    step = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    step = await flow.async_configure(step["flow_id"], {"next_step_id": backend})
    return step["flow_id"]


async def make_entry(
    hass: HomeAssistant, backend: str, url: str, *, wants_history: bool
) -> MockConfigEntry:
    """Return an entry of all devices of the server at an address."""
    flow = hass.config_entries.flow
    flow_id = await open_form(hass, backend)
    step = await flow.async_configure(flow_id, form(backend, url))
    assert step["step_id"] == "selection"
    unique_id = flow.async_get(flow_id)["context"]["unique_id"]
    flow.async_abort(flow_id)
    return MockConfigEntry(
        domain=DOMAIN,
        title="Meters",
        minor_version=3,
        unique_id=unique_id,
        data={"backend": backend, **entry_data(backend, url)},
        options={
            "devices": [],
            "known_devices": [],
            "new_devices": True,
            "history": wants_history,
        },
    )
