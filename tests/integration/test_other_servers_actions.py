"""Actions for what only some servers can do, called for another one."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr

from .conftest import NOW


async def test_a_server_that_cannot(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """DSMR-reader neither breaks energy down nor stores values of others."""
    device, *_ = dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)
    upload = {
        "entry": loaded.entry_id,
        "source": "sensor.any",
        "what": "states",
        "series": "1",
    }
    for action, data, key in (
        ("get_energy_breakdown", {"device": device.id}, "no_energy_breakdown"),
        ("upload_timeseries", upload, "stores_no_values"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await hass.services.async_call(
                DOMAIN,
                action,
                {**data, "start": NOW.replace(hour=1).isoformat()},
                blocking=True,
                return_response=True,
            )
        assert raised.value.translation_key == key
