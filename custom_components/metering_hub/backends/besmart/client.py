"""The REST API of besmart.energy, one method per endpoint.

Source: docs/wire/besmart.md. Paths are relative to the base URL of the API. The only
endpoints that every edition has are users/token, sensors/signals/types and the data of
a signal. Only the status of an error is used, because error bodies differ by edition.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from aiohttp import ClientSession

from ..common.auth import TokenAuth
from ..common.http import HttpClient
from ..common.json_text import Json
from ..common.messages import Answer, LastAnswer, QueryValue, Request
from ..common.parse import as_object, as_objects
from ..common.shapes import require_object, require_objects, require_some
from ..errors import (
    AuthenticationError,
    BackendError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
)
from .auth import RENEW_BEFORE, Login, LoginRefusedError
from .models import (
    DataQuery,
    Sensor,
    SensorId,
    SensorState,
    SignalData,
    SignalId,
    SignalType,
    Workspace,
    parse_numbered_sensors,
    parse_row_signal,
    parse_sensor,
    parse_sensor_states,
    parse_sensors,
    parse_signal_types,
    parse_workspaces,
)
from .signal_data import BatchParser, parse_signal_data

DATA_TIMEOUT = 60.0
"""Seconds; the server needs a while to read and send a year of a signal."""

MAX_DATA_BYTES = 16 * 1024 * 1024
"""Enough for 200,000 samples in rows, at about 70 bytes each."""

MAX_PARALLEL = 2

type BatchEdition = Literal["", "/v2"]


_NO_TYPES: Sequence[Json] = (None, "None")
"""What servers without signal types have instead of an empty list."""


_LAST_ACQUIRED: Mapping[str, Json] = {"get_last": True, "last_acq": True}
"""Of a row that was acquired again, only the last one is wanted.

The name depends on the edition. The first one, without batches, has no such parameter.
"""


class InvalidRequestError(ProtocolError):
    """The server refuses a request without a parameter that its edition requires."""


class LongBatchError(InvalidRequestError):
    """The server refuses a batch because of its length."""


class TokenRefusedError(PermissionDeniedError):
    """The server refuses a token that it has just issued, whatever is requested."""


class NoneFoundError(ProtocolError):
    """The answer to a batch has none of its signals, which the server may not have."""


class BesmartClient:
    """The endpoints that the integration uses.

    Every method raises only BackendError: LoginRefusedError if the login or password
    is wrong, NotFoundError if the server does not have the endpoint, the sensor or the
    signal, and the errors of `HttpClient.request`.
    """

    def __init__(
        self,
        session: ClientSession,
        url: str,
        credentials: tuple[str, str],
        workspace_key: str | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Initialize the client; `/api` is appended to `url` if it is missing."""
        base = url if url.endswith("/api") else f"{url}/api"
        login = Login(session, base, credentials, workspace_key, clock)
        self._auth = TokenAuth(login.log_in, renew_before=RENEW_BEFORE, clock=clock)
        self._http = HttpClient(
            session,
            base,
            auth=self._auth,
            max_parallel=MAX_PARALLEL,
            classify=_classify,
        )
        self._batch_parser = BatchParser()
        self.requests = 0
        """How many requests were made, without logins and retries."""

    @property
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead of Home Assistant's."""
        return self._http.clock_offset

    async def log_in(self) -> None:
        """Log in unless there is a valid token."""
        await self._auth.headers()

    async def workspaces(self) -> list[Workspace]:
        """Fetch the workspaces of the account: GET workspaces (until 2022)."""
        return parse_workspaces(await self._list("/workspaces"))

    async def sensors(
        self, *, client_cid: int | None = None, columns: str | None = None
    ) -> list[Sensor]:
        """Fetch the sensors, of one client if given: GET sensors/find (until 2022).

        The format of `columns` is undocumented.
        """
        params = _query(client_cid=client_cid, columns=columns)
        rows = await self._list("/sensors/find", params)
        return require_some(parse_sensors(rows), rows, "GET /sensors/find")

    async def numbered_sensors(self, number: str) -> list[Sensor]:
        """Find the sensors with an external or supply-point number in the full list."""
        return parse_numbered_sensors(await self._list("/sensors/find"), number)

    async def metered_sensors(self, meter_eid: str) -> list[Sensor]:
        """Fetch the sensors that have a meter: GET sensors/find (2021-12 to 2022)."""
        params = _query(meter_eid=meter_eid)
        return parse_sensors(await self._list("/sensors/find", params))

    async def external_sensors(self, external_ids: Sequence[str]) -> list[Sensor]:
        """Fetch the sensors with these external ids: POST sensors/external.

        The body is a JSON array of ids.
        """
        request = Request(
            method="POST",
            path="/sensors/external",
            json=list(external_ids),
            idempotent=True,
        )
        return parse_sensors(require_objects(await self._send(request), request))

    async def sensor(self, sensor: SensorId) -> Sensor | None:
        """Fetch one sensor: GET sensors/{cid}.{mid} (since 2022)."""
        request = Request(path=f"/sensors/{sensor}")
        return parse_sensor(require_object(await self._send(request), request))

    async def signal_types(self) -> list[SignalType]:
        """Fetch the types of signals: GET sensors/signals/types.

        A server without types answers with an empty list, null or the text "None".
        """
        request = Request(path="/sensors/signals/types")
        answer = await self._send(request)
        if answer in _NO_TYPES:
            return []
        rows = require_objects(answer, request)
        return require_some(parse_signal_types(rows), rows, request)

    async def sensor_states(self, sensor: SensorId | None = None) -> list[SensorState]:
        """Fetch which meter was installed when: GET sensors/states (since 2022).

        Editions before 0.35 (2023) answer only for a single sensor, and refuse to list
        all with InvalidRequestError.
        """
        params = sensor and _query(
            client_cid=sensor.client_cid, sensor_mid=sensor.sensor_mid
        )
        rows = await self._list("/sensors/states", params)
        return require_some(parse_sensor_states(rows), rows, "GET /sensors/states")

    async def signal_data(self, query: DataQuery) -> SignalData:
        """Fetch samples: GET sensors/{cid}.{mid}/signals/{moid}/data.

        Times are sent in milliseconds. Whether `till` is included is unspecified.
        """
        return await parse_signal_data(await self._get_data(query))

    async def stored_data(
        self, query: DataQuery, edition: BatchEdition | None, *, is_last: bool
    ) -> dict[str, Json]:
        """Fetch samples as the server returns them, from the endpoint of an edition.

        With `is_last`, the server leaves out rows that were acquired again, if it can.
        """
        if edition is None:
            return await self._get_data(query)
        extra = _LAST_ACQUIRED if is_last else {}
        for row in await self._post_data([query], edition, extra):
            if parse_row_signal(row) == query.signal:
                return row
        raise NotFoundError("the answer does not have the signal")

    async def _get_data(self, query: DataQuery) -> dict[str, Json]:
        """Return the answer with the samples of one signal."""
        signal = query.signal
        request = Request(
            path=f"/sensors/{signal.sensor}/signals/{signal.moid}/data",
            params=_query(
                since=_milliseconds(query.since),
                till=_milliseconds(query.till),
                **_choices(query),
            ),
            timeout=DATA_TIMEOUT,
            max_bytes=MAX_DATA_BYTES,
        )
        answer = await self._send(request)
        if isinstance(answer, list) and answer:
            answer = answer[0]
        return require_object(answer, request)

    async def batch_data(
        self, queries: Sequence[DataQuery], edition: BatchEdition = ""
    ) -> Mapping[SignalId, SignalData]:
        """Fetch samples of many signals: POST sensors/signals/data (since 2022).

        Unknown signals are missing in the answer, or have no samples; an answer without
        any of the signals is none (NoneFoundError). Some editions have only
        `.../data/v2` (since 2023-12).
        """
        part = self._batch_parser.part_of(queries)
        rows = await self._post_data(queries, edition, _LAST_ACQUIRED, part.last)
        found = await self._batch_parser.parse_batch(rows, part)
        if queries and not found:
            raise NoneFoundError("the answer to a batch has none of the signals")
        return found

    async def _post_data(
        self,
        queries: Sequence[DataQuery],
        edition: BatchEdition,
        extra: Mapping[str, Json],
        last: LastAnswer | None = None,
    ) -> list[dict[str, Json]]:
        """Return the answers with the samples of many signals."""
        body: list[Json] = [
            {
                "client_cid": query.signal.sensor.client_cid,
                "sensor_mid": query.signal.sensor.sensor_mid,
                "signal_type_moid": query.signal.moid,
                **extra,
                "since": _milliseconds(query.since),
                "till": _milliseconds(query.till),
                **_choices(query),
            }
            for query in queries
        ]
        request = Request(
            method="POST",
            path=f"/sensors/signals/data{edition}",
            json=body,
            timeout=DATA_TIMEOUT,
            max_bytes=MAX_DATA_BYTES,
            idempotent=True,
            last=last,
        )
        answer = await self._send(request)
        if isinstance(answer, dict):
            answer = [answer]
        return require_objects(answer, request)

    async def _list(
        self, path: str, params: Mapping[str, QueryValue] | None = None
    ) -> list[dict[str, Json]]:
        """Send a GET request and return the rows of the list that it returns."""
        request = Request(path=path, params=params)
        return require_objects(await self._send(request), request)

    async def _send(self, request: Request) -> Json:
        """Send a request and return the JSON of the answer.

        If an endpoint refuses a token that was obtained a moment ago, the account lacks
        the rights (TokenRefusedError). Only a refused login means that the credentials
        are wrong.
        """
        self.requests += 1
        try:
            return (await self._http.request(request)).body
        except LoginRefusedError:
            raise
        except AuthenticationError as err:
            raise TokenRefusedError(str(err)) from err


def _classify(answer: Answer) -> BackendError | None:
    """Return the error of refused parameters.

    Source: docs/wire/besmart.md, "Errors". A complaint about the whole body, and not
    about one of its items, is about its length.
    """
    complaints = as_objects(as_object(answer.body).get("detail"))
    is_whole = any(row.get("loc") == ["body"] for row in complaints)
    if answer.status == 413 or (answer.status == 422 and is_whole):
        return LongBatchError("the server refuses so many signals at once")
    if answer.status in (400, 422):
        return InvalidRequestError("the server refuses the parameters")
    return None


def _query(**params: str | int | bool | None) -> dict[str, QueryValue]:
    """Return the query parameters that are not None, with booleans in lowercase."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in params.items()
        if value is not None
    }


def _choices(query: DataQuery) -> dict[str, int | bool]:
    """Return what a query asks for besides its span, under the server's names."""
    choices = {
        "delta_t": query.delta_t,
        "raw": query.raw,
        "output_unit_id": query.output_unit_id,
        "signal_origin_id": query.origin,
    }
    return {name: value for name, value in choices.items() if value is not None}


def _milliseconds(moment: datetime) -> int:
    """Return a moment in epoch milliseconds."""
    return round(moment.timestamp() * 1000)
