"""The config flow of a DSMR-reader."""

import pytest
from yarl import URL

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulators.dsmr_reader import DsmrReaderSimulator

from ..conftest import API_KEY, shown
from ..test_config_flow import SELECTION, choose, finish, form, open_form


async def test_api_disabled_is_not_a_wrong_key(
    hass: HomeAssistant, url: str, simulator: DsmrReaderSimulator
) -> None:
    """The error names the switched-off API, and the form keeps the key."""
    simulator.api_enabled = False
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": "api_disabled"}
    suggested = {
        str(key): key.description["suggested_value"]
        for key in step["data_schema"].schema
    }
    assert suggested == form(url)
    simulator.api_enabled = True
    await finish(hass, step, url)


async def test_too_old_server(
    hass: HomeAssistant, url: str, simulator: DsmrReaderSimulator
) -> None:
    """A server that is too old gets its own error."""
    simulator.version = "4.1.0"
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": "unsupported_version"}
    simulator.version = "5.11.0"
    await finish(hass, step, url)


@pytest.mark.parametrize(
    "pasted",
    [
        "{host}:{port}",
        " http://{host}:{port}/ ",
        "http://{host}:{port}///",
        "http://{host}:{port}/api/v1",
        "http://{host}:{port}/api/v2/datalogger/dsmrreading?limit=1",
        "http://{host}:{port}/dashboard#now",
        "http://{host}:{port}/admin/dsmr_api/apisettings/",
    ],
)
async def test_pasted_addresses(hass: HomeAssistant, url: str, pasted: str) -> None:
    """The address of any page of DSMR-reader is accepted."""
    typed = pasted.format(host=URL(url).host, port=URL(url).port)
    step = await choose(hass, await open_form(hass), form(typed, api_key=f"{API_KEY} "))
    step = await choose(hass, step, SELECTION)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["data"] == {"backend": "dsmr_reader", **form(url)}


async def test_second_meter_is_asked_for_when_the_server_does_not_know(
    hass: HomeAssistant, url: str, simulator: DsmrReaderSimulator
) -> None:
    """The kind of the second meter is a field only if there is no telegram."""
    step = await choose(hass, await open_form(hass), form(url))
    assert "extra_device" not in step["data_schema"].schema
    hass.config_entries.flow.async_abort(step["flow_id"])
    simulator.telegram = False
    step = await choose(hass, await open_form(hass), form(url))
    assert step["data_schema"]({})["extra_device"] == "gas"
    step = await choose(hass, step, {**SELECTION, "extra_device": "heat"})
    assert step["options"]["extra_device"] == "heat"
    assert float(shown(hass, "sensor.heat_meter_meter_reading")) > 0
