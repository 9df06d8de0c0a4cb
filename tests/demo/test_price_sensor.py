"""The template of the demo's price sensor says what its statistics say."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
import yaml

from demo.price_sensor import CONFIGURATION, price_at
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = [START + timedelta(hours=number) for number in range(24 * 40)]


@pytest.mark.parametrize("late", [timedelta(), timedelta(minutes=59, seconds=59)])
async def test_the_sensor_shows_the_price_of_the_hour(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, late: timedelta
) -> None:
    """Also in the hours in which it is unavailable."""
    (sensor,) = yaml.safe_load(CONFIGURATION)["template"][0]["sensor"]
    availability = Template(sensor["availability"], hass)
    state = Template(sensor["state"], hass)
    for hour in HOURS:
        freezer.move_to(hour + late)
        is_known = availability.async_render()
        assert (state.async_render() if is_known else None) == price_at(hour)


def test_prices_are_negative_at_times_and_missing_at_others() -> None:
    """Otherwise the demo would not show what happens then."""
    prices = [price_at(hour) for hour in HOURS]
    assert 0 < prices.count(None) < 10
    assert any(price is not None and price < 0 for price in prices)
