"""Beaver IoT's REST API, one method per endpoint.

Source of every wire fact: ../shared/wire/milesight.md. All names on the wire are
snake_case; the server silently drops what is not. Each answer is wrapped in
{"data", "status", "request_id"}, and `data` is missing where it would be null, which is
also how a user without the rights to see something is answered.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ..common.http import TOTAL_TIMEOUT, HttpClient, Json, Request
from ..common.parse import as_object, as_objects
from ..errors import NotFoundError, ProtocolError
from .models import (
    Aggregate,
    BrokerInfo,
    BrokerLogin,
    DeviceRow,
    EntityRow,
    EntityType,
    IntegrationRow,
    Object,
    Page,
    Status,
    Stored,
    User,
    as_float,
    read_broker,
    read_broker_login,
    read_device,
    read_entity,
    read_entity_value,
    read_integration,
    read_meta,
    read_page,
    read_status,
    read_statuses,
    read_stored,
    read_user,
)

ROWS_AT_ONCE = 250
"""How long pages of devices and entities are: the server names no limit, but a longer
answer would take too long to read at once."""

BATCH_SIZE = 1000
"""How many latest values are asked for at once; the server takes 5,000."""

KEYS_AT_ONCE = 100
"""How many values a filter takes."""

HISTORY_TIMEOUT = 60.0
"""Seconds; a page of the past may take a small server longer than a live answer."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MilesightClient:
    """The endpoints that the integration uses, of a server that was logged in to.

    Every method raises only BackendError: NotFoundError where the server's release does
    not have the endpoint, PermissionDeniedError for a role that lacks the right
    (403), AuthenticationError where not even a new login helps, and what
    `HttpClient.request` raises. The writing ones raise RejectedError as well.
    """

    def __init__(
        self, reading: HttpClient, past: HttpClient, writing: HttpClient
    ) -> None:
        """Use three ways to the same server, so that none waits behind another.

        A poll must not wait for an import of the past, nor a switch for a poll.
        """
        self._reading = reading
        self._past = past
        self._writing = writing

    async def user(self) -> User:
        """GET /user: who is logged in."""
        return read_user(await self._get("/user"))

    async def devices(self, number: int) -> Page[DeviceRow]:
        """POST /device/search: a page of all devices, the last added first."""
        data = await self._post("/device/search", {"name": "", **_page(number)})
        return read_page(data, read_device)

    async def entities(self, number: int) -> Page[EntityRow]:
        """POST /entity/search: a page of all properties and services.

        Since 1.1.0, a page past the end is page 1 again. Neither values nor device ids
        are part of it.
        """
        types: list[Json] = [kind.value for kind in EntityType]
        body: Object = {"entity_type": types, **_page(number)}
        return read_page(await self._post("/entity/search", body), read_entity)

    async def entity_values(
        self, number: int, keys: Sequence[str] = (), size: int = ROWS_AT_ONCE
    ) -> Page[tuple[str, Status]]:
        """POST /entity/advanced-search (since 1.2.3): a page of properties' values.

        `keys` are at most KEYS_AT_ONCE entity keys, or none for all properties. Values
        are texts and have no time. A page past the end is page 1 again.
        """
        wanted: Object = {"ENTITY_TYPE": _any_of(["PROPERTY"])}
        if keys:
            wanted["ENTITY_KEY"] = _any_of(keys)
        body: Object = {"entity_filter": wanted, **_page(number, size)}
        data = await self._post("/entity/advanced-search", body)
        return read_page(data, read_entity_value)

    async def integrations(self) -> Sequence[IntegrationRow]:
        """POST /integration/search: all integrations, as [{id, name, ...}].

        It needs `integration.view` or `device.add`, which few roles have.
        """
        data = await self._post("/integration/search", {})
        return [row for each in as_objects(data) if (row := read_integration(each))]

    async def integration(self, integration_id: str) -> IntegrationRow | None:
        """GET /integration/{id}: one integration; rights as for `integrations`."""
        return read_integration(
            as_object(await self._get(f"/integration/{integration_id}"))
        )

    async def device(self, device_id: str) -> DeviceRow | None:
        """GET /device/{id}: one device, as in `devices`; `None` without the right."""
        return read_device(as_object(await self._get(f"/device/{device_id}")))

    async def children(self, entity_id: str) -> Sequence[EntityRow]:
        """GET /entity/{id}/children: the parts of an entity, as in `entities`."""
        data = await self._get(f"/entity/{entity_id}/children")
        return [row for each in as_objects(data) if (row := read_entity(each))]

    async def meta(self, entity_id: str) -> EntityRow | None:
        """GET /entity/{id}/meta: what an entity is, without any value.

        {id, key, name, type, access_mod, value_attribute, value_type}; 1.0 gives no id.
        """
        return read_meta(await self._get(f"/entity/{entity_id}/meta"), entity_id)

    async def aggregate(
        self, entity_id: str, start: datetime, end: datetime, kind: Aggregate
    ) -> float | None:
        """POST /entity/history/aggregate: one number of [start, end], in its own unit.

        {value, value_type}, of LONG values as text; {} where there is none. The server
        loads all rows of the span, so that a long one takes it long.
        """
        body: Object = {
            "entity_id": entity_id,
            "start_timestamp": millis(start),
            "end_timestamp": millis(end),
            "aggregate_type": kind.value,
        }
        question = _question("/entity/history/aggregate", body, HISTORY_TIMEOUT)
        answer = (await self._past.request(question)).body
        return as_float(as_object(unwrap(question, answer)).get("value"))

    async def status(self, entity_id: str) -> Status | None:
        """GET /entity/{id}/status: the latest value; `None` before the first one."""
        return read_status(await self._get(f"/entity/{entity_id}/status"))

    async def statuses(self, entity_ids: Collection[str]) -> dict[str, Status]:
        """POST /entity/batch-get-status (since 1.3.0): latest values by entity id.

        Of at most BATCH_SIZE entities. Those that have none, that are unknown, or that
        the user may not see are not in it.
        """
        return read_statuses(await self.status_rows(entity_ids))

    async def status_rows(self, entity_ids: Collection[str]) -> Object:
        """Return what `statuses` reads, as it came: rows by entity id."""
        body: Object = {"entity_ids": list(entity_ids)}
        return as_object(await self._post("/entity/batch-get-status", body))

    async def history(
        self,
        entity_ids: Sequence[str],
        start: datetime | None,
        end: datetime,
        number: int,
        size: int,
    ) -> Page[Stored]:
        """POST /entity/history/search: a page of stored values in [start, end].

        Newest first. LONG values are texts. Without `start` it begins with the oldest
        value that is kept (365 days by default). Only releases of the batch endpoint
        are known to take more than one id; an older one would answer with nothing.
        """
        body: Object = {"end_timestamp": millis(end), **_page(number, size)}
        if start is not None:
            body["start_timestamp"] = millis(start)
        alone = entity_ids[0] if len(entity_ids) == 1 else None
        if alone is not None:
            body["entity_id"] = alone
        else:
            body["entity_ids"] = list(entity_ids)
        request = _question("/entity/history/search", body, HISTORY_TIMEOUT)
        data = unwrap(request, (await self._past.request(request)).body)
        return read_page(data, lambda row: read_stored(row, alone))

    async def update_properties(self, exchange: Mapping[str, Json]) -> None:
        """POST /entity/property/update: set values by entity key.

        They are the latest values at once, before any device has taken them. Keys that
        cannot be written are dropped; the server refuses if that leaves none.
        """
        await self._write("/entity/property/update", exchange)

    async def call_service(self, exchange: Mapping[str, Json]) -> None:
        """POST /entity/service/call: call services by entity key."""
        await self._write("/entity/service/call", exchange)

    async def broker_info(self) -> BrokerInfo:
        """GET /mqtt/broker-info (since 1.2.0): where the MQTT broker is."""
        return read_broker(await self._get("/mqtt/broker-info"))

    async def broker_login(self) -> BrokerLogin:
        """GET /mqtt/web/credentials (since 1.2.0): how to log in to the broker."""
        login = read_broker_login(await self._get("/mqtt/web/credentials"))
        if login is None:
            raise NotFoundError("GET /mqtt/web/credentials: there are none")
        return login

    async def _get(self, path: str) -> Json:
        return await self._ask(Request(path=path))

    async def _post(self, path: str, body: Object) -> Json:
        return await self._ask(_question(path, body))

    async def _ask(self, request: Request) -> Json:
        return unwrap(request, (await self._reading.request(request)).body)

    async def _write(self, path: str, exchange: Mapping[str, Json]) -> None:
        body: Object = {"exchange": dict(exchange)}
        request = Request(method="POST", path=path, json=body)
        unwrap(request, (await self._writing.request(request)).body)


def _question(path: str, body: Object, within: float = TOTAL_TIMEOUT) -> Request:
    """Return a request that takes a body, and changes nothing."""
    return Request(method="POST", path=path, json=body, timeout=within, idempotent=True)


def unwrap(request: Request, body: Json) -> Json:
    """Return what an answer carries; `None` where there is nothing to see.

    Raises ProtocolError for what is no answer of a Beaver IoT.
    """
    answer = as_object(body)
    if answer.get("status") != "Success":
        raise ProtocolError(f"{request}: not an answer of Beaver IoT")
    return answer.get("data")


def millis(moment: datetime) -> int:
    """Return a moment in epoch milliseconds, without the errors of a float."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _page(number: int, size: int = ROWS_AT_ONCE) -> Object:
    return {"page_number": number, "page_size": size}


def _any_of(values: Sequence[str]) -> Object:
    return {"operator": "ANY_EQUALS", "values": list(values)}
