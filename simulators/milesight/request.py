"""One request, once it has been read: who asks, and for what."""

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
    """A request that has been read: who asks, and for what."""

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
        return [one for one in self.state.world.devices.values() if self.sees(one)]

    def sees(self, device: Device) -> bool:
        """Tell whether the user's role has the device."""
        user = self.user
        return user.super_admin or user.devices is None or device.key in user.devices

    def entities(self) -> list[Entity]:
        """Return the entities that the user may see and this release has."""
        return [
            one for one in self.state.world.entities.values() if self.sees_entity(one)
        ]

    def sees_entity(self, entity: Entity) -> bool:
        """Tell whether the user may see the entity and this release has it."""
        if not entity.template.since.has(self.release):
            return False
        if entity.device is not None:
            return self.sees(entity.device)
        if self.user.super_admin:
            return True
        if entity.integration == SYSTEM:
            return self.user.may("entity_custom.view")
        allowed = self.user.integrations
        return allowed is None or entity.integration in allowed

    def entity(self, entity_id: str) -> Entity | None:
        """Return the entity with this id, if the user may see it."""
        found = self.state.world.entities.get(entity_id)
        return found if found is not None and self.sees_entity(found) else None


type Handler = Callable[[ApiRequest], Awaitable[Json]]
