"""What changes on a besmart within 30 days is in Home Assistant within a day."""

from datetime import timedelta
from functools import partial

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.history import comparison
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.besmart import (
    HOUSE_MID,
    BesmartSimulator,
    Late,
    Removal,
    Revision,
    default_sensors,
)

from ..conftest import NOW, Tick, set_up
from ..test_history import imported
from .test_history import DELIVERED, HOUR, start_of, wants_history

__all__ = ["wants_history"]

START = NOW.replace(hour=0, minute=0) - timedelta(days=40)
OLD = NOW.replace(hour=18, minute=0) - timedelta(days=25)
QUARTER = 900.0
approx = partial(pytest.approx, abs=1e-6)


@pytest.fixture(autouse=True)
async def _warsaw(hass: HomeAssistant) -> None:
    """Let the night be that of the meters."""
    await hass.config.async_update(time_zone="Europe/Warsaw")


@pytest.fixture
def simulator() -> BesmartSimulator:
    """Return a simulated besmart with 40 days of a few signals."""
    found = BesmartSimulator(
        clock=dt_util.utcnow,
        sensors=default_sensors(7, START),
        delay=timedelta(minutes=15),
    )
    found.sensor(HOUSE_MID).signals = (32, 34)
    return found


def data_requests(simulator: BesmartSimulator) -> int:
    """Return the number of requests for the data of signals since the last call."""
    number = sum(
        request.path.endswith(("/data", "/data/v2"))
        for request in simulator.faults.requests
    )
    simulator.faults.clear_requests()
    return number


@pytest.mark.parametrize("event", ["late", "revised", "removed"])
async def test_old_changes_are_imported(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
    event: str,
) -> None:
    """By the next morning, each hour is what the meter shows now.

    Fewer readings of a measured hour are no news, so what was recorded of it stays.
    """
    then, span = NOW + 9 * HOUR, (OLD, OLD + 3 * HOUR)
    house = simulator.sensor(HOUSE_MID)
    if event == "late":
        simulator.events = [Late(*span, arrives=then, mid=HOUSE_MID)]
    elif event == "revised":
        change = Revision(*span, mid=HOUSE_MID, moid=32, offset=-150, at=then)
        simulator.events = [change]
    await set_up(hass, entry)
    before = await imported(hass, entry)
    if event == "removed":
        simulator.events = [Removal(OLD, OLD + HOUR, mid=HOUSE_MID)]
    await tick(13 * 3600)
    for _ in range(24):
        await tick(QUARTER)
    rows = (await imported(hass, entry))[DELIVERED]
    known = {row["start"]: row["change"] for row in before[DELIVERED]}
    is_changed = any(row["change"] != known.get(row["start"]) for row in rows[:-80])
    assert is_changed == (event != "removed")
    for row in rows:
        hour = start_of(row)
        if OLD - HOUR <= hour < OLD + 4 * HOUR and event != "removed":
            used = simulator.amount(house, 32, hour, hour + HOUR) / 1000
            assert row["change"] == approx(used), hour
    total = simulator.amount(house, 32, OLD - 3 * HOUR, OLD + 9 * HOUR) / 1000
    sums = {start_of(row): row["sum"] or 0.0 for row in rows}
    assert sums[OLD + 8 * HOUR] - sums[OLD - 4 * HOUR] == approx(total)


async def test_the_night_has_few_requests_at_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BesmartSimulator,
    monkeypatch: pytest.MonkeyPatch,
    tick: Tick,
) -> None:
    """Each import of the night reads a part of the signals again, and once."""
    monkeypatch.setattr(comparison, "FEWEST_POINTS", 1)
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    await tick(12 * 3600)
    data_requests(simulator)
    asked = []
    for _ in range(16):
        await tick(QUARTER)
        asked.append(data_requests(simulator))
    quiet = min(asked)
    more = [number - quiet for number in asked]
    assert max(more) <= 4, asked
    assert sum(more) >= len(rows), asked
