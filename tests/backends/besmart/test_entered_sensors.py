"""Sensors that the user enters by the number on a bill or a meter."""

import logging

import pytest

from custom_components.metering_hub.backends.besmart.entered_sensors import (
    EnteredSensor,
    can_be_number,
    parse_entered_sensor,
)
from custom_components.metering_hub.backends.besmart.models import SensorId

from .conftest import HOUSE, HOUSE_KEY, HOUSE_TEXT, Bench, key

EXTERNAL, SUPPLY_POINT, METER = "48003752B205900001", "PL0000000000000001", "135620"


@pytest.mark.parametrize(
    ("edition", "number", "absent"),
    [
        pytest.param("2021", EXTERNAL, (), id="external"),
        pytest.param("2021", EXTERNAL, ("external",), id="external, in the list"),
        pytest.param("2021", f" {SUPPLY_POINT} ", (), id="supply point"),
        pytest.param("2021", METER, (), id="meter, 2021"),
        pytest.param("2026", METER, (), id="meter, 2026"),
    ],
)
async def test_a_number_is_looked_up_and_stored_with_its_sensor(
    bench: Bench,
    number: str,
    absent: tuple[str, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is looked up once, and is in no path and no log."""
    bench.simulator.absent |= dict.fromkeys(absent, 404)
    bench.options["sensors"] = [number]
    with caplog.at_level(logging.DEBUG, "custom_components"):
        backend = bench.backend()
        assert await backend.check_setup() == {}
        stored = backend.checked_setup()
        assert stored == {"sensors": [f"{number.strip()} ({HOUSE_TEXT})"]}
        bench.options["sensors"] = [*map(str, stored["sensors"])]  # type: ignore[arg-type]  # A list.
        bench.asked()
        backend = bench.backend()
        assert await backend.check_setup() == {}
        found = await backend.inventory()
    assert key(32) in found.points
    assert found.devices[HOUSE_KEY].name == bench.house.name
    assert not bench.count("/api/sensors/external")
    assert number.strip() not in caplog.text
    assert number.strip() not in str(backend.remember())
    assert number.strip() not in "".join(
        r.path for r in bench.simulator.faults.requests
    )


@pytest.mark.parametrize("edition", ["2021", "2026"])
async def test_a_number_that_nobody_has(bench: Bench) -> None:
    """The error is shown in the form."""
    bench.options["sensors"] = ["PL9999"]
    assert await bench.backend().check_setup() == {"sensors": "unknown_sensor"}


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_number_of_several_sensors_names_none(bench: Bench) -> None:
    """Nobody can say which one is meant."""
    twin = bench.house.__class__(
        7, "Zwilling", (32,), bench.house.house, location=bench.house.location
    )
    bench.simulator.sensors.append(twin)
    bench.options["sensors"] = [SUPPLY_POINT]
    assert await bench.backend().check_setup() == {"sensors": "unknown_sensor"}


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_name_by_its_number(bench: Bench) -> None:
    """An edition without lists of names still names a sensor with a number."""
    bench.simulator.absent |= {"workspaces": 404, "find": 404}
    bench.options["sensors"] = [f"{EXTERNAL} ({HOUSE_TEXT})"]
    found = await bench.backend().inventory()
    assert found.devices[HOUSE_KEY].name == bench.house.name


@pytest.mark.parametrize(
    ("text", "sensor"),
    [
        (HOUSE_TEXT, EnteredSensor(HOUSE)),
        (f"PL 01/2 (x) ({HOUSE_TEXT})", EnteredSensor(HOUSE, "PL 01/2 (x)")),
        ("1 (2.3)", EnteredSensor(SensorId(2, 3), "1")),
        ("1 (2)", None),
        ("PL0001", None),
        ("(1.2)", None),
    ],
)
def test_stored_texts(text: str, sensor: EnteredSensor | None) -> None:
    """What is stored is read as it was written."""
    assert parse_entered_sensor(text) == sensor
    if sensor is not None:
        assert str(sensor) == text


@pytest.mark.parametrize(
    ("text", "is_possible"),
    [
        ("PL0000000000000001", True),
        ("0135-WŻ/7", True),
        ("582031", True),
        ("263429.", False),
        ("263429.582029.32", False),
        ("263429,582029", False),
        ("-1.5", False),
        ("", False),
        ("abc", False),
        ("1" * 65, False),
    ],
)
def test_what_can_be_a_number(text: str, is_possible: bool) -> None:
    """A mistyped id is an error of its own."""
    assert can_be_number(text) is is_possible
