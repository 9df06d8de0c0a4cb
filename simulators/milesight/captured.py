"""The devices, entities and values that a running Beaver IoT 1.3.1 answered with.

Its rows are served as they were. Times are whole seconds, and moved by whole days, so
the newest value is less than a day old.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from gzip import decompress
from pathlib import Path
from typing import NamedTuple, cast

from orjson import loads

from simulators.faults import Json, Row
from simulators.timeline import Grid
from simulators.times import DAY

from .catalog import IntegrationTemplate
from .model import Device, Entity, Status
from .sources import Recorded, Site
from .templates import Access, EntityType, Model, Template, ValueType
from .world import World

CAPTURED_RELEASE = "1.3.1"
_FILE = Path(__file__).parents[2] / "tests/fixtures/milesight/inventory-1.3.1.json.gz"
_NEVER = 1 << 40
"""An interval in seconds: these devices report only when they are told to."""


class _Capture(NamedTuple):
    """What the server answered; `values` and the rows of `history` are by entity id."""

    devices: Sequence[Row]
    entities: Sequence[Row]
    integrations: Sequence[Row]
    values: Mapping[str, Row]
    history: Mapping[str, Sequence[Row]]


@cache
def capture() -> _Capture:
    """Return the captured answers; parents come before their children."""
    whole = loads(decompress(_FILE.read_bytes()))
    history = defaultdict[str, list[Row]](list)
    for row in sorted(whole["history"], key=lambda row: int(row["id"])):
        history[row["entity_id"]].append(row)
    return _Capture(
        sorted(whole["devices"], key=lambda row: int(str(row["id"]))),
        sorted(whole["entities"], key=lambda row: str(row["entity_key"])),
        whole["integrations"],
        whole["values"],
        history,
    )


class CapturedWorld(World):
    """The world of the captured server."""

    def __init__(self, now: int) -> None:
        """Build the world; `now` is in seconds since 1970-01-01 UTC."""
        found = capture()
        stamps = [_seconds(row) for row in found.values.values() if row]
        self._days = (now - max(stamps)) // DAY * DAY
        start = datetime.fromtimestamp(min(stamps) + self._days, UTC)
        super().__init__(start, count=0, integrations=_integrations(found))
        by_key = {str(row["key"]): self._device(row) for row in found.devices}
        sites = defaultdict[str, Site](lambda: Site(self.seed, self.start))
        for row in found.entities:
            key = str(row["entity_key"])
            prefix = next((p for p in _prefixes(key) if p in by_key), None)
            device = None if prefix is None else by_key[prefix]
            prefix = prefix or ".".join(key.split(".")[:2])
            site = sites[prefix] if device is None else device.site
            self._enter_entity(self._entity(row, prefix, site, device))

    def _device(self, row: Row) -> Device:
        """Add a device, still without entities."""
        model, *_ = str(_map(row["additional_data"]).get("deviceModel")).split("@")
        name = str(row["name"])
        status = cast("Status", row.get("status") or "")
        device = Device(
            str(row["id"]),
            str(row["key"]),
            str(row["identifier"]),
            name,
            Model(model, name, (), integration=str(row["integration"])),
            Site(self.seed, self.start),
            self.start,
            self.start,
            Grid(_NEVER, 0),
            _map(row["additional_data"]),
            status=status,
            captured=row,
        )
        self.devices[device.id] = device
        return device

    def _entity(
        self, row: Row, prefix: str, site: Site, device: Device | None
    ) -> Entity:
        """Return an entity with its values."""
        key, entity_id = str(row["entity_key"]), str(row["entity_id"])
        value_type = cast("ValueType", row["entity_value_type"])
        access = cast("Access | None", row.get("entity_access_mod"))
        attribute = _map(row.get("entity_value_attribute"))
        template = Template(
            key.removeprefix(f"{prefix}."),
            str(row["entity_name"]),
            value_type,
            self._recorded(entity_id),
            access,
            cast("EntityType", row["entity_type"]),
            attribute,
            customized=row["entity_is_customized"] is True,
        )
        return Entity(
            entity_id,
            key,
            template.name,
            template,
            key.partition(".")[0],
            self.start,
            self.start,
            site,
            device,
            attribute,
            value_type,
            access,
            captured=row,
        )

    def _recorded(self, entity_id: str) -> Recorded | None:
        """Return the values of an entity, if it ever had one."""
        found = capture()
        rows = {
            _seconds(row) + self._days: _typed(row)
            for row in found.history.get(entity_id, ())
        }
        value = found.values.get(entity_id)
        latest = (_seconds(value) + self._days, value["value"]) if value else None
        if latest is None and not rows:
            return None
        return Recorded(
            tuple(sorted(rows)), tuple(rows[when] for when in sorted(rows)), latest
        )

    def _enter_entity(self, entity: Entity) -> None:
        """Add an entity to its parent and its device."""
        parent = self.by_key.get(entity.key.rpartition(".")[0])
        if parent is not None:
            entity.parent = parent
            parent.children.append(entity)
        self.entities[entity.id] = entity
        self.by_key[entity.key] = entity
        if entity.device is not None:
            entity.device.entities.append(entity)


def _integrations(found: _Capture) -> tuple[IntegrationTemplate, ...]:
    """Return the integrations; their entities are added like all others."""
    return tuple(
        IntegrationTemplate(
            str(row["id"]),
            str(row["name"]),
            str(row.get("description")),
            (),
            "add_device_service_key" in row,
        )
        for row in found.integrations
    )


def _prefixes(key: str) -> list[str]:
    """Return the parts of a key that end before one of its dots."""
    return [key[:index] for index, letter in enumerate(key) if letter == "."]


def _seconds(row: Row) -> int:
    """Return the time of a value in seconds."""
    return int(str(row["timestamp"])) // 1000


def _typed(row: Row) -> Json:
    """Return the value of a row of a history, in which a LONG is text."""
    value = row.get("value")
    return int(str(value)) if row["value_type"] == "LONG" else value


def _map(value: Json) -> Row:
    """Return an object; an empty one if there is none."""
    return value if isinstance(value, dict) else {}
