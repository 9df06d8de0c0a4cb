"""Keys and names of points."""

from dataclasses import replace

from custom_components.metering_hub.backends.besmart.models import SensorId, SignalId
from custom_components.metering_hub.backends.besmart.points import (
    Learned,
    make_point,
    sensor_of,
    signal_of,
)
from custom_components.metering_hub.metering.point_settings import PointSettings

from .conftest import UNKNOWN_TYPE, signal_point

SENSOR = SensorId(1, 2)


def test_names_of_a_device_differ() -> None:
    used_names: set[str] = set()
    names = [
        make_point(
            SignalId(SENSOR, moid),
            type_,
            Learned(),
            PointSettings(),
            used_names=used_names,
        ).name
        for moid, type_ in (
            (451, UNKNOWN_TYPE),
            (452, replace(UNKNOWN_TYPE, moid=452)),
            (453, replace(UNKNOWN_TYPE, moid=453, description=None)),
            (454, None),
        )
    ]
    assert names == ["Coś nowego", "Coś nowego (452)", "X", "Signal 454"]


def test_keys_lead_back_to_their_signals() -> None:
    found = signal_point(32)
    assert found.key == "sensor_1_2_signal_32"
    assert signal_of(found) == SignalId(SENSOR, 32)
    assert sensor_of(found) == SENSOR
    delay = replace(found, key="sensor_1_2_data_delay")
    assert signal_of(delay) is None
    assert sensor_of(delay) == SENSOR
