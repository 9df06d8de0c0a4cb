"""Points are imported again when a setting that their rows follow from changes."""

from typing import Any

from custom_components.metering_hub.history.settings_memory import (
    Setting,
    SettingsMemory,
)
from homeassistant.core import HomeAssistant

KEY = "metering_hub.entry.trusted"
ALL = ("gas", "heat", "water")


def settings(
    trusted: str = "", straight: str = "", chosen: str = ""
) -> dict[Setting, frozenset[str]]:
    """Return settings from keys with spaces between them."""
    return {
        Setting.TRUSTED: frozenset(trusted.split()),
        Setting.STRAIGHT_LINES: frozenset(straight.split()),
        Setting.CHOSEN_UNIT: frozenset(chosen.split()),
    }


async def test_only_changed_points_are_imported_again(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """Either setting counts, in either direction, also after a restart."""
    memory = SettingsMemory(hass, "entry")
    assert await memory.async_changed(ALL, settings()) == frozenset()
    chosen = settings("gas", "gas heat")
    assert await memory.async_changed(ALL, chosen) == {"gas", "heat"}
    await memory.async_keep({"gas"}, chosen)
    assert hass_storage[KEY]["data"] == {
        "trusted": ["gas"],
        "straight_lines": ["gas"],
        "chosen_unit": [],
    }
    memory = SettingsMemory(hass, "entry")
    assert await memory.async_changed(ALL, chosen) == {"heat"}
    await memory.async_keep({"heat"}, chosen)
    assert await memory.async_changed(ALL, chosen) == frozenset()
    assert await memory.async_changed(ALL, settings("", "gas heat")) == {"gas"}
    assert await memory.async_changed(["water"], settings()) == frozenset()


async def test_the_imported_points_of_a_setting_are_known_after_a_restart(
    hass: HomeAssistant,
) -> None:
    """A unit that the user no longer chooses was the one of the rows until now."""
    chosen = settings(chosen="gas heat")
    await SettingsMemory(hass, "entry").async_keep({"gas"}, chosen)
    memory = SettingsMemory(hass, "entry")
    assert await memory.async_imported_with(Setting.CHOSEN_UNIT) == {"gas"}
    assert await memory.async_changed(ALL, settings()) == {"gas"}


async def test_the_list_of_an_older_version_is_read(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """It held the points that were trusted."""
    hass_storage[KEY] = {"version": 1, "key": KEY, "data": ["gas"]}
    memory = SettingsMemory(hass, "entry")
    assert await memory.async_changed(ALL, settings("gas")) == frozenset()
    assert await memory.async_changed(ALL, settings()) == {"gas"}


async def test_a_damaged_file_means_that_nothing_was_set(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """What is set now is imported again."""
    hass_storage[KEY] = {"version": 2, "key": KEY, "data": {"trusted": "gas"}}
    memory = SettingsMemory(hass, "entry")
    assert await memory.async_changed(ALL, settings("gas")) == {"gas"}
