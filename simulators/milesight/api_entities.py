"""Endpoints of entities: the two searches, children and meta.

Source: docs/wire/milesight.md, Entities.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import get_args

from simulators.faults import Json, Row

from .model import Entity
from .query import PastEnd, enums, ids, ordered, page, paged, texts
from .releases import PAGE_ONE_AGAIN, V120, V130
from .request import ApiRequest
from .rows import entity_meta, entity_row, group_id, group_of, integration_name
from .store import text
from .templates import Access, EntityType, ValueType
from .wire import invalid, server_error

type Test = Callable[[Entity], bool]

_ORDERS = {
    "id": lambda entity: entity.id,
    "entity_id": lambda entity: entity.id,
    "key": lambda entity: entity.key,
    "entity_key": lambda entity: entity.key,
    "name": lambda entity: entity.name,
    "entity_name": lambda entity: entity.name,
    "created_at": lambda entity: entity.created,
    "updated_at": lambda entity: entity.updated,
}
_TYPES = get_args(EntityType.__value__)
_VALUE_TYPES = get_args(ValueType.__value__)
_ACCESS = get_args(Access.__value__)


async def entity_search(request: ApiRequest) -> Json:
    """Return a page of entities; past the end, page 1 again or nothing at all."""
    wanted, tests = page(request.body), _tests(request)
    found = [
        entity for entity in request.entities() if all(test(entity) for test in tests)
    ]
    return await paged(
        ordered(found, request.body, _ORDERS),
        wanted,
        lambda entity: entity_row(entity, request.release),
        past_end=PastEnd.FIRST_PAGE
        if PAGE_ONE_AGAIN.has(request.release)
        else PastEnd.NOTHING,
    )


def _tests(request: ApiRequest) -> list[Test]:
    """Return the conditions of the body for an entity."""
    body, tests = request.body, list[Test]()
    keyword = str(body.get("keyword") or "").casefold()
    if keyword:
        by_key = not (V120.has(request.release) and body.get("not_scan_key") is True)
        tests.append(lambda entity: _mentions(entity, keyword, by_key=by_key))
    if body.get("exclude_children") is True:
        tests.append(lambda entity: entity.parent is None)
    if body.get("customized") is not None:
        tests.append(lambda entity: entity.template.customized == body["customized"])
    if body.get("show_hidden") is not True:
        tests.append(lambda entity: not entity.template.hidden)
    if (source := texts(body, "entity_source_name")) is not None:
        tests.append(lambda entity: _device_name(entity) in source)
    members: list[tuple[list[str] | None, Callable[[Entity], str]]] = [
        (enums(body, "entity_type", _TYPES), lambda entity: entity.kind),
        (
            enums(body, "entity_value_type", _VALUE_TYPES),
            lambda entity: entity.value_type,
        ),
        (enums(body, "entity_access_mod", _ACCESS), lambda entity: entity.access or ""),
        (texts(body, "entity_ids"), lambda entity: entity.id),
        (texts(body, "entity_keys"), lambda entity: entity.key),
        (texts(body, "entity_names"), lambda entity: entity.name),
    ]
    tests += [
        partial(_within, frozenset(accepted), get)
        for accepted, get in members
        if accepted is not None
    ]
    return tests


def _within(
    accepted: frozenset[str], get: Callable[[Entity], str], entity: Entity
) -> bool:
    """Return True if a text of an entity is one of the accepted ones."""
    return get(entity) in accepted


def _mentions(entity: Entity, keyword: str, *, by_key: bool) -> bool:
    """Return True if a name of an entity, or its key, contains the keyword."""
    found = [entity.name, _device_name(entity), integration_name(entity)]
    if by_key:
        found.append(entity.key)
    return any(keyword in name.casefold() for name in found)


def _device_name(entity: Entity) -> str:
    """Return the name of an entity's device; empty without one."""
    return "" if entity.device is None else entity.device.name


@dataclass(frozen=True, slots=True)
class _Filter:
    """A key of entity_filter: the text that it tests, and its operators."""

    get: Callable[[Entity], str]
    operators: frozenset[str]


def _device_group(entity: Entity) -> str:
    """Return the id of the group of an entity's device; empty without one."""
    group = None if entity.device is None else group_of(entity.device)
    return "" if group is None else group_id(group)


_OPERATORS: dict[str, Callable[[str, list[str]], bool]] = {
    "EQ": lambda value, wanted: value == wanted[0],
    "NE": lambda value, wanted: value != wanted[0],
    "CONTAINS": lambda value, wanted: wanted[0].casefold() in value.casefold(),
    "NOT_CONTAINS": lambda value, wanted: wanted[0].casefold() not in value.casefold(),
    "START_WITH": lambda value, wanted: value.startswith(wanted[0]),
    "END_WITH": lambda value, wanted: value.endswith(wanted[0]),
    "ANY_EQUALS": lambda value, wanted: value in wanted,
}
_TEXT = frozenset(_OPERATORS) - {"ANY_EQUALS"}
_FILTERS = {
    "ENTITY_KEY": _Filter(lambda entity: entity.key, _TEXT),
    "ENTITY_NAME": _Filter(lambda entity: entity.name, _TEXT),
    "ENTITY_TYPE": _Filter(lambda entity: entity.kind, frozenset({"ANY_EQUALS"})),
    "ENTITY_VALUE_TYPE": _Filter(
        lambda entity: entity.value_type, frozenset({"ANY_EQUALS"})
    ),
    "DEVICE_NAME": _Filter(_device_name, _TEXT),
    "INTEGRATION_NAME": _Filter(integration_name, _TEXT),
    "ENTITY_PARENT_NAME": _Filter(
        lambda entity: "" if entity.parent is None else entity.parent.name, _TEXT
    ),
    "ENTITY_TAGS": _Filter(lambda entity: "", _TEXT),
    "DEVICE_GROUP": _Filter(_device_group, frozenset({"ANY_EQUALS"})),
    "DEVICE_ID": _Filter(
        lambda entity: "" if entity.device is None else entity.device.id,
        frozenset({"EQ"}),
    ),
}


async def advanced_search(request: ApiRequest) -> Json:
    """Return a page of entities with their latest values, as text without a time."""
    wanted, given = page(request.body), request.body.get("entity_filter")
    if not isinstance(given, dict):
        raise server_error(
            'Cannot invoke "java.util.Map.get(Object)" because '
            '"columnToCondition" is null'
        )
    tests = [_filter(request, name, how) for name, how in given.items()]
    found = [
        entity for entity in request.entities() if all(test(entity) for test in tests)
    ]
    store, release = request.store, request.release

    def item(entity: Entity) -> Json:
        """Return the row of an entity with its latest value."""
        row: Row = entity_row(entity, release)
        latest = store.latest(entity)
        if latest is not None and latest.value is not None:
            row["entity_latest_value"] = text(latest.value)
        return row

    orders = ordered(found, request.body, _ORDERS)
    return await paged(orders, wanted, item, past_end=PastEnd.FIRST_PAGE)


def _filter(request: ApiRequest, name: str, how: Json) -> Test:
    """Return the condition of a filter; raise ApiError if it is unknown."""
    known = _FILTERS.get(name.upper())
    if known is None or (name.upper() == "DEVICE_ID" and not V130.has(request.release)):
        raise server_error(f"JSON parse error: not a key of entity_filter: {name}")
    operator = str(how.get("operator")).upper() if isinstance(how, dict) else ""
    wanted = ids(how.get("values")) if isinstance(how, dict) else []
    if operator not in known.operators:
        raise invalid("Invalid operator")
    if not 1 <= len(wanted) <= 100:
        raise invalid(f"{name} takes 1 to 100 values")
    return lambda entity: _OPERATORS[operator](known.get(entity), wanted)


async def children(request: ApiRequest) -> Json:
    """Return the children of an entity; an unknown one has none."""
    entity = request.entity(request.params["id"])
    if entity is None:
        return []
    return [
        entity_row(child, request.release)
        for child in entity.children
        if request.can_see_entity(child)
    ]


async def meta(request: ApiRequest) -> Json:
    """Return the description of an entity."""
    entity = request.entity(request.params["id"])
    return None if entity is None else entity_meta(entity, request.release)
