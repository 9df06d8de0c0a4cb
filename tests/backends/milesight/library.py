"""The entities of real servers: a captured one, and the maker's device library."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import cache
import gzip
from typing import NamedTuple

import orjson

from custom_components.metering_hub.backends.milesight.catalogue import (
    Catalogue,
    make_catalogue,
)
from custom_components.metering_hub.backends.milesight.entity_rows import (
    EntityRow,
    parse_entity,
)
from custom_components.metering_hub.backends.milesight.features import LatestEndpoint
from custom_components.metering_hub.backends.milesight.models import (
    DeviceRow,
    Object,
    parse_device,
)
from tests.captures import FIXTURES


class Rows(NamedTuple):
    """The devices and entities of a server."""

    devices: Sequence[DeviceRow]
    entities: Sequence[EntityRow]

    @property
    def catalogue(self) -> Catalogue:
        """Return the devices and points that are made of them."""
        made = make_catalogue(
            self.devices, self.entities, LatestEndpoint.BATCH, "http://host"
        )
        return asyncio.run(made)


def read(name: str) -> Object:
    """Return the content of a fixture."""
    content = orjson.loads(
        gzip.decompress((FIXTURES / "milesight" / name).read_bytes())
    )
    assert isinstance(content, dict)
    return content


def rows_of(devices: Sequence[Object], entities: Sequence[Object]) -> Rows:
    """Return what is parsed of the rows of a server."""
    return Rows(
        [row for each in devices if (row := parse_device(each))],
        [row for each in entities if (row := parse_entity(each))],
    )


@cache
def captured() -> Rows:
    """Return what a running server of release 1.3.1 with 133 devices answered."""
    inventory = read("inventory-1.3.1.json.gz")
    devices, entities = inventory["devices"], inventory["entities"]
    assert isinstance(devices, list)
    assert isinstance(entities, list)
    return rows_of(
        [row for row in devices if isinstance(row, dict)],
        [row for row in entities if isinstance(row, dict)],
    )


@cache
def library() -> Rows:
    """Return a device of each of the library's 175 models."""
    models = read("models.json.gz")
    keys = {
        model: f"milesight-gateway.device.{number:016x}"
        for number, model in enumerate(models)
    }
    devices: list[Object] = [
        {"id": str(number), "key": key, "name": f"Device {number}"}
        for number, key in enumerate(keys.values(), start=1)
    ]
    entities = [
        _entity_row(number, keys[model], entity)
        for number, (model, entity) in enumerate(_entities(models), start=1)
    ]
    return rows_of(devices, entities)


def _entities(models: Object) -> Iterator[tuple[str, Object]]:
    for model, entities in models.items():
        assert isinstance(entities, list)
        for entity in entities:
            assert isinstance(entity, dict)
            yield model, entity


def _entity_row(number: int, device: str, entity: Object) -> Object:
    """Return a row of entity/search."""
    attribute = ("unit", "enum", "min", "max", "fraction_digits", "optional")
    return {
        "entity_id": str(number),
        "entity_key": f"{device}.{entity['identifier']}",
        "entity_name": entity["name"],
        "entity_type": entity["type"],
        "entity_value_type": entity["value_type"],
        "entity_access_mod": entity.get("access"),
        "entity_value_attribute": {
            name: entity[name] for name in attribute if name in entity
        },
    }
