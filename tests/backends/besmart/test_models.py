"""Ids of sensors and signals."""

import pytest

from custom_components.metering_hub.backends.besmart.models import (
    SensorId,
    SignalId,
    parse_sensor_id,
    parse_signal_id,
)


def test_ids_are_parsed_from_their_text() -> None:
    signal = SignalId(SensorId(263429, 582029), 32)
    assert parse_sensor_id(str(signal.sensor)) == signal.sensor
    assert parse_signal_id(str(signal)) == signal


@pytest.mark.parametrize("text", ["", "1", "1.2", "1.2.", "1.2.x", "1.2.3.4", "a.b.3"])
def test_other_texts_are_not_signals(text: str) -> None:
    assert parse_signal_id(text) is None
