"""The entities of the device models and of a running server, as stored test data."""

from collections.abc import Iterator
from dataclasses import dataclass
import gzip
import json
from pathlib import Path
from typing import cast

from custom_components.metering_hub.backends.milesight.catalogue import (
    Catalogue,
    make_catalogue,
)
from custom_components.metering_hub.backends.milesight.entity_rows import (
    EntityRow,
    parse_entity,
)
from custom_components.metering_hub.backends.milesight.features import LatestEndpoint
from custom_components.metering_hub.backends.milesight.models import parse_device
from simulators.faults import Json

FIXTURES = Path(__file__).parents[2] / "fixtures" / "milesight"

type Rows = list[dict[str, Json]]

_ATTRIBUTES = ("unit", "enum", "min", "max")


@dataclass(frozen=True)
class StoredServer:
    """The rows of the devices and entities of a server."""

    devices: Rows
    entities: Rows

    async def catalogue(self) -> Catalogue:
        """Return what the integration makes of the rows."""
        return await make_catalogue(
            [row for each in self.devices if (row := parse_device(each))],
            self.entity_rows,
            LatestEndpoint.BATCH,
            "http://beaver.local",
        )

    @property
    def entity_rows(self) -> list[EntityRow]:
        """Return the entities that can be shown."""
        return [row for each in self.entities if (row := parse_entity(each))]

    def identifier(self, key: str) -> str:
        """Return the part of an entity's key after that of its device.

        That of an integration's own entity begins with "~".
        """
        prefixes = {str(device["key"]) for device in self.devices}
        parts = key.split(".")
        for length in range(1, len(parts)):
            if ".".join(parts[:length]) in prefixes:
                return ".".join(parts[length:])
        return "~" + ".".join(parts[2:])


def _load(name: str) -> dict[str, Json]:
    """Return a stored JSON object."""
    text = gzip.decompress((FIXTURES / name).read_bytes())
    return cast("dict[str, Json]", json.loads(text))


def captured_server() -> StoredServer:
    """Return what a running 1.3.1 answered."""
    stored = _load("inventory-1.3.1.json.gz")
    return StoredServer(
        cast("Rows", stored["devices"]), cast("Rows", stored["entities"])
    )


def server_of_models() -> StoredServer:
    """Return a server that has a device of each model."""
    devices: Rows = []
    entities: Rows = []
    models = cast("dict[str, Rows]", _load("models.json.gz"))
    for number, (model, rows) in enumerate(models.items()):
        key = f"milesight-gateway.device.{number:016d}"
        devices.append({"id": str(10**15 + number), "key": key, "name": model})
        entities += _entities_of_model(key, rows, 10**16 + 10**6 * number)
    return StoredServer(devices, entities)


def _entities_of_model(
    key: str, rows: Rows, first_id: int
) -> Iterator[dict[str, Json]]:
    """Yield the rows that a server has of a model's entities."""
    for number, row in enumerate(rows):
        yield {
            "entity_id": str(first_id + number),
            "entity_key": f"{key}.{row['identifier']}",
            "entity_name": row["name"],
            "entity_type": row["type"],
            "entity_value_type": row["value_type"],
            "entity_access_mod": row["access"],
            "entity_value_attribute": {
                name: row[name] for name in _ATTRIBUTES if name in row
            },
        }
