"""Sensor states: which meter was installed when, and its registers at both ends.

The keys are those of the vendor's texts of 2024; the example of 2022-08 has a number as
`meter_eid` and a supply-point id in the `info` of a signal's state.

Source: docs/wire/besmart.md, Sensor states.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

from orjson import dumps

from simulators.faults import Json, Row
from simulators.times import epoch

from .knobs import Knobs
from .sensors import Meter, Sensor
from .sources import is_register, meter_position


def sensor_states(
    knobs: Knobs, sensor: Sensor, now: int, moid: int | None = None
) -> Iterator[Row]:
    """Yield the states of a sensor, oldest first; with `moid`, of that signal only.

    Meters installed after `now` (seconds since 1970) are left out.
    """
    for index, meter in enumerate(sensor.meters):
        if index and epoch(meter.since) > now:
            return
        till = _end(sensor, index, now)
        number = sensor.sensor_mid * 100 + index
        yield {
            "sensor_state_id": number,
            "client_cid": sensor.client_cid,
            "sensor_mid": sensor.sensor_mid,
            "since": _time(knobs, epoch(meter.since)),
            "till": _time(knobs, till),
            "meter_eid": meter.eid,
            "info": _json({"METER_DEV": meter.eid, "MM_NAME": meter.type_name}),
            "meter_type_id": 1206095,
            "meter_type_name": meter.type_name,
            "meter_type_is_ami": True,
            "meter_type_is_dcu": False,
            "signal_states": [
                _signal_state(knobs, sensor, meter, signal, number, till)
                for signal in sensor.signals
                if moid in (None, signal)
            ],
        }


def _end(sensor: Sensor, index: int, now: int) -> int | None:
    """Return when a meter was removed, in seconds; None while it counts."""
    followers = sensor.meters[index + 1 :]
    end = epoch(followers[0].since) if followers else now + 1
    return end if end <= now else None


def _signal_state(
    knobs: Knobs,
    sensor: Sensor,
    meter: Meter,
    moid: int,
    number: int,
    till: int | None,
) -> Row:
    """Return the state of one signal of a meter."""

    def value(at: int | None) -> Json:
        """Return the position of a register at a time; None for other signals."""
        if at is None or not is_register(moid):
            return None
        raw = meter_position(sensor, meter, moid, at)
        return _VALUES[knobs.state_values](raw / knobs.types[moid].scale)

    return {
        "signal_state_id": number * 1000 + moid,
        "signal_type_moid": str(moid) if knobs.moids_as_text else moid,
        "value_for_since": value(epoch(meter.since)),
        "value_for_till": value(till),
        "info": _json(
            {
                "PPECODE": sensor.location.ppe,
                "METER_DEV": meter.eid,
                "TARIFF_NAME": "G11",
            }
        ),
    }


_VALUES: Mapping[Literal["number", "text", "null"], Callable[[float], Json]] = {
    "number": lambda number: number,
    "text": str,
    "null": lambda _: None,
}


def _time(knobs: Knobs, seconds: int | None) -> Json:
    """Return seconds since 1970 in the form that the knobs require."""
    if seconds is None:
        return None
    if knobs.state_times == "ms":
        return seconds * 1000
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _json(value: Row) -> str:
    """Return an object as JSON text."""
    return dumps(value).decode()
