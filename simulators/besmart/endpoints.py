"""The table of endpoints: name, method, path, editions, and their answers.

The later published texts leave the body of the batch, `POST sensors/signals/data`, open
(any). The simulator follows the text of 2022-08 and public clients: a bare JSON array
of objects with client_cid, sensor_mid, signal_type_moid, since, till (ms) and the
optional parameters of signal data; the origin may be called signal_origin_id or
origin_id, and get_last is last_acq in newer texts. The answer is an array in the order
of the body. `.../data/v2`, published since 2023-12, does the same.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import re

from aiohttp import web
from orjson import JSONDecodeError, loads

from simulators.faults import Json
from simulators.times import epoch

from .auth import Tokens, check_login, parse_text_login
from .data import cut_off, empty_data, signal_data
from .knobs import Knobs
from .query import DataQuery, Parameters, data_query
from .sensors import SENSOR_TYPES, Sensor
from .signal_types import Edition, SignalType
from .sources import warm_up
from .states import sensor_states
from .store import Series
from .wire import NO_RESOURCE, RefusedError, invalid

_BOTH: tuple[Edition, ...] = ("2021", "2026")
_OLD: tuple[Edition, ...] = ("2021",)
_NEW: tuple[Edition, ...] = ("2026",)
_CUSTOM_FIELDS = '{"tariff": {"required": true}}'


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request and the server it was sent to; `ids` are the numbers in its path."""

    knobs: Knobs
    tokens: Tokens
    web_request: web.Request
    ids: tuple[int, ...] = ()
    token: str = ""

    @property
    def now(self) -> int:
        """Return the time in seconds since 1970."""
        return epoch(self.knobs.clock())

    @property
    def query(self) -> Parameters:
        """Return the query parameters; the first of several with a name counts."""
        return Parameters(dict(self.web_request.query))

    async def body(self) -> Json:
        """Return the body as JSON, regardless of its content type.

        Raises RefusedError (422) for anything else.
        """
        try:
            parsed: Json = loads(await self.web_request.read())
        except JSONDecodeError:
            msg = "Request body is not valid JSON"
            raise invalid(("body",), msg, "value_error.jsondecode") from None
        return parsed

    @property
    def sensor(self) -> Sensor | None:
        """Return the sensor in the path, or None if it is unknown."""
        return self.knobs.find_sensor(self.ids[0], self.ids[1])


type Answer = Callable[[ApiRequest], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint at a path below /api/; with `is_open` it needs no token."""

    name: str
    method: str
    path: str
    answer: Answer
    editions: tuple[Edition, ...] = _BOTH
    is_open: bool = False

    def match(self, path: str) -> tuple[int, ...] | None:
        """Return the numbers in the path, or None if it does not match."""
        found = re.fullmatch(self.path, path)
        return None if found is None else tuple(map(int, found.groups()))


async def _login(request: ApiRequest) -> Json:
    """Answer POST users/token: check the login and issue a token."""
    key = request.web_request.headers.get("X-Auth")
    check_login(request.knobs, await _credentials(request), key)
    return request.tokens.info(request.knobs, request.tokens.issue(request.knobs))


async def _credentials(request: ApiRequest) -> Json:
    """Return the body of a login; a server of text refuses JSON with 415."""
    if not request.knobs.text_login:
        return await request.body()
    if request.web_request.content_type != "text/plain":
        raise RefusedError(415, "Unsupported Media Type")
    return parse_text_login(await request.web_request.text())


async def _token_info(request: ApiRequest) -> Json:
    """Answer GET users/token."""
    refresh = request.knobs.token_refresh
    return request.tokens.info(request.knobs, request.token, refresh=refresh)


async def _workspaces(request: ApiRequest) -> Json:
    """Answer GET workspaces."""
    key = request.knobs.description_key
    return [workspace.row(key) for workspace in request.knobs.workspaces]


async def _find(request: ApiRequest) -> Json:
    """Answer GET sensors/find: match numbers and the meter exactly, the name in part.

    The form of `columns` is undocumented; the simulator expects names separated by
    commas.
    """
    client, kind = (
        request.query.whole("client_cid"),
        request.query.whole("sensor_type_id"),
    )
    name = (request.query.text("name") or "").casefold()
    meter = request.query.text("meter_eid")
    columns = request.query.text("columns")
    rows = [
        sensor.row()
        for sensor in request.knobs.sensors
        if client in (None, sensor.client_cid)
        and kind in (None, sensor.type_id)
        and name in sensor.name.casefold()
        and (meter is None or meter == _meter_eid(sensor))
    ]
    if columns is None:
        return [*rows]
    wanted = {column.strip() for column in columns.split(",")}
    return [{key: row[key] for key in row if key in wanted} for row in rows]


def _meter_eid(sensor: Sensor) -> str | None:
    """Return the id of the meter that was installed last."""
    return str(sensor.meters[-1].eid) if sensor.meters else None


async def _external(request: ApiRequest) -> Json:
    """Answer POST sensors/external: ids in an array, or a single string."""
    body = await request.body()
    wanted = [body] if isinstance(body, str) else body
    if not isinstance(wanted, list):
        raise RefusedError(422, "Error")
    return [s.row() for s in request.knobs.sensors if s.sensor_eid in wanted]


async def _sensor(request: ApiRequest) -> Json:
    """Answer GET sensors/{cid}.{mid}."""
    if request.sensor is None:
        raise RefusedError(404, NO_RESOURCE)
    return request.sensor.info()


async def _sensor_types(request: ApiRequest) -> Json:
    """Answer GET sensors/types."""
    return [
        {
            "description": kind.description,
            "id": kind.number,
            "name": kind.name,
            "sensor_state_custom_fields": _CUSTOM_FIELDS,
            "sensor_custom_fields": _CUSTOM_FIELDS,
            "is_system_type": kind.number == 1,
        }
        for kind in SENSOR_TYPES.values()
    ]


async def _signal_types(request: ApiRequest) -> Json:
    """Answer GET sensors/signals/types, or with one of the odd forms."""
    knobs = request.knobs
    if knobs.types_answer != "list":
        odd: dict[str, Json] = {"text": "None", "null": None, "empty": []}
        return odd[knobs.types_answer]
    return [
        _type_row(knobs, kind)
        for moid, kind in knobs.types.items()
        if moid not in knobs.unlisted
    ]


def _type_row(knobs: Knobs, kind: SignalType) -> Json:
    """Return the row of a signal type, with its moid as text if required."""
    row = kind.row(knobs.edition)
    return row | {"signal_type_moid": str(kind.moid)} if knobs.moids_as_text else row


async def _states(request: ApiRequest) -> Json:
    """Answer GET sensors/states."""
    return await _list_states(request, None)


async def _signal_states(request: ApiRequest) -> Json:
    """Answer GET sensors/states/signals."""
    return await _list_states(request, request.query.whole("signal_type_moid"))


async def _list_states(request: ApiRequest, moid: int | None) -> Json:
    """Return the states of the selected sensors, of one signal if `moid` is set."""
    client, mid = request.query.whole("client_cid"), request.query.whole("sensor_mid")
    found = [
        sensor
        for sensor in request.knobs.sensors
        if client in (None, sensor.client_cid) and mid in (None, sensor.sensor_mid)
    ]
    if mid is not None and not found:
        raise RefusedError(404, NO_RESOURCE)
    rows: list[Json] = []
    for sensor in found:
        if sensor.sensor_mid in request.knobs.stateless:
            continue
        await warm_up(sensor.house, request.now)
        rows += sensor_states(request.knobs, sensor, request.now, moid)
    return rows


async def _data(request: ApiRequest) -> Json:
    """Answer GET sensors/{cid}.{mid}/signals/{moid}/data."""
    knobs = request.knobs
    is_new = knobs.edition == "2026"
    query = data_query(request.query, newer=is_new, multiplies=is_new)
    answer = await signal_data(
        knobs, request.sensor, request.ids[2], query, request.now
    )
    return [answer] if knobs.wrapped else answer


async def _batch(request: ApiRequest) -> Json:
    """Answer POST sensors/signals/data for a list of signals."""
    return await _batch_answer(request, multiplies=False)


async def _batch_v2(request: ApiRequest) -> Json:
    """Answer POST sensors/signals/data/v2: it knows `apply_multiplier`."""
    return await _batch_answer(request, multiplies=True)


async def _batch_answer(request: ApiRequest, *, multiplies: bool) -> Json:
    """Return the data of a list of signals."""
    body, knobs = await request.body(), request.knobs
    if not isinstance(body, list):
        raise invalid(("body",), "value is not a valid list", "type_error.list")
    if knobs.batch_limit is not None and len(body) > knobs.batch_limit:
        msg = f"ensure this value has at most {knobs.batch_limit} items"
        raise invalid(("body",), msg, "value_error.list.max_items")
    answers: list[Json] = []
    for index, item in enumerate(body):
        loc = ("body", index)
        if not isinstance(item, dict):
            raise invalid(loc, "value is not a valid dict", "type_error.dict")
        query = data_query(Parameters(item, loc), newer=True, multiplies=multiplies)
        answers += await _batch_item(request, Parameters(item, loc), query)
    return cut_off(answers, knobs.max_rows_of_all)


async def _batch_item(
    request: ApiRequest, item: Parameters, query: DataQuery
) -> list[Json]:
    """Return the answer for one signal; a knob decides about unknown signals."""
    names = ("client_cid", "sensor_mid", "signal_type_moid")
    client, mid, moid = (item.required(name) for name in names)
    sensor = request.knobs.find_sensor(client, mid)
    try:
        return [await signal_data(request.knobs, sensor, moid, query, request.now)]
    except RefusedError as error:
        if error.status != 404 or request.knobs.batch_unknown == "refused":
            raise
    if request.knobs.batch_unknown == "left_out":
        return []
    return [empty_data(request.knobs, client, mid, moid)]


async def _cap(request: ApiRequest) -> Json:
    """Answer GET .../signals/cap: the time of the latest sample in ms.

    Source: docs/wire/besmart.md, Endpoints by edition.
    """
    moid = request.query.required("signal_type_moid")
    origin = request.query.whole("signal_origin_id") or 1
    sensor = request.sensor
    if sensor is None or moid not in sensor.signals:
        raise RefusedError(404, NO_RESOURCE)
    kind = request.knobs.types[moid]
    latest = await Series(request.knobs, sensor, kind, request.now).latest_time(origin)
    return {
        "cap_max": None if latest is None else latest * 1000,
        "client_cid": sensor.client_cid,
        "sensor_mid": sensor.sensor_mid,
        "signal_origin_id": origin,
        "signal_type_moid": moid,
    }


async def _time(request: ApiRequest) -> Json:
    """Answer GET time: seconds or milliseconds since 1970."""
    return request.now if request.query.text("unit") == "s" else request.now * 1000


_SENSOR = r"sensors/(\d+)\.(\d+)"
ENDPOINTS = (
    Endpoint("login", "POST", "users/token", _login, is_open=True),
    Endpoint("token_info", "GET", "users/token", _token_info, _NEW),
    Endpoint("workspaces", "GET", "workspaces", _workspaces, _OLD),
    Endpoint("find", "GET", "sensors/find", _find, _OLD),
    Endpoint("external", "POST", "sensors/external", _external, _OLD),
    Endpoint("sensor", "GET", _SENSOR, _sensor, _NEW),
    Endpoint("sensor_types", "GET", "sensors/types", _sensor_types, _NEW),
    Endpoint("signal_types", "GET", "sensors/signals/types", _signal_types),
    Endpoint("states", "GET", "sensors/states", _states, _NEW),
    Endpoint("signal_states", "GET", "sensors/states/signals", _signal_states, _NEW),
    Endpoint("data", "GET", _SENSOR + r"/signals/(\d+)/data", _data),
    Endpoint("batch", "POST", "sensors/signals/data", _batch, _NEW),
    Endpoint("batch_v2", "POST", "sensors/signals/data/v2", _batch_v2, _NEW),
    Endpoint("cap", "GET", _SENSOR + "/signals/cap", _cap),
    Endpoint("time", "GET", "time", _time, is_open=True),
)
