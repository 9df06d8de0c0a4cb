"""All devices and entities of one server, and the changes to them."""

from datetime import datetime

from simulators.faults import Json
from simulators.timeline import Grid
from simulators.times import DAY, epoch

from .catalog import INTEGRATIONS, MODELS, IntegrationTemplate
from .load import random_int
from .model import Device, Entity, Override
from .sources import Site
from .templates import Model, Template, ValueType

GROUPS = ("Energy", "Rooms")

# Far beyond 2 ** 53, and so close together that floats could not distinguish them.
_FIRST_ID = 1_868_211_453_976_543_233


class World:
    """The devices in the order they were added; the first one at `start` (aware).

    `count` devices repeat the catalogue; by default, there is one of each line.
    """

    def __init__(
        self,
        start: datetime,
        seed: int = 1,
        count: int = len(MODELS),
        integrations: tuple[IntegrationTemplate, ...] = INTEGRATIONS,
        *,
        is_grouped: bool = False,
    ) -> None:
        """Build the world; values are only calculated when requested."""
        self.seed = seed
        self.is_grouped = is_grouped
        self.start = epoch(start)
        self.devices: dict[str, Device] = {}
        self.entities: dict[str, Entity] = {}
        self.by_key: dict[str, Entity] = {}
        self.overrides: dict[str, list[Override]] = {}
        self.silent: set[str] = set()
        self._next_id = _FIRST_ID
        self.integrations = integrations
        for integration in integrations:
            self._add_integration(integration)
        for index in range(count):
            self.add_device(index)

    def add_device(self, index: int, created: int | None = None) -> Device:
        """Add the device of this index in the (repeated) catalogue."""
        rounds, line = divmod(index, len(MODELS))
        model = MODELS[line]
        seed = self.seed * 1009 + index
        eui = f"24E124{random_int(seed, 'eui', 16**10):010X}"
        title = model.title if not rounds else f"{model.title} {rounds + 1}"
        # Devices are added a second apart, within a day.
        added = self.start + index % DAY if created is None else created
        device = Device(
            self._new_id(),
            f"{model.integration}.device.{eui}",
            eui,
            title,
            model,
            Site(seed, added, model.kinds, model.gate),
            added,
            added,
            Grid(model.interval, random_int(seed, "phase", model.interval)),
            _additional(model, eui, seed),
            group=_group(model) if self.is_grouped else None,
        )
        self._enter(device)
        return device

    def device(self, name: str) -> Device:
        """Return the device with this name; raise KeyError if it is unknown."""
        for device in self.devices.values():
            if device.name == name:
                return device
        raise KeyError(name)

    def entity(self, name: str, identifier: str) -> Entity:
        """Return an entity by its device's name and its own identifier."""
        return self.by_key[f"{self.device(name).key}.{identifier}"]

    def equip(self, device: Device, *templates: Template) -> None:
        """Add entities to a device, as a new device profile does."""
        integration = device.model.integration
        self._add_entities(device.key, templates, integration, device.site, device)

    def delete(self, device: Device) -> None:
        """Delete a device and its entities."""
        del self.devices[device.id]
        for entity in device.entities:
            del self.entities[entity.id]
            del self.by_key[entity.key]

    def rename(self, device: Device, name: str, at: datetime) -> None:
        """Rename a device; keys and ids stay."""
        device.name, device.updated = name, epoch(at)

    def add_again(self, device: Device, at: datetime) -> Device:
        """Add a deleted device again: the same keys, new ids, registers at zero.

        Its history is lost, because it belongs to the old ids.
        """
        added = epoch(at)
        site = Site(device.site.seed, added, device.model.kinds, device.model.gate)
        again = Device(
            self._new_id(),
            device.key,
            device.identifier,
            device.name,
            device.model,
            site,
            added,
            added,
            device.grid,
            device.additional,
            group=device.group,
        )
        site.resets.append(added)
        self._enter(again)
        return again

    def change(
        self,
        entity: Entity,
        at: datetime,
        *,
        unit: str | None = None,
        value_type: ValueType | None = None,
        scale: float | None = None,
    ) -> None:
        """Change the unit or type of an entity, as a new device profile does."""
        if unit is not None:
            entity.attribute = {**entity.attribute, "unit": unit}
        entity.value_type = value_type or entity.value_type
        entity.scale = scale if scale is not None else entity.scale
        entity.updated = epoch(at)

    def override(self, entity: Entity, *overrides: Override) -> None:
        """Replace the true values of an entity; without overrides, restore them."""
        self.overrides[entity.key] = list(overrides)

    def write(self, entity: Entity, value: Json, when: int) -> list[Entity]:
        """Write a value to an entity; return the entities that have a new value."""
        site = entity.site
        site.written.setdefault(entity.identifier, []).append((when, value))
        if entity.device is not None and entity.identifier == site.gate:
            return self.report(entity.device, when)
        return [entity]

    def reset_registers(self, device: Device, when: int) -> list[Entity]:
        """Set the registers of a device to zero; return its entities."""
        device.site.resets.append(when)
        return self.report(device, when)

    def report(self, device: Device, when: int) -> list[Entity]:
        """Let a device send an extra report; return its entities."""
        device.reported.append(when)
        return reporting(device)

    def _add_integration(self, template: IntegrationTemplate) -> None:
        """Add the entities of an integration."""
        site = Site(self.seed, self.start)
        prefix = f"{template.id}.integration"
        self._add_entities(prefix, template.entities, template.id, site, None)

    def _enter(self, device: Device) -> None:
        """Add a device with its entities."""
        self.devices[device.id] = device
        self._add_entities(
            device.key,
            device.model.entities,
            device.model.integration,
            device.site,
            device,
        )

    def _add_entities(
        self,
        prefix: str,
        templates: tuple[Template, ...],
        integration: str,
        site: Site,
        device: Device | None,
    ) -> None:
        """Add the entities of a device or an integration."""
        for template in templates:
            entity = Entity(
                self._new_id(),
                f"{prefix}.{template.key}",
                template.name,
                template,
                integration,
                site.since,
                site.since,
                site,
                device,
                dict(template.attribute),
                template.value_type,
                template.access,
            )
            above, dot, _ = template.key.rpartition(".")
            if dot:
                entity.parent = self.by_key[f"{prefix}.{above}"]
                entity.parent.children.append(entity)
            self.entities[entity.id] = entity
            self.by_key[entity.key] = entity
            if device is not None:
                device.entities.append(entity)

    def _new_id(self) -> str:
        """Return the next unused id."""
        self._next_id += 1
        return str(self._next_id)


def reporting(device: Device) -> list[Entity]:
    """Return the entities that have a new value with each report of the device."""
    return [
        entity
        for entity in device.entities
        if entity.template.source is not None and entity.template.schedule == "reports"
    ]


def _group(model: Model) -> str | None:
    """Return the group of a model: plugs and meters, or climate, or none."""
    if model.kinds and model.gate:
        return GROUPS[0]
    return GROUPS[1] if model.name in ("AM319", "EM300-TH", "WT101") else None


def _additional(model: Model, eui: str, seed: int) -> dict[str, Json]:
    """Return additional_data, whose keys are camelCase and include a LoRaWAN key."""
    return {
        "eui": eui,
        "deviceModel": model.name,
        "gatewayEUI": "24E124FFFEF00001",
        "fPort": 85,
        "frameCounterValidation": True,
        "appKey": f"{random_int(seed, 'appkey', 1 << 62):032x}",
    }
