"""The sensors of data quality and of missing hours."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.history.attributes import MAX_METERS
from custom_components.metering_hub.history.quality.report import (
    Hole,
    MeterQuality,
    QualityReport,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .conftest import NOW, shown
from .test_history import HOUR, euro, imported, simulator, wants_history

__all__ = ["euro", "simulator", "wants_history"]

QUALITY = "sensor.electricity_meter_data_quality"
MISSING = "sensor.electricity_meter_missing_hours"
HOUR_OF_NOW = NOW.replace(minute=0)


def meter(name: str, measured: int, missing: int, age: int | None = 0) -> MeterQuality:
    """Return a meter with data up to so many hours ago."""
    latest = None if age is None else HOUR_OF_NOW - age * HOUR
    hours = measured + missing
    return MeterQuality(
        name=name,
        hours=hours,
        measured=measured,
        estimated=0,
        held=0,
        missing=missing,
        unknown=0,
        latest=latest,
    )


REPORT = QualityReport(
    meters={
        "low": meter("Low", 100, 0),
        "gas": meter("Gas", 70, 30, age=7),
        "water": meter("Water", 0, 100, age=None),
    },
    holes=[
        Hole(point="gas", name="Gas", start=NOW - 9 * HOUR, end=NOW - 6 * HOUR),
        Hole(point="gas", name="Gas", start=NOW - 20 * HOUR, end=NOW - 19 * HOUR),
    ],
)


async def show(
    hass: HomeAssistant, entry: MockConfigEntry, report: QualityReport
) -> None:
    """Let the entities of an imported entry show a report."""
    await imported(hass, entry)
    history = entry.runtime_data.history
    history.data = replace(history.data, quality=report)
    history.async_update_listeners()


def attributes(hass: HomeAssistant, entity_id: str) -> Mapping[str, object]:
    """Return the attributes of an entity."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state.attributes


@pytest.mark.usefixtures("all_enabled")
async def test_the_quality_of_data(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await show(hass, loaded, REPORT)
    assert float(shown(hass, QUALITY)) == pytest.approx(100 * 170 / 300, abs=0.05)
    found = attributes(hass, QUALITY)
    assert found["measured_by_meter"] == {"Water": 0.0, "Gas": 70.0, "Low": 100.0}
    assert found["late_hours"] == {"Gas": 7, "Low": 0}
    holes = found["holes"]
    assert isinstance(holes, list)
    assert [hole["hours"] for hole in holes] == [3, 1]
    newest = {
        "meter": "Gas",
        "start": (NOW - 9 * HOUR).isoformat(),
        "end": (NOW - 6 * HOUR).isoformat(),
        "hours": 3,
    }
    assert holes[0] == newest
    assert found["disabled_rules"] == []
    assert shown(hass, MISSING) == "130"
    assert attributes(hass, MISSING)["newest"] == newest


@pytest.mark.usefixtures("all_enabled")
async def test_without_hours(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A share of nothing is unknown, and nothing is missing."""
    await show(hass, loaded, QualityReport())
    assert shown(hass, QUALITY) == "unknown"
    assert shown(hass, MISSING) == "0"
    assert attributes(hass, MISSING)["newest"] is None


async def test_a_large_server_shows_the_worst_meters(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    meters = {str(each): meter(str(each), each, 200 - each) for each in range(200)}
    await show(hass, loaded, QualityReport(meters=meters))
    measured = attributes(hass, QUALITY)["measured_by_meter"]
    assert isinstance(measured, dict)
    assert [*measured] == [str(each) for each in range(MAX_METERS)]


async def test_disabled_rules_are_listed(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(
        loaded,
        options={
            **loaded.options,
            "data_quality": {"estimates": True, "disabled_warnings": ["spike"]},
        },
    )
    await show(hass, loaded, REPORT)
    assert attributes(hass, QUALITY)["disabled_rules"] == ["spike"]


async def test_the_sensors_follow_the_history(
    hass: HomeAssistant, loaded: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """Missing hours is disabled by default; both go if there is no history."""
    await imported(hass, loaded)
    registered = entity_registry.async_get(MISSING)
    assert registered is not None
    assert registered.disabled
    assert hass.states.get(QUALITY) is not None
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "history": False}
    )
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entity_registry.async_get(MISSING) is None
    assert hass.states.get(QUALITY) is None
