"""Beaver IoT's REST API, one method per endpoint.

All names on the wire are in snake_case, and the server silently drops any others. Each
answer is wrapped in {"data", "status", "request_id"}. `data` is missing if it would be
null, and if the user may not see it.
Source: docs/wire/milesight.md.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ..common.http import HttpClient, Json
from ..common.messages import TOTAL_TIMEOUT, LastAnswer, Request
from ..common.parse import as_object, as_objects
from ..common.shapes import require_object
from ..errors import NotFoundError, ProtocolError
from .entity_rows import EntityRow, EntityType, parse_entity, parse_meta
from .models import (
    Aggregated,
    DeviceRow,
    Object,
    Page,
    Status,
    StoredValue,
    User,
    parse_aggregate,
    parse_device,
    parse_entity_value,
    parse_page,
    parse_status,
    parse_statuses,
    parse_stored_value,
    parse_user,
)
from .mqtt_broker import BrokerInfo, BrokerLogin, parse_broker_info, parse_broker_login

PAGE_SIZE = 250
"""Rows per page of devices and entities.

The server has no limit, but parsing longer answers would block the event loop.
"""

BATCH_SIZE = 1000
"""Latest values per request; the server accepts up to 5,000."""

HISTORY_TIMEOUT = 60.0
"""Seconds; a page of history can take a small server longer than latest values."""

_IN_ORDER = ("timestamp", "id")
"""The order of stored values. By time alone, rows of one uplink come in any order."""

_REQUEST_ID = b'"request_id":"'

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MissingEndpointError(NotFoundError):
    """The server's release does not have the endpoint."""


class MilesightClient:
    """The endpoints that the integration uses, called as a logged-in user.

    Every method raises only BackendError: MissingEndpointError if the server's release
    does not have the endpoint, PermissionDeniedError if the user's role lacks the
    permission (403), AuthenticationError if logging in again does not help, and
    everything that `HttpClient.request` raises. Methods that write also raise
    RejectedError.
    """

    def __init__(
        self, reading: HttpClient, history: HttpClient, writing: HttpClient
    ) -> None:
        """Initialize the client with three HTTP clients for the same server.

        Each has its own limit of parallel requests, so that a poll never waits for a
        history import, nor a switch for a poll.
        """
        self._reading = reading
        self._history = history
        self._writing = writing

    @property
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead of Home Assistant's."""
        return self._reading.clock_offset

    async def user(self) -> User:
        """GET /user: the user that is logged in."""
        return parse_user(await self._get("/user"))

    async def devices(self, number: int) -> Page[DeviceRow]:
        """POST /device/search: a page of all devices, the last one added first."""
        body: Object = {"name": "", **_page(number)}
        skipped = _skipped(number)
        return await self._post_page("/device/search", body, parse_device, skipped)

    async def entities(self, number: int) -> Page[EntityRow]:
        """POST /entity/search: a page of all properties and services.

        The rows contain neither values nor device ids. Since 1.1.0, a page past the end
        is page 1 again.
        """
        types: list[Json] = [each.value for each in EntityType]
        body: Object = {"entity_type": types, **_page(number)}
        skipped = _skipped(number)
        return await self._post_page("/entity/search", body, parse_entity, skipped)

    async def entity_values(
        self, number: int, size: int = PAGE_SIZE
    ) -> Page[tuple[str, Status]]:
        """POST /entity/advanced-search (since 1.2.3): a page of properties' values.

        Single entities cannot be selected: the server refuses lists of their keys.
        Values are text and have no time. A page past the end is page 1 again.
        """
        is_property: Object = {"operator": "ANY_EQUALS", "values": ["PROPERTY"]}
        entity_filter: Object = {"ENTITY_TYPE": is_property}
        body: Object = {"entity_filter": entity_filter, **_page(number, size)}
        path, skipped = "/entity/advanced-search", _skipped(number, size)
        return await self._post_page(path, body, parse_entity_value, skipped)

    async def children(self, entity_id: str) -> Sequence[EntityRow]:
        """GET /entity/{id}/children: the child entities, as in `entities`."""
        data = await self._get(f"/entity/{entity_id}/children")
        return [row for item in as_objects(data) if (row := parse_entity(item))]

    async def meta(self, entity_id: str) -> EntityRow | None:
        """GET /entity/{id}/meta: the description of an entity, without its value.

        {id, key, name, type, access_mod, value_attribute, value_type}.
        """
        return parse_meta(await self._get(f"/entity/{entity_id}/meta"), entity_id)

    async def aggregate(
        self, entity_id: str, start: datetime, end: datetime, aggregate: str
    ) -> Sequence[Aggregated]:
        """POST /entity/history/aggregate: LAST, MIN, MAX, AVG, SUM or COUNT.

        It is that of the values in [start, end]: {value, value_type}, or all that occur
        with their number; {} if nothing is stored. The server loads all rows of the
        span into memory, so long spans are slow.
        """
        body: Object = {
            "entity_id": entity_id,
            "start_timestamp": to_millis(start),
            "end_timestamp": to_millis(end),
            "aggregate_type": aggregate,
        }
        request = _read_request("/entity/history/aggregate", body, HISTORY_TIMEOUT)
        return parse_aggregate(
            unwrap(request, (await self._history.request(request)).body)
        )

    async def status(self, entity_id: str) -> Status | None:
        """GET /entity/{id}/status: the latest value; `None` before the first one."""
        return parse_status(await self._get(f"/entity/{entity_id}/status"))

    async def statuses(self, entity_ids: Collection[str]) -> dict[str, Status]:
        """POST /entity/batch-get-status (since 1.3.0): latest values by entity id.

        At most BATCH_SIZE entities. Entities without a value, unknown ones, and those
        that the user may not see are missing. Raises ProtocolError without a map.
        """
        return parse_statuses(await self.status_rows(status_request(entity_ids)))

    async def status_rows(self, request: Request) -> Object:
        """Return the rows of `statuses` by entity id, unparsed.

        They are the same object as those of the last answer, if they repeat them.
        """
        return require_object(await self._read(request), str(request))

    async def history(
        self,
        entity_ids: Sequence[str],
        start: datetime,
        end: datetime,
        size: int,
        *,
        is_newest_first: bool = False,
    ) -> Page[StoredValue]:
        """POST /entity/history/search: the first stored values in [start, end].

        They are asked for in order of time, and then of arrival, with LONG values as
        text. Releases before 1.2.1 ignore `entity_ids`, which is how more than one
        entity is asked for. Raises AnswerTooLargeError if so many rows are too long.
        """
        direction = "DESC" if is_newest_first else "ASC"
        body: Object = {
            "start_timestamp": to_millis(start),
            "end_timestamp": to_millis(end),
            "sorts": [{"direction": direction, "property": name} for name in _IN_ORDER],
            **_page(1, size),
        }
        single_id = entity_ids[0] if len(entity_ids) == 1 else None
        if single_id is not None:
            body["entity_id"] = single_id
        else:
            body["entity_ids"] = list(entity_ids)
        request = _read_request("/entity/history/search", body, HISTORY_TIMEOUT)
        answer = await self._history.request(request)
        page = parse_page(
            unwrap(request, answer.body),
            lambda row: parse_stored_value(row, single_id),
            0,
        )
        return replace(page, answer_bytes=answer.size)

    async def update_properties(self, exchange: Mapping[str, Json]) -> None:
        """POST /entity/property/update: set values by entity key.

        They become the latest values at once, before any device has applied them. The
        server drops keys that cannot be written, and refuses if none is left.
        """
        await self._write("/entity/property/update", exchange)

    async def call_service(self, exchange: Mapping[str, Json]) -> None:
        """POST /entity/service/call: call services by entity key."""
        await self._write("/entity/service/call", exchange)

    async def rename_device(self, device_id: str, name: str) -> None:
        """PUT /device/{id}: give a device another name.

        Source: docs/wire/milesight.md, Devices.
        """
        request = Request(
            method="PUT", path=f"/device/{device_id}", json={"name": name}
        )
        unwrap(request, (await self._writing.request(request)).body)

    async def broker_info(self) -> BrokerInfo:
        """GET /mqtt/broker-info (since 1.2.0): the address of the MQTT broker."""
        return parse_broker_info(await self._get("/mqtt/broker-info"))

    async def broker_login(self) -> BrokerLogin:
        """GET /mqtt/web/credentials (since 1.2.0): the credentials for the broker.

        Raises NotFoundError if the answer has none.
        """
        login = parse_broker_login(await self._get("/mqtt/web/credentials"))
        if login is None:
            raise NotFoundError("GET /mqtt/web/credentials: no credentials")
        return login

    async def _get(self, path: str) -> Json:
        """Return the data that a path returns for a GET request."""
        return await self._read(Request(path=path))

    async def _post(self, path: str, body: Object) -> Json:
        """Return the data that a path returns for a POST request that only reads."""
        return await self._read(_read_request(path, body))

    async def _post_page[Row](
        self,
        path: str,
        body: Object,
        parse: Callable[[Object], Row | None],
        skipped: int,
    ) -> Page[Row]:
        """Return a page, before which there are so many `skipped` rows."""
        request = _read_request(path, body)
        answer = await self._reading.request(request)
        page = parse_page(unwrap(request, answer.body), parse, skipped)
        return replace(page, answer_bytes=answer.size)

    async def _read(self, request: Request) -> Json:
        """Return the data of a request that is part of a poll."""
        return unwrap(request, (await self._reading.request(request)).body)

    async def _write(self, path: str, exchange: Mapping[str, Json]) -> None:
        """Send values by entity key."""
        body: Object = {"exchange": dict(exchange)}
        request = Request(method="POST", path=path, json=body)
        unwrap(request, (await self._writing.request(request)).body)


def status_request(entity_ids: Collection[str]) -> Request:
    """Return the request for the latest values of entities, to be sent repeatedly."""
    body: Object = {"entity_ids": list(entity_ids)}
    request = _read_request("/entity/batch-get-status", body)
    return replace(request, last=LastAnswer(_without_id))


def _without_id(answer: bytes) -> bytes:
    """Return an answer without its only request id, which is never the same."""
    before, mark, rest = answer.partition(_REQUEST_ID)
    if not mark or _REQUEST_ID in rest:
        return answer
    return before + rest.partition(b'"')[2]


def _read_request(path: str, body: Object, timeout: float = TOTAL_TIMEOUT) -> Request:
    """Return a POST request that changes nothing; `timeout` is in seconds."""
    return Request(
        method="POST", path=path, json=body, timeout=timeout, idempotent=True
    )


def unwrap(request: Request, body: Json) -> Json:
    """Return the data of an answer; `None` if there is none to see.

    Raises ProtocolError if the answer is not that of a Beaver IoT.
    """
    answer = as_object(body)
    if answer.get("status") != "Success":
        raise ProtocolError(f"{request}: not a Beaver IoT answer")
    return answer.get("data")


def to_millis(moment: datetime) -> int:
    """Return a moment in epoch milliseconds, without the rounding errors of a float."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _page(number: int, size: int = PAGE_SIZE) -> Object:
    """Return the part of a request body that selects a page."""
    return {"page_number": number, "page_size": size}


def _skipped(number: int, size: int = PAGE_SIZE) -> int:
    """Return the number of rows before a page."""
    return (number - 1) * size
