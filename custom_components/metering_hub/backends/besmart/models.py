"""Typed answers of besmart.energy and their parsers; all times are aware UTC.

Source: docs/wire/besmart.md. Addresses, coordinates and supply-point numbers are
dropped here, so that no other module can expose them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ..common.http import Json
from ..common.parse import as_integer, as_number, as_objects, as_text
from ..common.times import as_utc_moment, from_epoch
from .samples import Samples

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A place where something is measured; `type_name` describes the kind of place."""

    id: SensorId
    name: str | None = field(repr=False)
    type_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A group of sensors: all those of one client."""

    client_cid: int
    name: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalType:
    """A type of signal; `unit` is in the server's spelling.

    `group` is the kind of supply that it belongs to, such as "Energetyka".
    """

    moid: int
    symbol: str | None
    description: str | None
    unit: str | None
    is_incremental: bool | None
    obis: str | None
    group: str | None = None


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


def parse_workspaces(rows: Rows) -> list[Workspace]:
    """Parse a list of workspaces; those without a client are ignored."""
    return [
        Workspace(client_cid=client, name=as_text(row.get("name")))
        for row in rows
        if (client := as_integer(row.get("client_cid")))
    ]


def parse_sensors(rows: Rows) -> list[Sensor]:
    """Parse a list of sensors; rows without an id are ignored."""
    return [sensor for row in rows if (sensor := parse_sensor(row)) is not None]


def parse_numbered_sensors(rows: Rows, number: str) -> list[Sensor]:
    """Parse those sensors of a list that have this external or supply-point number."""
    return parse_sensors(
        [row for row in rows if number in (row.get("sensor_eid"), row.get("ppe"))]
    )


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
    moid = as_integer(row.get("signal_type_moid"))
    if moid is None or (sensor := _parse_row_sensor(row)) is None:
        return None
    return SignalId(sensor, moid)


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
        group=as_text(row.get("group")),
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
