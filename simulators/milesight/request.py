"""One request on its way to an answer, and the state that all requests share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from multidict import MultiMapping

from simulators.faults import Json

from .catalog import MODELS, SYSTEM
from .hub import Hub
from .knobs import Knobs, User
from .query import Body
from .releases import Release
from .sessions import Sessions
from .things import Device, Entity
from .values import Values
from .world import World


@dataclass(eq=False)
class State(Knobs):
    """The knobs, and what the server has in its database.

    `start` is when the first device was added: 400 days ago if not given.
    """

    start: datetime | None = None
    seed: int = 1
    device_count: int = len(MODELS)
    world: World = field(init=False)
    sessions: Sessions = field(init=False)
    hub: Hub = field(init=False)

    def __post_init__(self) -> None:
        """Build the world."""
        start = self.start or self.clock() - timedelta(days=400)
        self.world = World(start, self.seed, self.device_count)
        self.sessions = Sessions(self)
        self.hub = Hub(self, self.world, self.sessions)

    @property
    def values(self) -> Values:
        """Return the values that are stored by now."""
        return Values(self.world, self.now)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has been read: who asks, and for what."""

    state: State
    user: User
    params: Mapping[str, str]
    query: MultiMapping[str]
    body: Body
    release: Release

    @property
    def values(self) -> Values:
        """Return the values that are stored by now."""
        return self.state.values

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


type Handler = Callable[[Call], Awaitable[Json]]
