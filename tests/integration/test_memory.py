"""A backend's memory survives a restart and is removed with its entry."""

from collections.abc import Mapping
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.base import Memory
from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from homeassistant.core import HomeAssistant
from simulators.dsmr_reader import DsmrReaderSimulator

from .conftest import set_up


@pytest.fixture
def remembering(monkeypatch: pytest.MonkeyPatch) -> list[Memory]:
    """Let the backend remember its starts, and record what it restores."""
    given: list[Memory] = []

    def restore(self: DsmrReaderBackend, memory: Memory) -> None:
        given.append(memory)

    def remember(self: DsmrReaderBackend) -> Memory:
        return {"starts": len(given)}

    monkeypatch.setattr(DsmrReaderBackend, "restore", restore)
    monkeypatch.setattr(DsmrReaderBackend, "remember", remember)
    return given


async def test_memory_survives_a_reload(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    remembering: list[Memory],
    hass_storage: Mapping[str, Any],
) -> None:
    """The memory is restored at the next start, until the entry is removed."""
    await set_up(hass, entry)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert remembering == [{}, {"starts": 1}]
    key = f"metering_hub.{entry.entry_id}"
    assert hass_storage[key]["data"] == {"starts": 1}
    assert await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert key not in hass_storage


async def test_empty_memory_creates_no_file(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    hass_storage: Mapping[str, Any],
) -> None:
    """A backend that remembers nothing, because no telegram names a meter."""
    simulator.telegram = False
    await set_up(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert f"metering_hub.{entry.entry_id}" not in hass_storage
