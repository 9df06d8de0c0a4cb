"""Endpoints that change something: property/update and service/call.

Source: docs/wire/milesight.md, Control.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from simulators.faults import Json

from .model import Entity
from .releases import V110, V130
from .request import ApiRequest
from .wire import ApiError, server_error, several

_RESETS = (
    "reset_power_consumption",
    "clear_counter",
    "clear_current_cumulative_value",
)
_INVALID = "parameter_validation_failed"
_WRONG_TYPE = "entity_value_not_match_type"


async def property_update(request: ApiRequest) -> Json:
    """Write values by key; they become the latest ones before any downlink."""
    given = _exchange(request)
    wanted = {
        entity: value
        for key, value in given.items()
        if (entity := _known(request, key)) is not None and entity.is_writable
    }
    if not wanted:
        raise ApiError(400, _INVALID, "")
    _check(request, wanted)
    typed = {entity: _typed(entity, value) for entity, value in wanted.items()}
    for entity, value in typed.items():
        _encode(request, entity, value)
    changed: list[Entity] = []
    for entity, value in typed.items():
        changed += request.state.world.write(entity, value, request.state.now)
    await request.state.notifier.announce(changed)
    return None


async def service_call(request: ApiRequest) -> Json:
    """Call services by their keys, or by those of all their parameters."""
    given = _exchange(request)
    wanted = {
        entity: value
        for key, value in given.items()
        if (entity := _known(request, key)) is not None and entity.kind == "SERVICE"
    }
    if not wanted:
        raise ApiError(400, _INVALID, "")
    _check(request, wanted)
    services = {entity.parent or entity: None for entity in wanted}
    for service in services:
        if service.key in request.state.failing_services:
            raise ApiError(500, "eventbus_execution_error", "Service call failed")
        await _serve(request, service)
    request.state.calls += [
        {entity.key: value for entity, value in wanted.items()},
    ]
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


def _check(request: ApiRequest, wanted: Mapping[Entity, Json]) -> None:
    """Raise ApiError for values that the server refuses, and for missing siblings."""
    problems = [
        problem
        for entity, value in wanted.items()
        if (problem := _problem(entity, value)) is not None
    ]
    is_old = not V110.has(request.release)
    if is_old and any(problem.code == _WRONG_TYPE for problem in problems):
        raise server_error("Cannot deserialize value")
    parents = {entity.parent for entity in wanted if entity.parent is not None}
    problems += [
        _Problem(child, "entity_value_null", "value must not be null")
        for parent in parents
        for child in parent.children
        if child not in wanted and (is_old or not child.attribute.get("optional"))
    ]
    if problems:
        title = (
            "Invalid entity value"
            if V130.has(request.release)
            else "Validate exchange payload error"
        )
        data: list[Json] = [problem.json for problem in problems]
        raise ApiError(400, "multiple_error", title, data=data)


def _encode(request: ApiRequest, entity: Entity, value: Json) -> None:
    """Raise ApiError if the codec of the device's model refuses a value."""
    limits = request.state.codec_limits.get(entity.key)
    if limits is None or not isinstance(value, (int, float)):
        return
    lowest, highest = limits
    if not lowest <= value <= highest:
        message = (
            "Gateway device data encode failed: Codec encode failed: Error: "
            f"{entity.identifier} must be between {lowest} and {highest}"
        )
        error: Json = {
            "error_code": "ns_gateway_device_data_encode_failed",
            "error_message": message,
        }
        raise ApiError(500, "eventbus_execution_error", message, data=[error])


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why the server refuses the value of an entity."""

    entity: Entity
    code: str
    words: str

    @property
    def json(self) -> Json:
        """Return the problem as the server reports it."""
        return {
            "error_code": self.code,
            "error_message": f"Entity {self.entity.name} {self.words}",
            "args": {
                "entity_key": self.entity.key,
                "entity_name": self.entity.name,
            },
        }


def _problem(entity: Entity, value: Json) -> _Problem | None:
    """Return the problem with a value, or None if the server accepts it.

    Enums of numbers are not checked.
    """
    attribute = entity.attribute
    if value is None:
        return _Problem(entity, "entity_value_null", "value must not be null")
    if not _has_type(entity, value):
        words = f"value requires type {entity.value_type}"
        return _Problem(entity, _WRONG_TYPE, words)
    if isinstance(value, str) and entity.value_type == "STRING":
        return _text_problem(entity, value)
    number = _number(_typed(entity, value))
    low, high = attribute.get("min"), attribute.get("max")
    if number is not None and (
        (isinstance(low, (int, float)) and number < low)
        or (isinstance(high, (int, float)) and number > high)
    ):
        words = f"value {value} is out of valid range [{low}, {high}]"
        return _Problem(entity, "entity_value_out_of_range", words)
    return None


def _has_type(entity: Entity, value: Json) -> bool:
    """Return True if the server can convert a value to the type of an entity."""
    if entity.value_type == "BOOLEAN":
        return isinstance(value, bool)
    if entity.value_type == "STRING":
        return isinstance(value, str)
    if entity.value_type == "OBJECT":
        return isinstance(value, dict)
    number = _number(value)
    is_whole = number is not None and number == int(number)
    return is_whole if entity.value_type == "LONG" else number is not None


def _text_problem(entity: Entity, value: str) -> _Problem | None:
    """Return the problem with a text, or None if the server accepts it."""
    attribute = entity.attribute
    labels = attribute.get("enum")
    if isinstance(labels, dict) and value not in labels:
        return _Problem(entity, _INVALID, "value is none of the enum")
    low, high = attribute.get("min_length"), attribute.get("max_length")
    # A text that is optional may be empty, whatever its length should be.
    if value == "" and attribute.get("optional"):
        return None
    if (isinstance(low, int) and len(value) < low) or (
        isinstance(high, int) and len(value) > high
    ):
        words = f"value length is out of valid range [{low}, {high}]"
        return _Problem(entity, "entity_value_length_out_of_range", words)
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
    """Return a valid value in the type, and with the decimals, that is stored."""
    number = None if entity.value_type in ("BOOLEAN", "STRING") else _number(value)
    if number is None:
        return value
    if entity.value_type == "LONG":
        return int(number)
    digits = entity.attribute.get("fraction_digits")
    if not isinstance(digits, int):
        return number
    step = Decimal(1).scaleb(-digits)
    return float(Decimal(str(number)).quantize(step, ROUND_HALF_UP))
