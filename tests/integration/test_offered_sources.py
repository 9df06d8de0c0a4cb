"""Offers to the Energy dashboard are stored in a file of their own."""

from datetime import timedelta
from typing import Any

from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.metering_hub.dashboard.offered_sources import OfferedSources
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

FILE = "metering_hub.energy_dashboard"


async def test_offers_are_stored_by_entry(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """They are saved, loaded again, and removed with their entry."""
    offered = OfferedSources(hass)
    await offered.async_load()
    assert offered.of("one") == frozenset()
    offered.async_add("one", ["b", "a"])
    offered.async_add("one", ["a", "c"])
    offered.async_add("two", ["d"])
    await _let_save(hass)
    assert hass_storage[FILE]["data"] == {"one": ["a", "b", "c"], "two": ["d"]}
    again = OfferedSources(hass)
    await again.async_load()
    assert again.of("one") == {"a", "b", "c"}
    again.async_forget("one")
    await _let_save(hass)
    assert hass_storage[FILE]["data"] == {"two": ["d"]}


async def test_no_offers_are_not_saved(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """An entry without offers does not create a file."""
    offered = OfferedSources(hass)
    await offered.async_load()
    offered.async_add("one", [])
    offered.async_forget("two")
    await _let_save(hass)
    assert FILE not in hass_storage


async def _let_save(hass: HomeAssistant) -> None:
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=5))
    await hass.async_block_till_done()
