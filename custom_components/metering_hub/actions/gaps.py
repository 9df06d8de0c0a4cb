"""The action that returns which hours were not measured."""

from collections.abc import Collection

import voluptuous as vol

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..history.coordinator import HistoryCoordinator
from ..history.quality.gaps import MAX_SPANS, list_gaps
from ..history.quality.report import REPORTED
from ..identifiers import point_key_of
from .call import (
    ATTR_END,
    ATTR_ENTRY,
    ATTR_START,
    history_of,
    invalid,
    moment_of,
    spec_of,
)

ATTR_ENTITIES = "entities"

GAPS_SCHEMA = vol.Schema(
    {
        vol.Optional(ATTR_ENTRY): cv.string,
        vol.Optional(ATTR_ENTITIES): cv.entity_ids,
        vol.Optional(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
    }
)


async def get_gaps(call: ServiceCall) -> ServiceResponse:
    """Return the hours of meters that were not measured, and rejected readings."""
    history, keys = _chosen(call)
    now = dt_util.utcnow()
    end = moment_of(call, ATTR_END) or now
    start = moment_of(call, ATTR_START) or end - REPORTED
    if end <= start:
        raise invalid("end_before_start")
    await history.qualities.async_load()
    names = (await history.scope()).coded_names
    if keys is not None and (unknown := [key for key in keys if key not in names]):
        raise invalid("without_quality", points=", ".join(sorted(unknown)))
    gaps = await list_gaps(
        history.qualities,
        history.rejections,
        {key: name for key, name in names.items() if keys is None or key in keys},
        max(start, spec_of(history).earliest),
        end,
    )
    if gaps is None:
        raise invalid("too_many_spans", limit=str(MAX_SPANS))
    return {"points": gaps}


def _chosen(call: ServiceCall) -> tuple[HistoryCoordinator, Collection[str] | None]:
    """Return the history of the entry or entities, and the keys of their points.

    The keys are `None` if an entry was given, which means all. Raises
    ServiceValidationError.
    """
    if (ATTR_ENTRY in call.data) == (ATTR_ENTITIES in call.data):
        raise invalid("entry_or_entities")
    if ATTR_ENTRY in call.data:
        return history_of(call, call.data[ATTR_ENTRY]), None
    registry = er.async_get(call.hass)
    registered = [registry.async_get(each) for each in call.data[ATTR_ENTITIES]]
    found = [each for each in registered if each and each.platform == DOMAIN]
    entry_ids = {each.config_entry_id or "" for each in found}
    if len(found) < len(registered) or len(entry_ids) != 1:
        raise invalid("entry_or_entities")
    history = history_of(call, entry_ids.pop())
    entry = history.config_entry
    return history, [point_key_of(entry, each.unique_id) for each in found]
