"""What the endpoints of besmart.energy answer, typed; times are aware UTC.

Source of every wire fact: ../shared/wire/besmart.md. Addresses, coordinates and
supply-point ids are left behind here: nothing further in knows them.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isnan, nan
from typing import NamedTuple

from ..common.http import Json
from ..common.parse import as_decimal, as_integer, as_objects, as_text
from ..common.times import as_moment


class SensorId(NamedTuple):
    """What tells one sensor from all others."""

    client_cid: int
    sensor_mid: int

    def __str__(self) -> str:
        """Return the id as paths and people write it."""
        return f"{self.client_cid}.{self.sensor_mid}"


class SignalId(NamedTuple):
    """A signal of a sensor; `moid` is the number of the signal's type."""

    sensor: SensorId
    moid: int

    def __str__(self) -> str:
        """Return the id in one word."""
        return f"{self.sensor}.{self.moid}"


class Sample(NamedTuple):
    """A value of a signal: epoch seconds, value (`None`: deleted), and origin."""

    time: float
    value: float | None
    origin: int


class Samples:
    """Samples in the order of an answer, kept as columns of bare numbers.

    A hundred thousand objects would be in the way of the garbage collector, which
    stops everything while it looks at them.
    """

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        """Start with some samples."""
        self._times = array("d")
        self._values = array("d")
        self._origins = array("q")
        self.extend(samples)

    @classmethod
    def of_columns(
        cls, times: Iterable[float], values: Iterable[float], origins: Iterable[int]
    ) -> Samples:
        """Return samples of columns of the same length, none of them deleted."""
        samples = cls()
        samples._times = array("d", times)
        samples._values = array("d", values)
        samples._origins = array("q", origins)
        return samples

    def extend(self, samples: Iterable[Sample]) -> None:
        """Add samples at the end."""
        for time, value, origin in samples:
            self._times.append(time)
            self._values.append(nan if value is None else value)
            self._origins.append(origin)

    def span(self) -> tuple[float, float] | None:
        """Return the times of the oldest and of the newest sample, if there are any."""
        return (min(self._times), max(self._times)) if self._times else None

    def __len__(self) -> int:
        """Return how many samples there are, deleted ones included."""
        return len(self._times)

    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples in their order."""
        columns = zip(self._times, self._values, self._origins, strict=True)
        for time, value, origin in columns:
            yield Sample(time, None if isnan(value) else value, origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace; its root node is of the client `client_cid`."""

    number: int | None
    name: str | None = field(repr=False)
    description: str | None = field(repr=False)
    client_cid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A place that is measured; `type_name` says in words what kind of place."""

    id: SensorId
    name: str | None = field(repr=False)
    type_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalType:
    """What a kind of signal measures; `unit` is in the server's spelling."""

    moid: int
    symbol: str | None
    description: str | None
    unit: str | None
    is_incremental: bool | None
    obis: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """A signal while a meter is installed, and its register at both ends."""

    moid: int
    value_for_since: float | None
    value_for_till: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorState:
    """A span in which one meter is installed; `till` is `None` for the present one."""

    sensor: SensorId
    since: datetime | None
    till: datetime | None
    meter_eid: str | None = field(repr=False)
    meter_type: str | None
    signals: Sequence[SignalState]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalData:
    """Samples of a signal in the order of the answer; `unit` as the server says it."""

    unit: str | None
    samples: Samples = field(repr=False)


type Data = Mapping[SignalId, SignalData]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataQuery:
    """A question for a signal's samples in [since, till].

    The optional ones are the server's own: `delta_t` in minutes, `origin` as in
    `samples.Origin`. What `delta_t` and `raw` do to a register is undocumented, so that
    the backend itself never sends them.
    """

    signal: SignalId
    since: datetime
    till: datetime
    delta_t: int | None = None
    raw: bool | None = None
    output_unit_id: int | None = None
    origin: int | None = None


def read_sensors(answer: Json) -> list[Sensor]:
    """Return the sensors of an array."""
    rows = as_objects(answer)
    return [sensor for row in rows if (sensor := read_sensor(row)) is not None]


def _sensor_id(row: Mapping[str, Json]) -> SensorId | None:
    client, mid = as_integer(row.get("client_cid")), as_integer(row.get("sensor_mid"))
    return None if client is None or mid is None else SensorId(client, mid)


def read_sensor(row: Mapping[str, Json]) -> Sensor | None:
    """Return the sensor that a row is about; `None` where it does not say."""
    if (sensor := _sensor_id(row)) is None:
        return None
    return Sensor(
        id=sensor,
        name=as_text(row.get("name")),
        type_name=as_text(row.get("sensor_type_description"))
        or as_text(row.get("sensor_type_name")),
    )


def read_signal_type(row: Mapping[str, Json]) -> SignalType | None:
    """Return the type that a row describes; `None` where it does not say which."""
    if (moid := as_integer(row.get("signal_type_moid"))) is None:
        return None
    incremental = row.get("is_incremental")
    return SignalType(
        moid=moid,
        symbol=as_text(row.get("symbol")),
        description=as_text(row.get("description")),
        unit=as_text(row.get("unit_symbol")),
        is_incremental=incremental if isinstance(incremental, bool) else None,
        obis=as_text(row.get("obis_mapping")),
    )


def read_state(row: Mapping[str, Json]) -> SensorState | None:
    """Return the state that a row is; `None` where it does not say of which sensor."""
    if (sensor := _sensor_id(row)) is None:
        return None
    eid = row.get("meter_eid")
    return SensorState(
        sensor=sensor,
        since=_state_time(row.get("since")),
        till=_state_time(row.get("till")),
        # Published examples have a number here, too.
        meter_eid=str(eid) if isinstance(eid, int) and eid else as_text(eid),
        meter_type=as_text(row.get("meter_type_name")),
        signals=[*_signal_states(row.get("signal_states"))],
    )


def _signal_states(rows: Json) -> Iterator[SignalState]:
    for row in as_objects(rows):
        if (moid := as_integer(row.get("signal_type_moid"))) is not None:
            since, till = (
                as_decimal(row.get(name))
                for name in ("value_for_since", "value_for_till")
            )
            yield SignalState(
                moid=moid,
                value_for_since=None if since is None else float(since),
                value_for_till=None if till is None else float(till),
            )


def _state_time(value: Json) -> datetime | None:
    """Return a time that is in ms (2022) or an ISO text (2026)."""
    if (moment := as_moment(value)) is not None:
        return moment.astimezone(UTC)
    if (number := as_decimal(value)) is None:
        return None
    try:
        return datetime.fromtimestamp(float(number) / 1000, UTC)
    except OverflowError, ValueError, OSError:
        return None
