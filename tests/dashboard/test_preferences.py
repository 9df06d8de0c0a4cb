"""The adapter for the preferences of the Energy dashboard."""

from unittest.mock import AsyncMock, Mock

import pytest

from custom_components.metering_hub.dashboard.preferences import (
    Preferences,
    SourceList,
    counted_statistics,
)

GRID = {"type": "grid", "stat_energy_from": "a:1", "stat_energy_to": "a:2"}
EXPORT = {"type": "grid", "stat_energy_from": None, "stat_energy_to": "a:2"}
GAS = {"type": "gas", "stat_energy_from": "a:3", "stat_cost": "a:3_cost"}
PLUG = {"stat_consumption": "a:4", "stat_rate": "sensor.power"}


def make_manager(data: object) -> Mock:
    """Return Home Assistant's manager of the preferences with some data."""
    return Mock(data=data, async_update=AsyncMock())


@pytest.mark.parametrize("data", [None, {}, {"energy_sources": None}])
def test_missing_lists_are_empty(data: object) -> None:
    sources = Preferences(make_manager(data)).sources()
    assert sources == {name: [] for name in SourceList}


def test_lists_are_copies() -> None:
    data = {"energy_sources": [GRID], "device_consumption": [PLUG]}
    sources = Preferences(make_manager(data)).sources()
    assert sources[SourceList.ENERGY] == [GRID]
    assert sources[SourceList.DEVICE] == [PLUG]
    sources[SourceList.ENERGY].append(GAS)
    assert data["energy_sources"] == [GRID]


async def test_only_changed_lists_are_written() -> None:
    manager = make_manager({"energy_sources": [GRID]})
    await Preferences(manager).async_update({})
    manager.async_update.assert_not_awaited()
    await Preferences(manager).async_update({SourceList.WATER_DEVICE: [PLUG]})
    manager.async_update.assert_awaited_once_with({"device_consumption_water": [PLUG]})


def test_only_amounts_are_counted() -> None:
    counted = counted_statistics([GRID, EXPORT, GAS, PLUG])
    assert list(counted) == ["a:1", "a:2", "a:2", "a:3", "a:4"]
