"""What a person sees of the captured server: 133 devices that have reported once.

The limits are those of the project; `--log-cli-level=info` shows the figures.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
import json
import logging

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulators.milesight import MilesightSimulator
from simulators.milesight.model import Entity

from ..conftest import Tick

_READ_ONLY = ("binary_sensor", "climate", "device_tracker", "sensor", "valve")
_LONGEST_NAME = 60
_MOST_DIAGNOSTICS = 256 * 1024
"""Bytes of a file that a person can still read and attach."""

_D2D_KEY = "5572404c696e6b4c6f52613230313823"


@pytest.fixture
def simulator() -> MilesightSimulator:
    """Return the captured server."""
    return MilesightSimulator(captured=True, version="1.3.1", clock=dt_util.utcnow)


@dataclass(frozen=True)
class Figures:
    """The figures of the entities of an entry."""

    registered: int
    enabled: int
    read_only: int
    without_value: tuple[str, ...]
    repeated_words: tuple[str, ...]
    longest_name: str
    same_names: tuple[str, ...]


def _name(entity: er.RegistryEntry) -> str:
    """Return the name of an entity beside that of its device."""
    return entity.name or entity.original_name or ""


def _repeats_a_word(name: str) -> bool:
    """Return True if a name has a word of letters twice."""
    words = Counter(word for word in name.casefold().split() if word.isalpha())
    return any(count > 1 for count in words.values())


def figures(hass: HomeAssistant, entry: MockConfigEntry) -> Figures:
    """Return the figures of an entry's entities."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    enabled = [entity for entity in entities if not entity.disabled]
    read_only = [entity for entity in enabled if entity.domain in _READ_ONLY]
    by_device = defaultdict[str | None, Counter[str]](Counter)
    for entity in entities:
        by_device[entity.device_id][_name(entity).casefold()] += 1
    names = [_name(entity) for entity in entities]
    return Figures(
        registered=len(entities),
        enabled=len(enabled),
        read_only=len(read_only),
        without_value=tuple(
            entity.entity_id
            for entity in read_only
            if (state := hass.states.get(entity.entity_id)) is None
            or state.state in (STATE_UNKNOWN, STATE_UNAVAILABLE)
        ),
        repeated_words=tuple(filter(_repeats_a_word, names)),
        longest_name=max(names, key=len),
        same_names=tuple(
            f"{device}: {name}"
            for device, counted in by_device.items()
            for name, count in counted.items()
            if count > 1
        ),
    )


async def test_figures_of_the_captured_server(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """Nearly all enabled entities have a value; names are short, unique and plain."""
    await tick(60)
    found = figures(hass, loaded)
    logging.getLogger(__name__).info(
        "registered %d, enabled %d, read-only %d, without a value %d, "
        "repeated words %d, longest name %d, same names %d",
        found.registered,
        found.enabled,
        found.read_only,
        len(found.without_value),
        len(found.repeated_words),
        len(found.longest_name),
        len(found.same_names),
    )
    missed = {
        "without a value": found.without_value
        if len(found.without_value) > 0.1 * found.read_only
        else (),
        "repeated words": found.repeated_words,
        "too long": (found.longest_name,)
        if len(found.longest_name) > _LONGEST_NAME
        else (),
        "same names": found.same_names,
    }
    shown = {what: (len(each), each[:20]) for what, each in missed.items() if each}
    assert not shown


async def test_composites_of_the_captured_server(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """Thermostats, a valve and a tracker are one entity each, once they have values."""
    await tick(60)
    entities = er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    found = {
        domain: sorted(
            entity.entity_id
            for entity in entities
            if entity.domain == domain and not entity.disabled
        )
        for domain in ("climate", "device_tracker", "valve")
    }
    assert found == {
        "climate": [
            "climate.wt101_no_117",
            "climate.wt201_no_119",
            "climate.wt201_v2_no_120",
        ],
        "device_tracker": ["device_tracker.at101_no_17"],
        "valve": ["valve.uc521_no_76_valve_1"],
    }
    tracker = hass.states.get("device_tracker.at101_no_17")
    assert tracker is not None
    assert tracker.attributes["latitude"] == 24.62495
    assert tracker.attributes["longitude"] == 118.030576
    thermostat = hass.states.get("climate.wt201_no_119")
    assert thermostat is not None
    assert thermostat.state == "heat"
    assert thermostat.attributes["current_temperature"] == 25.8
    assert thermostat.attributes["temperature"] == 16.6
    assert thermostat.attributes["fan_mode"] == "auto"
    assert thermostat.attributes["hvac_action"] == "idle"
    valve = hass.states.get("valve.uc521_no_76_valve_1")
    assert valve is not None
    assert (valve.state, valve.attributes["current_position"]) == ("open", 50)
    assert not any(
        entity.entity_id.endswith("at101_no_17_latitude") for entity in entities
    )


@pytest.fixture
def keys(simulator: MilesightSimulator) -> list[Entity]:
    """Let every device that can have a key for other devices have one."""
    found = [
        entity
        for entity in simulator.world.entities.values()
        if entity.identifier.rpartition(".")[2] == "d2d_key"
    ]
    for entity in found:
        simulator.world.write(entity, _D2D_KEY, simulator.now)
    return found


async def test_diagnostics_of_the_captured_server(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    simulator: MilesightSimulator,
    keys: list[Entity],
    loaded: MockConfigEntry,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """They are short, and have no keys, places or serials; nor has the log a key."""
    for device in simulator.world.devices.values():
        await simulator.report_now(device.name)
    await tick(60)
    served = {latest.value for key in keys if (latest := simulator.store.latest(key))}
    assert served == {_D2D_KEY}
    assert await async_setup_component(hass, "diagnostics", {})
    shown = await get_diagnostics_for_config_entry(hass, hass_client, loaded)
    text = json.dumps(shown)
    assert len(text) <= _MOST_DIAGNOSTICS
    for secret in (_D2D_KEY, "24.62495", "118.030576", "52.1", "24e1240000500011"):
        assert secret not in text.lower()
    assert not [state for state in hass.states.async_all() if _D2D_KEY in str(state)]
    assert _D2D_KEY not in "".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components")
    )
