"""The action that returns data as the server itself returns them."""

import voluptuous as vol

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType

from ..backends.base import Capability
from ..errors import errors_translated
from ..metering.server_data import Aggregate, Origin, ServerQuery, ServerSample
from .call import ATTR_END, ATTR_START, invalid, is_capable
from .chosen_point import CHOSEN_POINT, chosen_point

PAGE = 5000
"""About how many values a response has; the next page begins at `next`."""

ATTR_AGGREGATE = "aggregate"
ATTR_EARLIER = "earlier"
ATTR_MINUTES = "minutes"
ATTR_ORIGINS = "origins"
ATTR_RAW = "raw"
ATTR_UNIT = "unit_number"

DATA_SCHEMA = vol.Schema(
    {
        **CHOSEN_POINT,
        vol.Required(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_ORIGINS): [vol.In([origin.value for origin in Origin])],
        vol.Optional(ATTR_AGGREGATE): vol.In([each.value for each in Aggregate]),
        vol.Optional(ATTR_MINUTES): vol.All(vol.Coerce(int), vol.Range(1, 44_640)),
        vol.Optional(ATTR_UNIT): vol.All(vol.Coerce(int), vol.Range(0, 100_000)),
        vol.Optional(ATTR_RAW): cv.boolean,
        vol.Optional(ATTR_EARLIER): cv.boolean,
    }
)


async def get_server_data(call: ServiceCall) -> ServiceResponse:
    """Return a page of what a server has of a point, which may be of the future."""
    entry, key = chosen_point(call)
    if not is_capable(entry, Capability.SERVER_DATA):
        raise invalid("no_server_data", title=entry.title)
    points = entry.runtime_data.inventory.data.points
    if (point := points.get(key)) is None:
        raise invalid("no_such_point")
    start = dt_util.as_utc(call.data[ATTR_START])
    end = dt_util.as_utc(call.data.get(ATTR_END) or dt_util.utcnow())
    if end <= start:
        raise invalid("end_before_start")
    aggregate = call.data.get(ATTR_AGGREGATE)
    query = ServerQuery(
        start=start,
        end=end,
        minutes=call.data.get(ATTR_MINUTES),
        unit=call.data.get(ATTR_UNIT),
        origins=frozenset(map(Origin, call.data.get(ATTR_ORIGINS, ()))),
        is_raw=call.data.get(ATTR_RAW, False),
        has_earlier=call.data.get(ATTR_EARLIER, False),
        aggregate=None if aggregate is None else Aggregate(aggregate),
    )
    with errors_translated():
        page = await entry.runtime_data.backend.server_data(point, query, PAGE)
    response: dict[str, JsonValueType] = {
        "point": point.key,
        "unit": page.unit,
        "values": [_row(sample) for sample in page.samples],
    }
    if page.following is not None:
        response["next"] = page.following.isoformat()
    return response


def _row(sample: ServerSample) -> dict[str, JsonValueType]:
    """Return a value with what is known of it."""
    row: dict[str, JsonValueType] = {
        "time": sample.time.isoformat(),
        "value": sample.value,
    }
    if sample.origin is not None:
        row["origin"] = sample.origin.value
    if sample.acquired is not None:
        row["acquired"] = sample.acquired.isoformat()
    if sample.count is not None:
        row["count"] = sample.count
    if sample.bounds is not None:
        row["lowest"], row["highest"] = sample.bounds
    return row
