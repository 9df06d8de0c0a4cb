"""Endpoints that change something: property/update and service/call.

Source: docs/wire/milesight.md, Control.
"""

from simulators.faults import Json

from .model import Entity
from .request import ApiRequest
from .wire import ApiError, invalid, several

_RESETS = (
    "reset_power_consumption",
    "clear_counter",
    "clear_current_cumulative_value",
)
_INVALID = "parameter_validation_failed"


async def property_update(request: ApiRequest) -> Json:
    """Write values by key; they become the latest ones before any downlink."""
    given = _exchange(request)
    wanted = {
        entity: value
        for key, value in given.items()
        if (entity := _known(request, key)) is not None and entity.is_writable
    }
    if not wanted:
        raise invalid("No property that can be written")
    problems = [
        (_INVALID, f"{entity.name}: {problem}")
        for entity, value in wanted.items()
        if (problem := _problem(entity, value)) is not None
    ]
    if problems:
        raise several(*problems)
    changed: list[Entity] = []
    for entity, value in wanted.items():
        changed += request.state.world.write(
            entity, _typed(entity, value), request.state.now
        )
    await request.state.notifier.announce(changed)
    return None


async def service_call(request: ApiRequest) -> Json:
    """Call services by their keys, or by those of their parameters."""
    given = _exchange(request)
    services = {
        entity.parent or entity
        for key in given
        if (entity := _known(request, key)) is not None and entity.kind == "SERVICE"
    }
    if not services:
        raise invalid("No service to call")
    for service in services:
        if service.key in request.state.failing_services:
            raise ApiError(500, "eventbus_execution_error", "Service call failed")
        await _serve(request, service)
    # An exchange of the services themselves, which 1.3 no longer announces.
    await request.state.notifier.announce(services)
    return {}


async def _serve(request: ApiRequest, service: Entity) -> None:
    """Execute a service; services that are not simulated are only accepted."""
    world, device = request.state.world, service.device
    if device is None:
        return
    if service.identifier in _RESETS:
        await request.state.notifier.announce(
            world.reset_registers(device, request.state.now)
        )
    elif service.identifier == "query_device_status":
        await request.state.notifier.announce(world.report(device, request.state.now))


def _exchange(request: ApiRequest) -> dict[str, Json]:
    """Return the `exchange` of the body; raise ApiError 400 if it is empty."""
    given = request.body.get("exchange")
    if not isinstance(given, dict) or not given:
        raise several((_INVALID, "exchange must not be empty"))
    return given


def _known(request: ApiRequest, key: str) -> Entity | None:
    """Return the entity with this key, if the user may see it."""
    entity = request.state.world.by_key.get(key)
    return entity if entity is not None and request.can_see_entity(entity) else None


def _problem(entity: Entity, value: Json) -> str | None:
    """Return the problem with a value, or None if it can be written."""
    attribute = entity.attribute
    if entity.value_type == "BOOLEAN":
        return None if isinstance(value, bool) else "must be a boolean"
    if entity.value_type == "STRING":
        if not isinstance(value, str):
            return "must be a string"
    elif (number := _number(value)) is None:
        return "must be a number"
    elif entity.value_type == "LONG" and number != int(number):
        return "must be a whole number"
    else:
        low, high = attribute.get("min"), attribute.get("max")
        if isinstance(low, (int, float)) and number < low:
            return f"must not be less than {low}"
        if isinstance(high, (int, float)) and number > high:
            return f"must not be more than {high}"
    labels = attribute.get("enum")
    if isinstance(labels, dict) and str(value) not in labels:
        return "is none of the enum"
    return None


def _number(value: Json) -> float | None:
    """Return a number or numeric text as a float; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _typed(entity: Entity, value: Json) -> Json:
    """Return a valid value in the type that is stored."""
    number = None if entity.value_type in ("BOOLEAN", "STRING") else _number(value)
    if number is None:
        return value
    return int(number) if entity.value_type == "LONG" else number
