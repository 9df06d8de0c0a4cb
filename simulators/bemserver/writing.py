"""What a user may write: that a notification is read, and points of series.

Source: docs/wire/bemserver.md, Events and Storing values.
"""

from collections.abc import Iterable, Mapping
import csv
from datetime import datetime

from aiohttp import hdrs, web
import orjson

from simulators.faults import Json

from .auth import read_json
from .data import DataRequest
from .link_rows import notifications
from .model import STATES
from .permissions import View
from .query import Query, moment
from .resources import check_tag, find
from .table import CSV
from .wire import answer, encode, forbidden, invalid

type Cells = dict[str, dict[str, Json]]
"""The posted values by label of a series and by time, as they were sent."""

_DATETIME = "Datetime"


async def mark_read(view: View, request: web.Request) -> web.Response:
    """Answer PUT /notifications/{id}: 428 without If-Match, 412 if it is stale.

    Users update their own notifications only, also as administrators.
    """
    row = find(notifications, view, request)
    changes = await read_json(request)
    errors: dict[str, Json] = {
        name: ["Unknown field."] for name in changes if name != "read"
    }
    if not isinstance(changes.get("read", False), bool):
        errors["read"] = ["Not a valid boolean."]
    if errors:
        raise invalid(json=errors)
    check_tag(row, request)
    item = view.world.notifications[int(str(row["id"]))]
    if item.user_id != view.user.id:
        raise forbidden()
    item.read = changes.get("read") is True
    return answer(encode(find(notifications, view, request)))


async def store_points(data: DataRequest) -> web.Response:
    """Answer POST /timeseries_data/ and its form by names; a bad value costs all.

    Points that exist are kept. Only exactly text/csv is read as CSV.
    """
    query = Query(data.request.query)
    state = data.state(query)
    query.check()
    if state not in STATES:
        raise invalid(query={"data_state": "Unknown data state ID"})
    body = await data.request.read()
    is_csv = data.request.headers.get(hdrs.CONTENT_TYPE) == CSV
    cells = _from_csv(body) if is_csv else _from_json(body)
    points = {label: _points(column) for label, column in cells.items()}
    by_name = "campaign_id" in data.request.match_info
    if not by_name and not all(label.isdecimal() for label in points):
        raise invalid("Wrong timeseries ID type")
    selection = data.select([*points], state)
    for series, label in zip(selection.series, selection.labels, strict=True):
        data.store.post(series, selection.state, points[label])
    return answer(encode(None), 201)


def _from_json(body: bytes) -> Cells:
    """Return the cells of {"1": {"2020-01-01T00:00:00+00:00": 0.1}}."""
    try:
        columns = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid("Wrong JSON file") from error
    if not isinstance(columns, dict) or not all(
        isinstance(column, dict) for column in columns.values()
    ):
        raise invalid("Wrong JSON file")
    return columns


def _from_csv(body: bytes) -> Cells:
    """Return the cells of lines after the header `Datetime,1,2`."""
    header, *lines = [*csv.reader(body.decode().splitlines())] or [[]]
    if not header:
        raise invalid("Missing headers")
    if "" in header:
        raise invalid("Empty timeseries name or trailing comma")
    if header[0] != _DATETIME:
        raise invalid("Invalid file")
    cells: Cells = {label: {} for label in header[1:]}
    for stamp, *values in lines:
        for label, value in zip(header[1:], values, strict=False):
            cells[label][stamp] = value or None
    return cells


def _points(column: Mapping[str, Json]) -> dict[datetime, float]:
    """Return the values by time, without empty ones."""
    return dict(_parsed(column.items()))


def _parsed(
    cells: Iterable[tuple[str, Json]],
) -> Iterable[tuple[datetime, float]]:
    """Yield the points of a column; raise 422 for a bad time or value."""
    for stamp, value in cells:
        try:
            at = moment(stamp)
        except ValueError as error:
            naive = "aware" in str(error)
            text = "Invalid or TZ-naive timestamp" if naive else "Invalid timestamp"
            raise invalid(text) from error
        if value is None:
            continue
        if not isinstance(value, int | float | str):
            raise invalid("Invalid values")
        try:
            yield at, float(value)
        except ValueError as error:
            raise invalid("Invalid values") from error
