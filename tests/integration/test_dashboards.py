"""The example dashboards refer to existing entities and statistics."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template

from ..dashboards import overview_text, unknown_names


@pytest.mark.parametrize("wants_history", [True])
async def test_the_dashboard_fits(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    assert unknown_names(hass, loaded, "dsmr_reader") == []


@pytest.mark.parametrize("wants_history", [True])
async def test_overview_shows_data_quality(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Its template is rendered strictly, so nothing may be undefined."""
    hass.states.async_set(
        "sensor.electricity_meter_history_import",
        "99.7",
        {"reached": "2026-11-21T10:00:00+00:00"},
    )
    text = Template(overview_text(), hass).async_render(strict=True)
    assert "| DSMR-reader | 100 % | 21 Nov, " in text
    assert "0 of them unavailable" in text
    assert "No meter reports a problem" in text
    hass.states.async_set(
        "binary_sensor.electricity_meter_problems",
        "on",
        {"device_class": "problem", "friendly_name": "Electricity meter Problems"},
    )
    text = Template(overview_text(), hass).async_render(strict=True)
    assert 'alert-type="error">Electricity meter Problems<' in text
