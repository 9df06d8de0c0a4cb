"""Who may call which action: the only place where this is decided.

An action is for administrators, or for users with a right to the entities that it is
about. Home Assistant's own calls, such as those of automations, have no user and may
call all of them.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from ..data import MeteringHubConfigEntry
from ..identifiers import point_key_of
from .call import ATTR_ENTRY, Run, device_of, named_entry
from .chosen_point import named_point
from .costs import ATTR_METERS
from .energy_breakdown import ATTR_DEVICE
from .gaps import ATTR_ENTITIES
from .set_values import written_points


@dataclass(frozen=True, slots=True)
class EntityRight:
    """The right to call an action for users who have it for each of its entities.

    `policy` is Home Assistant's name of the right. `entities_of` returns the ids of the
    entities that a call is about. Without any, only administrators may call it. It
    raises ServiceValidationError for a call that makes no sense.
    """

    policy: str
    entities_of: Callable[[ServiceCall], Collection[str]]

    def guarded(self, run: Run) -> Run:
        """Return an action that raises Unauthorized or UnknownUser first."""

        async def run_if_allowed(call: ServiceCall) -> ServiceResponse:
            """Run the action unless the user may not."""
            await self._check(call)
            return await run(call)

        return run_if_allowed

    async def _check(self, call: ServiceCall) -> None:
        """Raise Unauthorized unless the user of a call has the right."""
        if call.context.user_id is None:
            return
        user = await call.hass.auth.async_get_user(call.context.user_id)
        if user is None:
            raise UnknownUser(context=call.context, permission=self.policy)
        if user.is_admin:
            return
        entity_ids = self.entities_of(call)
        if not entity_ids:
            raise Unauthorized(context=call.context, permission=self.policy)
        for entity_id in entity_ids:
            self._check_entity(call, user, entity_id)

    def _check_entity(self, call: ServiceCall, user: User, entity_id: str) -> None:
        """Raise Unauthorized unless a user has the right for an entity."""
        if not user.permissions.check_entity(entity_id, self.policy):
            raise Unauthorized(
                context=call.context, entity_id=entity_id, permission=self.policy
            )


def _of_entry(call: ServiceCall) -> Collection[str]:
    """Return all entities of the entry of a call."""
    return _entities_of_entry(call, named_entry(call, call.data[ATTR_ENTRY]))


def _of_point(call: ServiceCall) -> Collection[str]:
    """Return the entity of the point that a call is about."""
    if (entity_id := call.data.get(ATTR_ENTITY_ID)) is not None:
        return [entity_id]
    entry, key = named_point(call)
    return _entities_of_points(call, entry, [key])


def _of_meters(call: ServiceCall) -> Collection[str]:
    """Return the entities of the meters that a call names, or of the whole entry."""
    if (keys := call.data.get(ATTR_METERS)) is None:
        return _of_entry(call)
    return _entities_of_points(call, named_entry(call, call.data[ATTR_ENTRY]), keys)


def _of_entities(call: ServiceCall) -> Collection[str]:
    """Return the entities that a call names, or those of its entry."""
    if ATTR_ENTRY in call.data:
        return _of_entry(call)
    named: list[str] = call.data.get(ATTR_ENTITIES, [])
    return named


def _of_device(call: ServiceCall) -> Collection[str]:
    """Return all entities of the entry of a device.

    The energy of a building is that of meters anywhere in the entry.
    """
    found = device_of(call, call.data[ATTR_DEVICE])
    return _entities_of_entry(call, found[0]) if found else []


def _of_written(call: ServiceCall) -> Collection[str]:
    """Return the entities of all that a call writes."""
    return _entities_of_points(call, *written_points(call))


def _entities_of_entry(
    call: ServiceCall, entry: MeteringHubConfigEntry
) -> Collection[str]:
    """Return the ids of an entry's entities, those that are disabled among them."""
    registry = er.async_get(call.hass)
    entries = er.async_entries_for_config_entry(registry, entry.entry_id)
    return [each.entity_id for each in entries]


def _entities_of_points(
    call: ServiceCall, entry: MeteringHubConfigEntry, keys: Collection[str]
) -> Collection[str]:
    """Return the ids of the entities of points, or none if a point has no entity.

    A point without its own is shown by what it is a part of, such as a thermostat.
    """
    registry = er.async_get(call.hass)
    found: dict[str, list[str]] = {}
    for each in er.async_entries_for_config_entry(registry, entry.entry_id):
        found.setdefault(point_key_of(entry, each.unique_id), []).append(each.entity_id)
    of_points = [
        found.get(key)
        or [id_ for whole in _wholes_of(entry, key) for id_ in found.get(whole, ())]
        for key in keys
    ]
    return [id_ for ids in of_points for id_ in ids] if all(of_points) else []


def _wholes_of(entry: MeteringHubConfigEntry, key: str) -> list[str]:
    """Return the keys of the composites that a point is a part of."""
    if entry.state is not ConfigEntryState.LOADED:
        return []
    composites = entry.runtime_data.inventory.data.composites.values()
    return [each.key for each in composites if key in each.parts.values()]


ADMINS = None
"""Only administrators may call an action that changes what belongs to everybody."""

READ_POINT = EntityRight(POLICY_READ, _of_point)
READ_METERS = EntityRight(POLICY_READ, _of_meters)
READ_ENTITIES = EntityRight(POLICY_READ, _of_entities)
READ_DEVICE = EntityRight(POLICY_READ, _of_device)
CONTROL_WRITTEN = EntityRight(POLICY_CONTROL, _of_written)
