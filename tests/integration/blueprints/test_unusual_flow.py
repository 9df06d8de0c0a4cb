"""The blueprint that notices leaks and bursts of gas and water."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.core import HomeAssistant

from .conftest import Automate, Notified
from .recorded import HOUR, record_amounts

METER = "sensor.water_meter_meter_reading"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def hours_pass(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hours: int = 1
) -> None:
    """Let the automation look at the last hours, one after the other."""
    for number in range(hours):
        moment = NOW + number * HOUR + timedelta(minutes=1, milliseconds=500)
        freezer.move_to(moment)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()


@pytest.fixture(autouse=True)
async def just_before(freezer: FrozenDateTimeFactory) -> None:
    """Begin shortly before noon."""
    freezer.move_to(NOW - timedelta(seconds=30))


def told(calls: Notified) -> list[tuple[str, str]]:
    """Return the titles and texts of all notifications."""
    return [(call.data["title"], call.data["message"]) for call in calls]


LEAK = "There may be a leak"
BURST = "Unusual flow"


@pytest.mark.parametrize(
    ("amounts", "title"),
    [
        ([0.0, 0.002, 0.002, 0.002], LEAK),
        ([0.0, 0.002, 0.002], None),
        ([0.002, 0.0, 0.002, 0.002], None),
        # It was told an hour ago.
        ([0.0, 0.002, 0.002, 0.002, 0.002], None),
        ([0.0, *(6 * [0.002])], LEAK),
        # Less than what counts as a flow.
        ([0.0, 0.002, 0.002, 0.0005], None),
        ([0.0, 0.1, 1.4], BURST),
        # It has begun before.
        ([0.0, 1.4, 1.4], None),
        ([0.0, 0.0, 1.0], None),
        ([0.0, 0.0, 0.0], None),
    ],
)
async def test_leaks_and_bursts(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
    amounts: Sequence[float],
    title: str | None,
) -> None:
    """Each is told when it begins."""
    await record_amounts(hass, METER, "m³", NOW, amounts)
    calls = await automate("unusual_flow", {"meter": METER, "hours": 3})
    await hours_pass(hass, freezer)
    assert [each for each, _ in told(calls)] == ([title] if title else [])


async def test_litres_are_cubic_metres(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, automate: Automate
) -> None:
    await record_amounts(hass, METER, "L", NOW, [0, 5, 1400])
    calls = await automate("unusual_flow", {"meter": METER})
    await hours_pass(hass, freezer)
    assert told(calls) == [(BURST, f"{METER}: 1.4 m³ in the last hour.")]


async def test_gas_that_is_counted_as_energy_keeps_its_unit(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, automate: Automate
) -> None:
    hass.states.async_set(METER, "9", {"unit_of_measurement": "kWh"})
    await record_amounts(hass, METER, "kWh", NOW, [0, 5, 5])
    calls = await automate("unusual_flow", {"meter": METER, "hours": 2, "most": 20})
    await hours_pass(hass, freezer)
    ((title, message),) = told(calls)
    assert title == LEAK
    assert message.endswith("in each of the last 2 hours, 5.0 kWh in the last one.")


async def test_what_is_not_wanted_is_not_told(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, automate: Automate
) -> None:
    await record_amounts(hass, METER, "m³", NOW, [0, 2, 4])
    calls = await automate("unusual_flow", {"meter": METER, "hours": 0, "most": 0})
    await hours_pass(hass, freezer)
    assert not calls


async def test_old_hours_are_no_news(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, automate: Automate
) -> None:
    """A sensor that has stopped is not leaking."""
    await record_amounts(hass, METER, "m³", NOW - 3 * HOUR, [0, 0.1, 2])
    calls = await automate("unusual_flow", {"meter": METER, "hours": 2})
    await hours_pass(hass, freezer, 2)
    assert not calls


async def test_a_leak_that_goes_on_is_not_told_each_hour(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, automate: Automate
) -> None:
    """It is told after as many hours again, and rests when nobody has reacted."""
    await record_amounts(hass, METER, "m³", NOW + 9 * HOUR, 33 * [0.1])
    calls = await automate("unusual_flow", {"meter": METER, "hours": 3})
    await hours_pass(hass, freezer, 10)
    assert not calls
