"""Read the lists of sensors, states and workspaces, each of which may be missing.

Source: docs/wire/besmart.md, "Endpoints by edition". A list that fails, although it has
answered before, keeps what it last had: it costs neither the others nor the sensors.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ..common.bounds import MAX_PLACES, check_row_count
from ..common.log_limit import limited_logger
from ..errors import (
    BackendError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    ServerFaultError,
)
from .client import BesmartClient, InvalidRequestError
from .memory import ServerMemory
from .models import Sensor, SensorId, SensorState, Workspace

_LOGGER = limited_logger(__name__)
_WORKSPACES, _FIND = "workspaces", "find"
_STATES, _ALL_STATES = "states", "states_of_all"
MAX_SENSORS = 20_000
"""Ten times the meters of the largest account that has to work; each may be read."""

ONE_LIST_ERRORS = (PermissionDeniedError, ProtocolError, ServerFaultError)
"""Errors of a single list, while the server still answers for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorLists:
    """What the lists of a server have.

    `workspaces` are the names of workspaces by client. `is_whole` is False if a list
    failed, so that sensors may be missing that the server has listed before. `failures`
    are the errors if no list of sensors or states answers.
    """

    sensors: Mapping[SensorId, Sensor]
    states: Mapping[SensorId, Sequence[SensorState]]
    workspaces: Mapping[int, str]
    is_whole: bool
    failures: Sequence[BackendError] = ()


class _OptionalList[Row]:
    """A list that not every server has, and that may fail while others answer."""

    def __init__(self, name: str, memory: ServerMemory) -> None:
        """Initialize the list; nothing is read yet."""
        self._name = name
        self._memory = memory
        self._is_logged = False
        self.rows: list[Row] = []
        self.has_failed = False
        """Whether the list has answered before, but does not now."""
        self.failure: BackendError | None = None

    async def read(self, request: Callable[[], Awaitable[list[Row]]]) -> list[Row]:
        """Return the rows; raises BackendError for failures of the whole server."""
        try:
            rows = await self._memory.request_optional(self._name, request)
        except (NotFoundError, *ONE_LIST_ERRORS) as err:
            self._fail(err)
        else:
            self.rows = rows or []
            self.has_failed = self._is_logged = False
            self.failure = None
        return self.rows

    def _fail(self, err: BackendError) -> None:
        """Keep what the list last had, and log the failure once."""
        self.has_failed = self._memory.has_answered(self._name)
        self.failure = err
        if not self._is_logged:
            self._is_logged = True
            _LOGGER.info("A besmart list is left out until it answers: %s", err)


class ListReader:
    """Reads all lists that a server has."""

    def __init__(self, client: BesmartClient, memory: ServerMemory) -> None:
        """Initialize the reader."""
        self._client = client
        self._memory = memory
        self._workspaces = _OptionalList[Workspace](_WORKSPACES, memory)
        self._states = _OptionalList[SensorState](_STATES, memory)
        self._found: dict[int | None, _OptionalList[Sensor]] = {}

    async def read(self) -> SensorLists:
        """Return what all lists have; raises BackendError.

        That is TooManyRowsError for more than any account has.
        """
        workspaces = await self._workspaces.read(self._client.workspaces)
        sensors, is_whole = await self._sensors(workspaces)
        check_row_count(len(sensors), "the sensors of all lists", MAX_SENSORS)
        states: dict[SensorId, list[SensorState]] = {}
        for state in await self._all_states():
            states.setdefault(state.sensor, []).append(state)
        return SensorLists(
            sensors=sensors,
            states=states,
            workspaces=_names_by_client(workspaces),
            is_whole=is_whole and not self._states.has_failed,
            failures=self._failures(),
        )

    def _failures(self) -> list[BackendError]:
        """Return the errors of the lists of sensors and states, if none answers."""
        found = [each.failure for each in self._found.values()]
        failures = [self._states.failure, *found]
        failed = [failure for failure in failures if failure is not None]
        return failed if len(failed) == len(failures) else []

    async def _sensors(
        self, workspaces: Sequence[Workspace]
    ) -> tuple[dict[SensorId, Sensor], bool]:
        """Return the sensors of all clients, and whether every list of them answered.

        The list without a client has the sensors that others share with the account,
        but a server may refuse it.
        """
        found: dict[SensorId, Sensor] = {}
        is_whole = True
        clients = sorted({workspace.client_cid for workspace in workspaces})
        check_row_count(len(clients), "the clients of the workspaces", MAX_PLACES)
        for client in (None, *clients):
            if client is not None and self._memory.is_missing(_FIND):
                break
            name = _FIND if client is None else f"{_FIND}_{client}"
            rows = self._found.setdefault(client, _OptionalList(name, self._memory))
            request = partial(self._client.sensors, client_cid=client)
            found |= {sensor.id: sensor for sensor in await rows.read(request)}
            is_whole = is_whole and not rows.has_failed
        return found, is_whole

    async def _all_states(self) -> list[SensorState]:
        """Return the states of all sensors, which editions before 0.35 refuse."""
        if not self.has_states_of_all:
            return []
        return await self._states.read(self._request_all_states)

    async def _request_all_states(self) -> list[SensorState]:
        """Request the states of all sensors; note if the edition cannot list them."""
        try:
            return await self._client.sensor_states()
        except InvalidRequestError:
            if not self._memory.has_answered(_STATES):
                self._memory.set_missing(_ALL_STATES)
            raise

    @property
    def has_states_of_all(self) -> bool:
        """Return True if the server may have a list of all states."""
        return not self._memory.is_missing(_ALL_STATES)

    @property
    def has_states(self) -> bool:
        """Return True if the server may have states of single sensors."""
        return not self._memory.is_missing(_STATES)


def _names_by_client(workspaces: Sequence[Workspace]) -> dict[int, str]:
    """Return the names of workspaces by client, if they tell sensors apart.

    A single workspace tells nothing, nor do several of one client.
    """
    clients = Counter(workspace.client_cid for workspace in workspaces)
    if len(clients) == 1:
        return {}
    return {
        workspace.client_cid: workspace.name
        for workspace in workspaces
        if workspace.name and clients[workspace.client_cid] == 1
    }
