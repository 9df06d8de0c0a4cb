"""Actions that import, return or delete history."""

from datetime import datetime
from enum import StrEnum

import voluptuous as vol

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..errors import errors_translated
from ..history.coordinator import HistoryCoordinator
from ..history.maths.estimates import Estimator
from ..history.quality.estimate_source import recorded_source
from ..history.readings import (
    LEAD,
    MAX_READINGS,
    StoredHistory,
    read_history,
    readings_end,
)
from ..history.recorder.home_assistant import HomeAssistantRecorder
from ..history.rejected import rules_of
from ..metering.model import Point
from ..metering.point_settings import PointSettings
from .call import (
    ATTR_END,
    ATTR_ENTRY,
    ATTR_START,
    ENTRY,
    history_of,
    invalid,
    moment_of,
    period_of,
    spec_of,
)
from .chosen_point import CHOSEN_POINT, chosen_point

ATTR_CONFIRM = "confirm"
ATTR_RESOLUTION = "resolution"


class Resolution(StrEnum):
    """The resolution of the readings that get_history returns."""

    HOURLY = "hourly"
    RAW = "raw"


IMPORT_SCHEMA = vol.Schema({**ENTRY, vol.Optional(ATTR_START): cv.datetime})
GET_SCHEMA = vol.Schema(
    {
        **CHOSEN_POINT,
        vol.Required(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_RESOLUTION, default=Resolution.HOURLY.value): vol.In(
            [resolution.value for resolution in Resolution]
        ),
    }
)
CLEAR_SCHEMA = vol.Schema(
    {**ENTRY, vol.Required(ATTR_CONFIRM, default=False): cv.boolean}
)


async def import_history(call: ServiceCall) -> ServiceResponse:
    """Re-import the history of an entry; return the rows, and points without any.

    The keys of points that wait for an answer of the user are `left_out`. The action
    fails if a part fails, and names that.
    """
    history = history_of(call, call.data[ATTR_ENTRY])
    start = moment_of(call, ATTR_START)
    with errors_translated():
        outcome = await history.reimport(start)
    return {
        "rows": dict(outcome.written),
        "without_readings": [*sorted(outcome.without_readings)],
        "left_out": [*sorted(history.questions)],
    }


async def get_history(call: ServiceCall) -> ServiceResponse:
    """Return the history of a point from the server, and what the rules reject."""
    entry, key = chosen_point(call)
    history = history_of(call, entry.entry_id)
    if (point := history.points.get(key)) is None:
        raise invalid("unknown_point", points=", ".join(sorted(history.points)))
    start, end = period_of(call)
    is_raw = call.data[ATTR_RESOLUTION] == Resolution.RAW
    found = StoredHistory(start, end, is_raw)
    is_trusted = PointSettings.of_point(history.config_entry.options, point).is_trusted
    with errors_translated():
        until = end
        estimator = None
        if not is_raw:
            await history.qualities.async_load()
            until = readings_end(history.qualities, point, end)
            until = min(dt_util.utcnow(), until)
            estimator = await _estimator(history, point, start - LEAD, until)
        if not await read_history(
            history.backend,
            spec_of(history).earliest,
            point,
            found,
            until=until,
            is_trusted=is_trusted,
            estimator=estimator,
        ):
            raise invalid("too_many_readings", limit=str(MAX_READINGS))
    return {
        "point": point.key,
        "unit": point.unit,
        "rules": [rule.value for rule in rules_of(point, is_trusted=is_trusted)],
        "rejected": len(found.rejected),
        "readings": found.response(),
    }


async def _estimator(
    history: HistoryCoordinator, point: Point, start: datetime, end: datetime
) -> Estimator | None:
    """Return what estimates the hours of a point as its import did, if it does."""
    scope = await history.scope()
    recorder = HomeAssistantRecorder(history.hass)
    source = await recorded_source(
        recorder, history.qualities, scope, point, start, end
    )
    return source.estimator if source else None


async def clear_history(call: ServiceCall) -> ServiceResponse:
    """Delete all statistics of an entry; return their IDs once they are gone.

    That is years of history, so it has to be confirmed.
    """
    history = history_of(call, call.data[ATTR_ENTRY])
    if not call.data[ATTR_CONFIRM]:
        raise invalid("not_confirmed", title=history.config_entry.title)
    with errors_translated():
        cleared = await history.clear()
    return {"cleared": list(cleared)}
