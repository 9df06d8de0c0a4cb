"""The blueprint that watches the power of the night."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.core import HomeAssistant

from .conftest import Automate
from .recorded import record_means

POWER = "sensor.electricity_meter_power"
ZONE = ZoneInfo("Europe/Amsterdam")
MORNING = datetime(2026, 11, 22, 7, 30, tzinfo=ZONE)
EVENING_AND_NIGHT = [900.0, 800, 300, 250, 260, 240, 290, 700, 800, 900]
"""Mean powers in W from 22:00 to 7:00 inclusive; the night is from 1:00 to 5:00."""


async def wake_up(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let it be the time of the message."""
    freezer.move_to(MORNING.replace(microsecond=500000))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


@pytest.fixture(autouse=True)
async def zone(hass: HomeAssistant) -> None:
    """Live in Amsterdam."""
    await hass.config.async_update(time_zone="Europe/Amsterdam")


@pytest.mark.parametrize("unit", ["W", "kW"])
@pytest.mark.parametrize(
    ("inputs", "quietest"),
    [
        ({"limit": 239}, 240),
        ({"limit": 240}, None),
        ({}, 240),
        ({"limit": 239, "end": "03:00:00"}, 250),
        ({"limit": 239, "begin": "22:00:00", "end": "01:00:00"}, 300),
    ],
)
async def test_the_quietest_hour_counts(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
    inputs: dict[str, object],
    quietest: int | None,
    unit: str,
) -> None:
    """It is told if it is above the limit, whatever the unit of the sensor is."""
    factor = 1000 if unit == "kW" else 1
    means = [watts / factor for watts in EVENING_AND_NIGHT]
    await record_means(hass, POWER, unit, MORNING.replace(hour=8), means)
    calls = await automate("standby_at_night", {"power": POWER, **inputs})
    await wake_up(hass, freezer)
    assert [told.data["message"] for told in calls] == expected(quietest)


def expected(quietest: int | None) -> Sequence[str]:
    """Return the messages for the power of a quietest hour."""
    if quietest is None:
        return []
    yearly = round(quietest * 8.76)
    return [
        (
            f"{POWER} was never below {quietest} W last night."
            f" That makes {yearly} kWh in a year."
        )
    ]


async def test_a_night_without_data_is_not_told(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, automate: Automate
) -> None:
    """The power of the evening before is not that of the night."""
    means = [900.0, 900.0]
    await record_means(hass, POWER, "W", MORNING.replace(hour=0), means)
    calls = await automate("standby_at_night", {"power": POWER})
    await wake_up(hass, freezer)
    assert not calls
