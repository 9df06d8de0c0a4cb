"""A parsed request and what its user may see."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from multidict import MultiMapping

from simulators.faults import Json

from .catalog import SYSTEM
from .knobs import User
from .model import Device, Entity
from .query import Body
from .releases import Release
from .state import State
from .store import Store


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A parsed request, its user and the state of the server."""

    state: State
    user: User
    params: Mapping[str, str]
    query: MultiMapping[str]
    body: Body
    release: Release

    @property
    def store(self) -> Store:
        """Return the values that are stored by now."""
        return self.state.store

    def devices(self) -> list[Device]:
        """Return the devices that the user may see."""
        return [
            device
            for device in self.state.world.devices.values()
            if self.can_see(device)
        ]

    def can_see(self, device: Device) -> bool:
        """Return True if the user's role includes the device."""
        user = self.user
        return user.super_admin or user.devices is None or device.key in user.devices

    def entities(self) -> list[Entity]:
        """Return the entities of this release that the user may see."""
        return [
            entity
            for entity in self.state.world.entities.values()
            if self.can_see_entity(entity)
        ]

    def can_see_entity(self, entity: Entity) -> bool:
        """Return True if this release has the entity and the user may see it."""
        if not entity.template.since.has(self.release):
            return False
        if entity.device is not None:
            return self.can_see(entity.device)
        if self.user.super_admin:
            return True
        if entity.integration == SYSTEM:
            return self.user.may("entity_custom.view")
        allowed = self.user.integrations
        return allowed is None or entity.integration in allowed

    def entity(self, entity_id: str) -> Entity | None:
        """Return the entity with this id, if the user may see it."""
        found = self.state.world.entities.get(entity_id)
        return found if found is not None and self.can_see_entity(found) else None


type Handler = Callable[[ApiRequest], Awaitable[Json]]
