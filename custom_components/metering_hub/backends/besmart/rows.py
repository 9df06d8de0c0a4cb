"""Rows of the lists that besmart.energy answers: sensors, types of signals, states.

Any field may be missing, null, or of another type than the published one; a row without
the numbers that identify it is left out. Source: ../shared/wire/besmart.md, "Signal
types" and "Sensors / workspaces".
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from ..http import Json
from ..parse import as_decimal, as_integer, as_moment, as_objects, as_text
from .answers import Sensor, SensorId, SensorState, SignalState, SignalType


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
