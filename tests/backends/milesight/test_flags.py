"""Yes/no things: which value is "on", in both directions."""

import pytest

from custom_components.metering_hub.backends.milesight.entity_rows import (
    EntityRow,
    parse_entity,
)
from custom_components.metering_hub.backends.milesight.flags import flag_of
from custom_components.metering_hub.backends.milesight.sources import Source
from custom_components.metering_hub.backends.milesight.values import (
    value_parser,
    wire_value,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity
from simulators.faults import Json


def entity(value_type: str, access: str = "R", **labels: str) -> EntityRow:
    """Return an entity; labels are by value, after an underscore."""
    row = parse_entity(
        {
            "entity_id": "1",
            "entity_key": "x.device.1.flag",
            "entity_type": "PROPERTY",
            "entity_value_type": value_type,
            "entity_access_mod": access,
            "entity_value_attribute": {
                "enum": {key.removeprefix("_"): label for key, label in labels.items()}
            },
        }
    )
    assert row is not None
    return row


def source(row: EntityRow, identifier: str) -> Source:
    """Return the source of a flag."""
    flag = flag_of(row, identifier)
    assert flag is not None
    point = Point(
        key="flag", device_key="device", quantity=flag.quantity, kind=Kind.FLAG
    )
    return Source(point=point, entity=row, identifier="flag", status_id=None, flag=flag)


@pytest.mark.parametrize(
    ("identifier", "row", "quantity", "on", "off"),
    [
        (
            "magnet_status",
            entity("LONG", _0="close", _1="open"),
            Quantity.DOOR,
            (1, "1", 1.0),
            (0, "0"),
        ),
        (
            "door_2",
            entity("STRING", A="Open", B="Closed"),
            Quantity.DOOR,
            ("A",),
            ("B",),
        ),
        (
            "tamper_status",
            entity("BOOLEAN", _0="installed", _1="uninstalled"),
            Quantity.TAMPER,
            (True, "true"),
            (False, "false"),
        ),
        (
            "calibration_result",
            entity("BOOLEAN", false="failed", true="success"),
            Quantity.PROBLEM,
            (False, "false"),
            (True,),
        ),
        (
            "valve_1_result",
            entity("BOOLEAN", false="success", true="failed"),
            Quantity.PROBLEM,
            (True,),
            (False,),
        ),
        (
            "status",
            entity("LONG", _0="ONLINE", _1="OFFLINE"),
            Quantity.CONNECTIVITY,
            (0,),
            (1,),
        ),
        (
            "mqtt.connected_status",
            entity("LONG", _0="Connect Failed", _1="Connect Success"),
            Quantity.CONNECTIVITY,
            (1,),
            (0,),
        ),
        ("smoke_status", entity("BOOLEAN"), Quantity.SMOKE, (True,), (False,)),
        (
            "vibration",
            entity("LONG", _0="normal", _1="triggered"),
            Quantity.VIBRATION,
            (1,),
            (0,),
        ),
    ],
)
def test_on_is_what_home_assistant_means(
    identifier: str,
    row: EntityRow,
    quantity: Quantity,
    on: tuple[Json, ...],
    off: tuple[Json, ...],
) -> None:
    found = source(row, identifier)
    assert found.point.quantity is quantity
    parse = value_parser(found)
    assert [parse(value) for value in on] == [True] * len(on)
    assert [parse(value) for value in off] == [False] * len(off)
    assert [parse(value) for value in (None, 7, "maybe", [])] == [None] * 4


@pytest.mark.parametrize(
    ("row", "on", "off"),
    [
        (entity("BOOLEAN", "RW", false="off", true="on"), True, False),
        (entity("BOOLEAN", "RW", _0="disable", _1="enable"), True, False),
        (entity("BOOLEAN", "RW", false="open", true="close"), False, True),
        (entity("LONG", "RW", _0="disable", _2="enable"), 2, 0),
        (entity("STRING", "RW", y="Yes", n="No"), "y", "n"),
    ],
)
def test_switch_writes_the_value_that_it_reads(
    row: EntityRow, on: Json, off: Json
) -> None:
    found = source(row, "setting")
    assert wire_value(found, True) == on
    assert wire_value(found, False) == off
    assert type(wire_value(found, True)) is type(on)
    parse = value_parser(found)
    assert (parse(on), parse(off)) == (True, False)


@pytest.mark.parametrize(
    ("row", "identifier"),
    [
        (entity("BOOLEAN", false="left", true="right"), "valve_1_direction"),
        (entity("BOOLEAN", _0="read error", _1="out of range"), "sensor_status"),
        (entity("LONG", _1="Alarm"), "device_alarm.status"),
        (entity("LONG", _0="closed", _1="open", _2="unknown"), "door"),
        (entity("LONG", "RW", _0="normal", _1="alarm"), "alarm"),
        (entity("STRING"), "door"),
    ],
)
def test_what_has_no_opposites_is_no_flag(row: EntityRow, identifier: str) -> None:
    assert flag_of(row, identifier) is None


@pytest.mark.parametrize(
    "identifier", ["sensor_enable.pir", "current_alarm.threshold_alarm_release"]
)
def test_setting_or_release_has_no_class(identifier: str) -> None:
    labels = {"false": "disable", "true": "enable"}
    if identifier.endswith("release"):
        labels = {"false": "no", "true": "yes"}
    flag = flag_of(entity("BOOLEAN", **labels), identifier)
    assert flag is not None
    assert flag.quantity is Quantity.OTHER
