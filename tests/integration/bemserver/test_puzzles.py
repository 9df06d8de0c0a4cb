"""Series that are easily misjudged: what they show, and what is imported."""

from collections.abc import Mapping

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.bemserver import BemserverSimulator
from simulators.bemserver.puzzles import Puzzle, Puzzling, add_puzzles

from ..conftest import NOW, set_up
from ..test_history import imported
from .conftest import EVERYTHING
from .test_sensors import state_of

COUNTERS = [
    Puzzle.FALSE_ZERO,
    Puzzle.LOWER,
    Puzzle.EXCHANGED,
    Puzzle.STOOD_AND_EXCHANGED,
    Puzzle.RESTARTS,
]
UNDECIDED = [puzzle for puzzle in Puzzle if puzzle not in COUNTERS]
AMOUNTS = [puzzle for puzzle in UNDECIDED if puzzle is not Puzzle.STANDS]
FIRST_ID = 501
"""The first one; the others follow in the order of the puzzles."""

CHOSEN = {
    f"timeseries_{FIRST_ID + index}": {"kind": "interval"}
    for index, puzzle in enumerate(Puzzle)
    if puzzle in AMOUNTS
}


@pytest.fixture
def wants_history() -> bool:
    """Import the history."""
    return True


@pytest.fixture
def options() -> dict[str, object]:
    """Choose all devices."""
    return EVERYTHING


@pytest.fixture
def simulator() -> BemserverSimulator:
    """Return a campus without its own series, and with 120 days of history."""
    simulator = BemserverSimulator(1, 120 / 365.25, clock=dt_util.utcnow)
    for number in [*simulator.world.series]:
        simulator.world.delete_series(number)
    return simulator


@pytest.fixture
def puzzles(simulator: BemserverSimulator) -> Mapping[Puzzle, Puzzling]:
    """Return the puzzling series that are on the server."""
    return add_puzzles(simulator)


async def test_counters_remain_counters(
    hass: HomeAssistant,
    puzzles: Mapping[Puzzle, Puzzling],
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
) -> None:
    """They show their position, and their total is what they have counted."""
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    for puzzle in COUNTERS:
        series = puzzles[puzzle]
        key = f"{series.key}_register"
        position = simulator.position(series.number, NOW)
        assert float(state_of(hass, entry, key).state) == position, puzzle
        assert statistics[key][-1]["sum"] == pytest.approx(series.total), puzzle
    assert statistics.keys() == {f"{puzzles[each].key}_register" for each in COUNTERS}


async def test_undecided_series_show_their_last_value(
    hass: HomeAssistant,
    puzzles: Mapping[Puzzle, Puzzling],
    entry: MockConfigEntry,
    simulator: BemserverSimulator,
) -> None:
    """Nothing is counted and nothing imported before the user has answered."""
    await set_up(hass, entry)
    for puzzle in UNDECIDED:
        if puzzle is Puzzle.RISING_MONTHS:
            # Its last value is too old to be shown.
            continue
        state = state_of(hass, entry, puzzles[puzzle].key)
        last = simulator.position(puzzles[puzzle].number, NOW)
        assert float(state.state) == last, puzzle
        assert "state_class" not in state.attributes


@pytest.mark.parametrize("options", [{**EVERYTHING, "points": CHOSEN}])
async def test_the_user_says_that_they_are_amounts(
    hass: HomeAssistant,
    puzzles: Mapping[Puzzle, Puzzling],
    entry: MockConfigEntry,
) -> None:
    """The total is the sum of all amounts."""
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    for puzzle in AMOUNTS:
        rows = statistics[f"{puzzles[puzzle].key}_amount"]
        assert rows[-1]["sum"] == pytest.approx(puzzles[puzzle].total), puzzle
