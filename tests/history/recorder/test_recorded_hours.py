"""Finding out which hours are recorded, in a real recorder."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.history.maths.standing import runs_of
from custom_components.metering_hub.history.recorder.recorded_hours import (
    Extent,
    recorded_extents,
    recorded_runs,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant

from ..test_repricing import POINT, SCOPE, START, USED, write

HOUR = timedelta(hours=1)
KEPT = [row for hour, row in enumerate(USED) if hour not in (10, 11, 40, 42)]


@pytest.fixture(autouse=True)
async def _recorder(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """Run a recorder with a register that lacks some hours."""
    await write(hass, SCOPE.statistic(POINT), KEPT)


@pytest.mark.parametrize("first", [0, 5, 11, 12, 41, 99, 100])
async def test_runs_of_recorded_hours(hass: HomeAssistant, first: int) -> None:
    """The database finds the same runs as a look at all rows."""
    begin = START + first * HOUR
    statistic_id = SCOPE.statistic(POINT).statistic_id
    expected = runs_of([row for row in KEPT if row.start >= begin])
    assert await recorded_runs(hass, statistic_id, begin) == expected


async def test_runs_of_all_hours(hass: HomeAssistant) -> None:
    """Without a beginning, all hours of that statistic count."""
    found = await recorded_runs(hass, SCOPE.statistic(POINT).statistic_id, None)
    assert found == runs_of(KEPT)
    assert await recorded_runs(hass, "metering_hub:test_other", None) == []


async def test_extents(hass: HomeAssistant) -> None:
    """Only statistics that have rows have an extent."""
    statistic_id = SCOPE.statistic(POINT).statistic_id
    found = await recorded_extents(hass, [statistic_id, "metering_hub:test_other"])
    assert found == {statistic_id: Extent(len(KEPT), KEPT[0].start, KEPT[-1].start)}
