"""The REST API of besmart.energy, one method per endpoint.

Source of every wire fact: ../shared/wire/besmart.md. Paths are below the API's base
URL. Endpoints came and went over the years, so that a server may lack any of them but
users/token, sensors/signals/types and a signal's data. Of errors, only the status
counts: their bodies are problem+json, bare text, or FastAPI's, depending on the year.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from aiohttp import ClientSession

from ..common.auth import TokenAuth
from ..common.http import HttpClient, Json, QueryValue, Request
from ..common.parse import as_integer, as_object, as_objects, as_text
from ..errors import AuthenticationError, PermissionDeniedError, ProtocolError
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
    read_sensor,
    read_sensors,
    read_signal_type,
    read_state,
)
from .signal_data import read_data, read_samples

DATA_TIMEOUT = 60.0
"""Seconds; a year of a signal takes a while to be read and sent."""

MAX_DATA_BYTES = 16 * 1024 * 1024
"""Enough for 200,000 samples as rows, of some 70 bytes each."""

MAX_PARALLEL = 2

type BatchEdition = Literal["", "/v2"]


class BesmartClient:
    """The endpoints that the integration knows.

    Every method raises only BackendError: LoginRefusedError where login or password
    are wrong, NotFoundError where the server lacks the endpoint, the sensor or the
    signal, and what `HttpClient.request` raises.
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
        """Prepare requests to `url`; `/api` is added where it does not end in that."""
        base = url if url.endswith("/api") else f"{url}/api"
        login = Login(session, base, credentials, workspace_key, clock)
        self._auth = TokenAuth(login, renew_before=RENEW_BEFORE, clock=clock)
        self._http = HttpClient(
            session, base, auth=self._auth, max_parallel=MAX_PARALLEL
        )
        self._last: dict[SignalId, tuple[Json, SignalData]] = {}

    async def log_in(self) -> None:
        """Make sure of a token that is valid: POST users/token, unless there is one."""
        await self._auth.headers()

    async def workspaces(self) -> list[Workspace]:
        """Return the workspaces: GET workspaces, a bare array (in the docs until 2022).

        Every field may be missing; `descritpion` is really written so.
        """
        return [
            Workspace(
                number=as_integer(row.get("id")),
                name=as_text(row.get("name")),
                description=as_text(row.get("descritpion"))
                or as_text(row.get("description")),
                client_cid=as_integer(row.get("client_cid")),
            )
            for row in as_objects(await self._get("/workspaces"))
        ]

    async def find_sensors(
        self,
        *,
        client_cid: int | None = None,
        sensor_type_id: int | None = None,
        name: str | None = None,
        columns: str | None = None,
    ) -> list[Sensor]:
        """Return sensors: GET sensors/find, a bare array (in the docs until 2022).

        Nothing need be given. How `columns` is written is undocumented.
        """
        params = _given(
            client_cid=client_cid,
            sensor_type_id=sensor_type_id,
            name=name,
            columns=columns,
        )
        return read_sensors(await self._get("/sensors/find", params))

    async def external_sensors(self, external_ids: Sequence[str]) -> list[Sensor]:
        """Return the sensors with these external ids: POST sensors/external.

        The body is a JSON array (docs of 2021-12), not the text of the first edition.
        """
        request = Request(
            method="POST",
            path="/sensors/external",
            json=list(external_ids),
            idempotent=True,
        )
        return read_sensors(await self._ask(request))

    async def sensor(self, sensor: SensorId) -> Sensor | None:
        """Return one sensor: GET sensors/{cid}.{mid} (since 2022)."""
        return read_sensor(as_object(await self._get(f"/sensors/{sensor}")))

    async def signal_types(self) -> list[SignalType]:
        """Return the types of signals: GET sensors/signals/types, a bare array.

        The first edition's example is the text "None", which says as much as [].
        """
        rows = as_objects(await self._get("/sensors/signals/types"))
        return [type_ for row in rows if (type_ := read_signal_type(row)) is not None]

    async def states(self, sensor: SensorId | None = None) -> list[SensorState]:
        """Return which meter was installed when: GET sensors/states (since 2022).

        Editions before 0.35 (2023) answer for one sensor only.
        """
        params = sensor and _given(
            client_cid=sensor.client_cid, sensor_mid=sensor.sensor_mid
        )
        rows = as_objects(await self._get("/sensors/states", params))
        return [state for row in rows if (state := read_state(row)) is not None]

    async def signal_data(self, query: DataQuery) -> SignalData:
        """Return samples: GET sensors/{cid}.{mid}/signals/{moid}/data.

        Times are sent in ms. Whether `till` is included is unspecified.
        """
        signal = query.signal
        request = Request(
            path=f"/sensors/{signal.sensor}/signals/{signal.moid}/data",
            params=_given(**_data_parameters(query)),
            timeout=DATA_TIMEOUT,
            max_bytes=MAX_DATA_BYTES,
        )
        answer = await self._ask(request)
        if isinstance(answer, list):
            answer = answer[0] if answer else {}
        if not isinstance(answer, dict):
            raise ProtocolError(f"{request}: no data")
        return await read_samples(answer)

    async def batch_data(
        self, queries: Sequence[DataQuery], edition: BatchEdition = ""
    ) -> dict[SignalId, SignalData]:
        """Return samples of many signals: POST sensors/signals/data (since 2022).

        The body is an array of {client_cid, sensor_mid, signal_type_moid, since, till},
        the answer an array; a signal that is not there is left out or has no samples.
        Some editions have only the second one, `.../data/v2` (since 2023-12).
        """
        body: list[Json] = [
            {
                "client_cid": query.signal.sensor.client_cid,
                "sensor_mid": query.signal.sensor.sensor_mid,
                "signal_type_moid": query.signal.moid,
                **{
                    name: value
                    for name, value in _data_parameters(query).items()
                    if value is not None
                },
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
        )
        return await read_data(await self._ask(request), self._last)

    async def _get(
        self, path: str, params: Mapping[str, QueryValue] | None = None
    ) -> Json:
        return await self._ask(Request(path=path, params=params))

    async def _ask(self, request: Request) -> Json:
        """Send a request; only a refused login is refused credentials.

        An endpoint that refuses a token got a moment ago means rights, not passwords.
        """
        try:
            return (await self._http.request(request)).body
        except LoginRefusedError:
            raise
        except AuthenticationError as err:
            raise PermissionDeniedError(str(err)) from err


def _given(**params: str | int | bool | None) -> dict[str, QueryValue]:
    """Return the parameters that are given, with booleans as the server reads them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in params.items()
        if value is not None
    }


def _data_parameters(query: DataQuery) -> dict[str, int | bool | None]:
    return {
        "since": _milliseconds(query.since),
        "till": _milliseconds(query.till),
        "delta_t": query.delta_t,
        "raw": query.raw,
        "output_unit_id": query.output_unit_id,
        "signal_origin_id": query.origin,
    }


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
