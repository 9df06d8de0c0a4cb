"""Endpoints of latest values.

Source: docs/wire/milesight.md, Latest values.
"""

import asyncio

from simulators.faults import Json, Row

from .model import Entity
from .query import ids
from .releases import NO_DATA_FOR_UNKNOWN, STATUS_TIMESTAMP
from .request import ApiRequest
from .store import Store, latest_json
from .wire import several

_BATCH_LIMIT = 5000
_AT_ONCE = 100


async def status(request: ApiRequest) -> Json:
    """Return the latest value; {} without one."""
    entity = request.entity(request.params["id"])
    if entity is None:
        return None if NO_DATA_FOR_UNKNOWN.has(request.release) else {}
    return _latest(request, entity, request.store)


async def batch_status(request: ApiRequest) -> Json:
    """Return the latest values of up to 5,000 entities; unknown ones are left out."""
    wanted = ids(request.body.get("entity_ids") or [])
    if len(wanted) > _BATCH_LIMIT:
        raise several(
            ("parameter_validation_failed", "size must be between 0 and 5000")
        )
    store = request.store
    found: Row = {}
    for count, entity_id in enumerate(wanted, 1):
        entity = request.entity(entity_id)
        if entity is not None:
            found[entity_id] = _latest(request, entity, store)
        if count % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


def _latest(request: ApiRequest, entity: Entity, store: Store) -> Row:
    """Return the latest value of an entity in the form of the release."""
    latest = store.latest(entity)
    if latest is None:
        return {}
    row: Row = {
        "value": latest_json(latest.value, request.release),
        "value_type": entity.value_type,
    }
    if STATUS_TIMESTAMP.has(request.release):
        row["timestamp"] = latest.millis
    return {name: value for name, value in row.items() if value is not None}
