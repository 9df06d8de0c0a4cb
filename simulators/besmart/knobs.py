"""The knobs of the simulator: the server, the account and the data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from simulators.dirt import CLEAN, Dirt
from simulators.times import utcnow

from .events import Event
from .sensors import Sensor, Workspace, default_sensors
from .signal_types import SIGNAL_TYPES, Edition, SignalType

type ErrorStyle = Literal["problem", "text", "detail"]
"""connexion's problem+json; a bare JSON string (2022); FastAPI's detail."""
type TypesAnswer = Literal["list", "text", "null", "empty"]
type NumberFormat = Literal["number", "text", "whole"]
type TimeFormat = Literal["whole", "float", "fraction", "text"]
type Order = Literal["time", "acquired", "shuffled", "newest_first"]

DEFAULT_LOGIN = "anna@example.org"
DEFAULT_PASSWORD = "simulated-password"  # noqa: S105 Opens nothing but the simulator.


def default_workspaces() -> list[Workspace]:
    """Return the workspace of the default sensors."""
    return [Workspace(21, "Złocieniec", "Moje mieszkanie")]


@dataclass(eq=False, kw_only=True)
class Knobs:
    """Everything that can be changed while the simulator runs; see each line.

    A form that is None follows the edition.
    """

    edition: Edition = "2026"
    clock: Callable[[], datetime] = utcnow
    # The account.
    login: str = DEFAULT_LOGIN
    password: str = field(default=DEFAULT_PASSWORD, repr=False)
    workspace_key: str | None = field(default=None, repr=False)
    key_required: bool = False  # Login without the workspace key is refused.
    key_missing_status: Literal[401, 422] = 401
    bad_login_status: Literal[401, 404, 422] = 401
    text_login: bool = False  # JSON is 415; the body is text, as in the text of 2021.
    token_life: timedelta = timedelta(hours=2)
    token_refresh: bool = False  # GET users/token extends the token.
    expiration_unit: Literal["ms", "s"] | None = None
    # Sensors, workspaces and signal types.
    sensors: list[Sensor] = field(default_factory=default_sensors)
    workspaces: list[Workspace] = field(default_factory=default_workspaces)
    types: dict[int, SignalType] = field(default_factory=lambda: dict(SIGNAL_TYPES))
    stateless: set[int] = field(default_factory=set)  # Sensors (mid) in no states.
    unlisted: set[int] = field(default_factory=set)  # Moids missing in signals/types.
    types_answer: TypesAnswer = "list"
    # Endpoints (names as in `endpoints.py`) that this server lacks -> status.
    absent: dict[str, int] = field(default_factory=dict)
    retired_status: Literal[404, 405] = 404  # Of 2021's endpoints in 2026.
    # The form of answers.
    errors: ErrorStyle | None = None
    rows: bool | None = None  # Data as rows; else as columns.
    wrapped: bool = False  # GET of data returns a list with one object.
    number_format: NumberFormat = "number"
    time_format: TimeFormat = "whole"
    moids_as_text: bool = False
    absent_columns: set[str] = field(default_factory=set)  # E.g. "type", "origin".
    cut_columns: Mapping[str, int] = field(default_factory=dict)  # Entries missing.
    extra_columns: bool = False
    null_origins: bool = False  # Measured samples have null as their origin.
    keeps_acquisitions: bool = False  # get_last and last_acq have no effect.
    order: Order = "time"
    reply_units: Mapping[int, str] = field(default_factory=dict)  # Moid -> unit.
    description_key: Literal["descritpion", "description"] = "descritpion"
    state_times: Literal["iso", "ms"] = "iso"
    state_values: Literal["number", "text", "null"] = "number"
    batch_limit: int | None = None
    max_rows: int | None = None  # Per signal; longer answers are cut off silently.
    max_rows_of_all: int | None = None  # The same for a whole batch.
    # Ratios of current transformers by moid, which only GET and v2 of 2026 apply.
    multipliers: Mapping[int, int] = field(default_factory=dict)
    batch_unknown: Literal["left_out", "empty", "refused"] = "left_out"
    # The data.
    delay: timedelta = timedelta(0)  # From measurement to visibility.
    whole_hours: bool = False  # The samples of an hour arrive together at its end.
    predictions: timedelta | None = None  # Distance from now that they cover.
    events: list[Event] = field(default_factory=list)
    dirt: Dirt = CLEAN

    @property
    def error_style(self) -> ErrorStyle:
        """Return the form of errors."""
        return self.errors or ("problem" if self.edition == "2021" else "detail")

    @property
    def has_rows(self) -> bool:
        """Return True if data are rows rather than columns."""
        return self.edition == "2021" if self.rows is None else self.rows

    @property
    def expires_in(self) -> Literal["ms", "s"]:
        """Return the unit of a token's expiration."""
        return self.expiration_unit or ("ms" if self.edition == "2021" else "s")

    def cut(self, column: str) -> int:
        """Return the number of entries that are missing at the end of a column."""
        return self.cut_columns.get(column, 0)

    def find_sensor(self, client_cid: int, sensor_mid: int) -> Sensor | None:
        """Return the sensor with this identity."""
        for sensor in self.sensors:
            if (sensor.client_cid, sensor.sensor_mid) == (client_cid, sensor_mid):
                return sensor
        return None
