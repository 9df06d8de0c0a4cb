"""Files of our own that are broken cost what they held, and not the set-up."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.dashboard.replaced_sources import ReplacedSources
from custom_components.metering_hub.memory import CheckedStore
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .conftest import set_up

NAMES = (
    *("", ".inventory", ".trusted", ".qualities", ".warnings", ".prices", ".audit"),
    *(".compared", ".news", ".history"),
)
SHARED = ("prices", "energy_dashboard", "replaced_sources")
BROKEN: tuple[object, ...] = (
    [],
    ["a", None],
    5,
    "text",
    {"units": 5, "meters": [], "unfinished": 3, "salt": {}, "due": {}, "days": None},
    {"electricity_delivered_1": [1], "1": {"2": None}, "devices": 7, "points": [3]},
)


@pytest.mark.parametrize("data", BROKEN, ids=repr)
async def test_set_up_with_broken_files(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    data: object,
) -> None:
    keys = [f"{DOMAIN}.{entry.entry_id}{name}" for name in NAMES]
    keys += [f"{DOMAIN}.{name}" for name in SHARED]
    keys += [f"{DOMAIN}.{entry.entry_id}_{name}" for name in ("joined", "factors")]
    for key in keys:
        hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("version", [None, "x", [1], {}])
async def test_a_file_without_a_version(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    version: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hass_storage["some.file"] = {"version": version, "minor_version": 1, "data": {}}
    store: CheckedStore[dict[str, Any]] = CheckedStore(hass, 1, "some.file")
    assert await store.async_load() is None
    assert "The file some.file is broken and is not used" in caplog.text


async def test_replacements_that_are_none_are_forgotten(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    key = f"{DOMAIN}.replaced_sources"
    good = {"kind": "gas"}
    data = {"a": 5, "b": [5, {}, {"kind": "gas", "more": [1]}], "c": [good]}
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}
    replaced = ReplacedSources(hass)
    await replaced.async_load()
    assert replaced.of("a") == replaced.of("b") == []


async def test_a_file_of_the_wrong_shape_is_not_used(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    hass_storage["a.b"] = {"version": 1, "minor_version": 1, "key": "a.b", "data": []}
    stored: CheckedStore[list[Any]] = CheckedStore(hass, 1, "a.b", list)
    assert await stored.async_load() == []
    other: CheckedStore[dict[str, Any]] = CheckedStore(hass, 1, "a.b")
    assert await other.async_load() is None
    assert "broken" in caplog.text
