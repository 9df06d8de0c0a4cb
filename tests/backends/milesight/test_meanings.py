"""What every entity of the vendor's models and of a running server is.

`fixtures/milesight/meanings.csv` has a row for each identifier (with its numbers as N),
unit, value type, access and labels, written by hand: what it is in Home Assistant,
which label is "on", and why it has no device class.
"""

from collections import Counter
from collections.abc import Callable
import csv
import re

import pytest

from custom_components.metering_hub.backends.milesight.entity_rows import (
    EntityRow,
    EntityType,
    ValueType,
)
from custom_components.metering_hub.backends.milesight.sources import Source
from custom_components.metering_hub.descriptions import (
    binary_sensor_device_class,
    number_device_class,
    sensor_device_class,
    sensor_state_class,
    switch_device_class,
)
from custom_components.metering_hub.identifiers import platform_of
from custom_components.metering_hub.metering.model import Kind
from homeassistant.const import Platform

from .stored_servers import FIXTURES, StoredServer, captured_server, server_of_models

KEYS = ("identifier", "unit", "value_type", "access", "labels")
MEANING = (
    *("platform", "quantity", "device_class", "state_class", "ha_unit"),
    *("category", "default", "role", "on"),
)
WITHOUT_CLASS = {
    "Home Assistant has no class for it": 7,
    "a count of things": 50,
    "a reading without a unit": 35,
    "a set-point of an energy, which is no counter": 2,
    "a setting whose unit has no class": 41,
    "a setting without a unit": 167,
    "a share of something": 7,
    "a switch that is no outlet": 463,
    "a value of another moment, a difference or a coefficient": 172,
    "an angle or a coordinate": 10,
    "an id, a number of a message or a time": 12,
    "on or off, of which nothing else is known": 42,
}
"""How many rows have no device class, by reason."""

NUMBER = re.compile(r"pm\d+(?:_\d)?|co2|h2s|nh3|o3|d2d|pt\d+|\d+")
"""Numbers in identifiers, and words with digits, which are kept."""

type Key = tuple[str, ...]

with (FIXTURES / "meanings.csv").open(newline="") as file:
    ROWS = list(csv.DictReader(file))
EXPECTED: dict[Key, Key] = {
    tuple(row[name] for name in KEYS): tuple(row[name] for name in MEANING)
    for row in ROWS
}


def key_of(entity: EntityRow, identifier: str, suffix: str) -> Key:
    """Return the columns by which an entity is found in the table."""
    labels = [*entity.labels.values()]
    return (
        NUMBER.sub(lambda m: "N" if m[0].isdigit() else m[0], identifier) + suffix,
        entity.unit or "",
        entity.value_type,
        "R" * entity.is_readable + "W" * entity.is_writable,
        "|".join(labels) if len(labels) <= 2 else f"{len(labels)} labels",
    )


def meaning_of(source: Source) -> Key:
    """Return the columns that say what an entity is."""
    point = source.point
    platform = platform_of(point)
    is_sensor = platform is Platform.SENSOR
    device_class: str | None = {
        Platform.SENSOR: sensor_device_class,
        Platform.BINARY_SENSOR: binary_sensor_device_class,
        Platform.NUMBER: number_device_class,
        Platform.SWITCH: switch_device_class,
    }.get(platform, lambda _: None)(point)
    on = ""
    if point.kind is Kind.FLAG:
        key = source.flag.on if source.flag else "ONLINE"
        on = source.entity.labels.get(key, key)
    return (
        platform,
        point.quantity,
        device_class or "",
        (sensor_state_class(point) or "") if is_sensor else "",
        point.unit or "",
        point.category or "",
        "on" if point.enabled_default else "off",
        point.role or "",
        on,
    )


def has_meaning(entity: EntityRow, identifier: str) -> bool:
    """Return True for what the table has a row of: no object and no free text."""
    is_text = entity.value_type is ValueType.STRING and not entity.labels
    return (
        entity.type is EntityType.PROPERTY
        and entity.value_type is not ValueType.OBJECT
        and not is_text
        and not identifier.startswith("@location")
        and identifier != "ms-offline-timeout"
    )


@pytest.mark.parametrize(
    ("load", "entities"),
    [(captured_server, 5_000), (server_of_models, 7_000)],
    ids=["captured", "models"],
)
async def test_every_entity_is_what_the_table_says(
    load: Callable[[], StoredServer], entities: int
) -> None:
    server = load()
    catalogue = await server.catalogue()
    rows = {entity.id: entity for entity in server.entity_rows}
    shown = set[str]()
    wrong: dict[Key, tuple[Key | None, Key]] = {}
    for key, source in catalogue.sources.items():
        entity = rows[source.entity.id]
        identifier = server.identifier(entity.key)
        if not has_meaning(entity, identifier):
            continue
        shown.add(entity.id)
        is_second = key in catalogue.readings.values()
        row = key_of(entity, identifier, " (reading)" if is_second else "")
        expected, found = EXPECTED.get(row), meaning_of(source)
        if expected != found:
            wrong[row] = expected, found
    assert wrong == {}
    assert len(shown) > entities
    assert shown == {
        entity.id
        for entity in rows.values()
        if has_meaning(entity, server.identifier(entity.key))
    }


def test_what_has_no_device_class_has_a_reason() -> None:
    reasons = Counter(row["reason"] for row in ROWS if row["reason"])
    assert reasons == WITHOUT_CLASS
    assert [
        row
        for row in ROWS
        if not row["device_class"]
        and not row["reason"]
        and row["platform"] not in ("button", "select")
    ] == []
