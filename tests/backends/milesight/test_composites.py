"""Thermostats, valves and trackers among the entities of captured models."""

import asyncio
from collections.abc import Mapping
from functools import cache

import pytest

from custom_components.metering_hub.backends.milesight.catalogue import (
    Catalogue,
    make_catalogue,
)
from custom_components.metering_hub.backends.milesight.entity_rows import parse_entity
from custom_components.metering_hub.backends.milesight.features import LatestEndpoint
from custom_components.metering_hub.backends.milesight.models import parse_device
from custom_components.metering_hub.metering.inventory import Composite, Part
from custom_components.metering_hub.metering.model import Category
from simulators.milesight.captured import capture


@cache
def catalogue() -> Catalogue:
    """Return what is made of all entities of the captured server."""
    found = capture()
    devices = [row for each in found.devices if (row := parse_device(each))]
    entities = [row for each in found.entities if (row := parse_entity(each))]
    made = make_catalogue(devices, entities, LatestEndpoint.BATCH, "http://host")
    return asyncio.run(made)


def composites(suffix: str) -> Mapping[str, Composite]:
    """Return the composites whose key ends like this, by the name of their device."""
    made = catalogue()
    return {
        (made.devices[each.device_key].name or "").partition(" ")[0]: each
        for each in made.composites.values()
        if each.key.endswith(suffix)
    }


def identifiers(composite: Composite) -> dict[Part, str]:
    """Return the identifiers of the entities of a composite's parts."""
    made = catalogue()
    keys = {part: made.sources[key].entity.key for part, key in composite.parts.items()}
    return {
        part: key.split(".device.")[1].partition(".")[2] for part, key in keys.items()
    }


def test_thermostats_are_those_that_control_a_temperature() -> None:
    found = composites("_thermostat")
    assert found.keys() == {
        *("wt101", "wt201", "wt201_v2", "wt301", "wt303", "wt304", "wt401")
    }
    target = "target_temperature.target_temperature"
    assert identifiers(found["wt101"]) == {
        Part.CURRENT_TEMPERATURE: "temperature",
        Part.TARGET_TEMPERATURE: target,
        Part.LOWEST: "target_temperature_range.min",
        Part.HIGHEST: "target_temperature_range.max",
    }
    parts = identifiers(found["wt304"])
    assert parts[Part.TARGET_TEMPERATURE] == "target_temperature"
    assert parts[Part.HEATING_TARGET] == "heating_target_temperature"
    assert parts[Part.COOLING_TARGET] == "cooling_target_temperature"
    assert parts[Part.FAN_MODE] == "fan_control_mode"
    assert parts[Part.ACTION] == "temperature_control_info.status"


@pytest.mark.parametrize(
    ("device", "modes"),
    [
        ("wt201", ["heat", "heat", "cool", "heat_cool"]),
        ("wt301", ["cool", "heat", "fan_only"]),
        ("wt303", ["fan_only", "heat", "cool"]),
        # "NA" has no word.
        ("wt401", ["heat", "heat", "cool", "heat_cool", "off"]),
    ],
)
def test_modes_have_the_words_of_home_assistant(device: str, modes: list[str]) -> None:
    words = composites("_thermostat")[device].words[Part.MODE]
    assert [*words.values()] == modes


def test_valves_are_numbered_and_can_be_set() -> None:
    first = composites("_numbered_valve_1")
    assert first.keys() == {"uc511_di", "uc512_di", "uc521"}
    assert composites("_numbered_valve_2").keys() == first.keys()
    assert identifiers(first["uc511_di"]) == {
        Part.IS_OPEN: "valve_1",
        Part.COMMAND: "valve_1_task.valve_status",
    }
    assert identifiers(first["uc521"]) == {
        Part.POSITION: "valve_1_opening",
        Part.TARGET_POSITION: "valve_1_task.valve_opening",
    }
    assert first["uc521"].placeholders == {"number": "1"}


def test_trackers_are_measured_or_on_the_map() -> None:
    measured = composites("_tracker")
    assert identifiers(measured["at101"])[Part.LATITUDE].endswith("latitude")
    trackers = [
        each
        for each in catalogue().composites.values()
        if each.key.endswith("_tracker") and each.enabled_default
    ]
    assert [identifiers(each) for each in trackers] == [
        {Part.LATITUDE: "latitude", Part.LONGITUDE: "longitude"}
    ]
    on_the_map = composites("_map_tracker")
    assert len(on_the_map) > 100
    assert {each.category for each in on_the_map.values()} == {Category.DIAGNOSTIC}
    assert not any(each.enabled_default for each in on_the_map.values())


def test_parts_that_say_nothing_more_are_shown_only_there() -> None:
    made = catalogue()
    hidden = {
        source.entity.key for source in made.sources.values() if source.point.is_part
    }
    shown_only_there = {
        made.sources[composite.parts[part]].entity.key
        for composite in made.composites.values()
        for part in (Part.LATITUDE, Part.LONGITUDE, Part.IS_OPEN)
        if part in composite.parts
    }
    assert hidden == shown_only_there
    # Each of the 133 devices, but for those of some integrations, has a place.
    assert len(hidden) > 200
    assert not any(
        source.point.has_history
        for source in made.sources.values()
        if source.point.is_part
    )


def test_no_part_is_the_sensor_beside_a_setting() -> None:
    """A thermostat would otherwise try to set what can only be read."""
    made = catalogue()
    readings = set(made.readings.values())
    parts = {key for each in made.composites.values() for key in each.parts.values()}
    assert len(readings) > 100
    assert not parts & readings


def test_words_lead_to_the_options_that_points_have() -> None:
    """Options are keys of translations by then, not the labels of the server."""
    made = catalogue()
    for composite in made.composites.values():
        for part, words in composite.words.items():
            options = made.sources[composite.parts[part]].point.options
            assert options is not None
            assert words.keys() <= set(options)
    assert "disabled" in composites("_thermostat")["wt201"].words[Part.FAN_MODE]
