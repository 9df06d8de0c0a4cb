"""The example dashboards refer to existing entities and statistics."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.history.news.events import HistoryEventType
from custom_components.metering_hub.history.quality.report import QualityReport
from demo.dashboard import DATA_QUALITY, OVERVIEW
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template

from ..dashboards import overview_text, texts_of, unknown_names
from .conftest import NOW
from .test_data_quality import REPORT, show
from .test_history import euro, simulator

__all__ = ["euro", "simulator"]


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


@pytest.mark.parametrize("wants_history", [True])
async def test_overview_shows_costs(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The import of the history knows unpriced hours, too, but is no cost."""
    hass.states.async_set(
        "sensor.electricity_meter_import_cost_today",
        "12.3456",
        {
            "device_class": "monetary",
            "unpriced_hours": 5,
            "unit_of_measurement": "EUR",
            "friendly_name": "Today",
        },
    )
    text = rendered(hass, OVERVIEW)
    assert "| Today | 12.35 EUR | 5 |" in text.splitlines()
    assert "No meter has a price yet" not in text
    assert "History import" not in text
    hass.states.async_set(
        "sensor.electricity_meter_import_cost_today",
        "unknown",
        {
            "device_class": "monetary",
            "unpriced_hours": None,
            "unit_of_measurement": "EUR",
            "friendly_name": "Today",
        },
    )
    assert "| Today | ? EUR | - |" in rendered(hass, OVERVIEW).splitlines()
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert "No meter has a price yet" in rendered(hass, OVERVIEW)


def rendered(hass: HomeAssistant, name: str) -> str:
    """Return all texts of a file; nothing in them may be undefined."""
    return "\n".join(
        Template(text, hass).async_render(strict=True, parse_result=False)
        for text in texts_of(name)
    )


@pytest.mark.parametrize("wants_history", [True])
async def test_data_quality_is_shown_by_meter(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await show(hass, loaded, REPORT)
    events = loaded.runtime_data.history.events
    events.fire(HistoryEventType.IMPORT_FAILED, reason="no answer")
    events.fire(HistoryEventType.WARNING, meter="Gas", rule="spike", start=NOW)
    text = rendered(hass, DATA_QUALITY)
    for line in (
        "**DSMR-reader: 56.7 % measured**",
        "| Gas | 70.0 % | 7 h |",
        "| Water | 0.0 % | - |",
        "| Gas | 21 Nov, 02:30 | 21 Nov, 05:30 | 3 |",
        "| DSMR-reader | 0 | - | - |",
        "| 21 Nov, 11:30 | DSMR-reader | warning | Gas, spike |",
        "| 21 Nov, 11:30 | DSMR-reader | import failed | no answer |",
    ):
        assert line in text.splitlines(), line
    assert "Disabled warnings" not in text
    text = rendered(hass, "dsmr_reader")
    assert "| Gas | 70.0 % | 7 h |" in text.splitlines()
    assert "| Gas | 21 Nov, 02:30 | 3 |" in text.splitlines()
    assert "Rejected readings: 0" in text
    overview = rendered(hass, OVERVIEW)
    assert "| DSMR-reader | 56.7 % | 20 Nov, 15:30 | 7 h |" in overview.splitlines()


@pytest.mark.parametrize("wants_history", [True])
async def test_data_quality_without_holes(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await show(hass, loaded, QualityReport())
    text = rendered(hass, DATA_QUALITY)
    assert "No hour is missing." in text
    assert "Nothing in the last two days." in text
    loaded.runtime_data.history.events.fire(HistoryEventType.WARNING, rule="spike")
    assert "| warning | spike |" in rendered(hass, DATA_QUALITY)
    assert "| Hole |" not in rendered(hass, "dsmr_reader")
    assert "| DSMR-reader | ? % | - | 0 h |" in rendered(hass, OVERVIEW)
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert "No history is imported." in rendered(hass, DATA_QUALITY)
    assert "Nothing in the last two days." in rendered(hass, DATA_QUALITY)
