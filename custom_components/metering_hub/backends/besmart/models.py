"""Typed answers of besmart.energy and their parsers; all times are aware UTC.

Source: docs/wire/besmart.md. Addresses, coordinates and supply-point numbers are
dropped here, so that no other module can expose them.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isnan, nan
from typing import NamedTuple

from ..common.http import Json
from ..common.parse import as_integer, as_number, as_objects, as_text
from ..common.times import as_utc_moment, from_epoch

type Rows = Sequence[Mapping[str, Json]]
"""The rows of a list."""


class SensorId(NamedTuple):
    """The two numbers that identify a sensor."""

    client_cid: int
    sensor_mid: int

    def __str__(self) -> str:
        """Return the id as it is written in paths, such as "263429.582029"."""
        return f"{self.client_cid}.{self.sensor_mid}"


class SignalId(NamedTuple):
    """A signal of a sensor; `moid` is the number of its type."""

    sensor: SensorId
    moid: int

    def __str__(self) -> str:
        """Return the id as a single text, such as "263429.582029.32"."""
        return f"{self.sensor}.{self.moid}"


def parse_sensor_id(text: str) -> SensorId | None:
    """Parse a text such as "263429.582029"; surrounding blanks are ignored."""
    client, dot, mid = text.strip().partition(".")
    if not (dot and _is_number(client) and _is_number(mid)):
        return None
    return SensorId(int(client), int(mid))


def parse_signal_id(text: str) -> SignalId | None:
    """Parse a text such as "263429.582029.32"."""
    sensor, _, moid = text.rpartition(".")
    sensor_id = parse_sensor_id(sensor)
    return SignalId(sensor_id, int(moid)) if sensor_id and _is_number(moid) else None


def _is_number(text: str) -> bool:
    """Return True if a text consists of a plausible count of ASCII digits."""
    return text.isascii() and text.isdecimal() and len(text) < 20


class Sample(NamedTuple):
    """A sample of a signal: epoch seconds, value (`None` if deleted) and origin."""

    time: float
    value: float | None
    origin: int


class Samples:
    """Samples in the order of an answer, stored as columns of plain numbers.

    Garbage collection visits every object, and a hundred thousand sample objects
    would block the event loop for too long.
    """

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        """Initialize the columns."""
        self._times = array("d")
        self._values = array("d")
        self._origins = array("q")
        self.extend(samples)

    @classmethod
    def of_columns(
        cls, times: Iterable[float], values: Iterable[float], origins: Iterable[int]
    ) -> Samples:
        """Return samples made from columns of equal length; none is deleted."""
        samples = cls()
        samples._times = array("d", times)
        samples._values = array("d", values)
        samples._origins = array("q", origins)
        return samples

    def extend(self, samples: Iterable[Sample]) -> None:
        """Append samples."""
        for time, value, origin in samples:
            self._times.append(time)
            self._values.append(nan if value is None else value)
            self._origins.append(origin)

    def span(self) -> tuple[float, float] | None:
        """Return the times of the oldest and the latest sample, in epoch seconds."""
        return (min(self._times), max(self._times)) if self._times else None

    def ends(self) -> tuple[float, float] | None:
        """Return the times of the first and the last sample of the answer."""
        return (self._times[0], self._times[-1]) if self._times else None

    def __len__(self) -> int:
        """Return the number of samples, including deleted ones."""
        return len(self._times)

    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples in the order of the answer."""
        columns = zip(self._times, self._values, self._origins, strict=True)
        for time, value, origin in columns:
            yield Sample(time, None if isnan(value) else value, origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A place where something is measured; `type_name` describes the kind of place."""

    id: SensorId
    name: str | None = field(repr=False)
    type_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalType:
    """A type of signal; `unit` is in the server's spelling."""

    moid: int
    symbol: str | None
    description: str | None
    unit: str | None
    is_incremental: bool | None
    obis: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """The register of a signal when a meter was installed and when it was removed."""

    moid: int
    value_for_since: float | None
    value_for_till: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorState:
    """A period in which a sensor had one and the same meter."""

    sensor: SensorId
    since: datetime | None
    meter_eid: str | None = field(repr=False)
    meter_type: str | None
    signals: Sequence[SignalState]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalData:
    """Samples of a signal in the order of the answer, with the server's unit."""

    unit: str | None
    samples: Samples = field(repr=False)


type Data = Mapping[SignalId, SignalData]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataQuery:
    """A request for the samples of a signal in [since, till].

    `is_short` means that few of them are expected, however long the span is.
    `delta_t` is in minutes, `origin` is one of the numbers in `signal_data`. What
    `delta_t`, `raw` and `output_unit_id` do to a register is undocumented, so they are
    for users who ask for them (`server_data`).
    """

    signal: SignalId
    since: datetime
    till: datetime
    is_short: bool = False
    delta_t: int | None = None
    raw: bool | None = None
    output_unit_id: int | None = None
    origin: int | None = None


def parse_workspace_clients(rows: Rows) -> list[int]:
    """Parse the client numbers from a list of workspaces."""
    return [cid for row in rows if (cid := as_integer(row.get("client_cid")))]


def parse_sensors(rows: Rows) -> list[Sensor]:
    """Parse a list of sensors; rows without an id are ignored."""
    return [sensor for row in rows if (sensor := parse_sensor(row)) is not None]


def parse_sensor(row: Mapping[str, Json]) -> Sensor | None:
    """Parse a sensor, or return None if it has no id."""
    if (sensor := _parse_row_sensor(row)) is None:
        return None
    return Sensor(
        id=sensor,
        name=as_text(row.get("name")),
        type_name=as_text(row.get("sensor_type_description"))
        or as_text(row.get("sensor_type_name")),
    )


def _parse_row_sensor(row: Mapping[str, Json]) -> SensorId | None:
    """Parse the id of the sensor that a row belongs to."""
    client, mid = as_integer(row.get("client_cid")), as_integer(row.get("sensor_mid"))
    return None if client is None or mid is None else SensorId(client, mid)


def parse_row_signal(row: Mapping[str, Json]) -> SignalId | None:
    """Parse the id of the signal that a row belongs to."""
    sensor, moid = _parse_row_sensor(row), as_integer(row.get("signal_type_moid"))
    return None if sensor is None or moid is None else SignalId(sensor, moid)


def parse_signal_types(rows: Rows) -> list[SignalType]:
    """Parse a list of signal types; rows without a number are ignored."""
    return [type_ for row in rows if (type_ := _parse_signal_type(row)) is not None]


def _parse_signal_type(row: Mapping[str, Json]) -> SignalType | None:
    """Parse a signal type, or return None if it has no number."""
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


def parse_sensor_states(rows: Rows) -> list[SensorState]:
    """Parse a list of states; rows without a sensor are ignored."""
    return [state for row in rows if (state := _parse_sensor_state(row)) is not None]


def _parse_sensor_state(row: Mapping[str, Json]) -> SensorState | None:
    """Parse a state, or return None if it has no sensor."""
    if (sensor := _parse_row_sensor(row)) is None:
        return None
    eid = row.get("meter_eid")
    return SensorState(
        sensor=sensor,
        since=_parse_state_time(row.get("since")),
        # Some published examples have a number here.
        meter_eid=str(eid) if isinstance(eid, int) and eid else as_text(eid),
        meter_type=as_text(row.get("meter_type_name")),
        signals=[*_parse_signal_states(row.get("signal_states"))],
    )


def _parse_signal_states(rows: Json) -> Iterator[SignalState]:
    """Yield the states of the signals of a sensor."""
    for row in as_objects(rows):
        if (moid := as_integer(row.get("signal_type_moid"))) is not None:
            yield SignalState(
                moid=moid,
                value_for_since=as_number(row.get("value_for_since")),
                value_for_till=as_number(row.get("value_for_till")),
            )


def _parse_state_time(value: Json) -> datetime | None:
    """Parse a time that is in milliseconds (2022) or an ISO 8601 text (2026)."""
    if (moment := as_utc_moment(value)) is not None:
        return moment
    number = as_number(value)
    return None if number is None else from_epoch(number / 1000)
