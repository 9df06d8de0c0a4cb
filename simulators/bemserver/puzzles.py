"""Series whose values do not show at first sight whether they are positions.

They are read from real installations: counters with a false reading, exchanged,
restarted every night or at rest, and amounts of which there are few so far.

Source: docs/wire/bemserver.md, Semantics.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from simulators.times import DAY, QUARTER, epoch

from .meters import ChangedCounter, Counter, Exchanged, position_of
from .model import BOTH_STATES, RAW, Series
from .profiles import OFFICE, TAPS, offset
from .simulator import BemserverSimulator
from .sources import Flow, Panels, Source, day

ZONE = "Europe/Paris"
CAMPAIGN, SCOPE = 1, 1
HOUR = timedelta(hours=1)
DAYS = timedelta(days=1)
FIRST_ID = 501


class Puzzle(StrEnum):
    """What is puzzling about a series."""

    FALSE_ZERO = "false zero"
    LOWER = "one lower reading"
    EXCHANGED = "exchanged"
    STOOD_AND_EXCHANGED = "stood, and was exchanged"
    RESTARTS = "restarts every midnight"
    STANDS = "stands still"
    FIRST_DAY = "solar yield since yesterday evening"
    EIGHT_HOURS = "solar yield of eight hours"
    RISING_DAYS = "rising daily"
    RISING_MONTHS = "rising monthly"


@dataclass(frozen=True, slots=True)
class Puzzling:
    """A puzzling series, and the total that is right for its whole history."""

    number: int
    total: float

    @property
    def key(self) -> str:
        """Return the key of its point while its kind is undecided."""
        return f"timeseries_{self.number}"


@dataclass(frozen=True, eq=False)
class Restarting(ChangedCounter):
    """A counter that begins at 0 again every midnight of a time zone."""

    zone: str

    def build(self, number: int) -> tuple[int, ...]:
        """Return the positions of a day since the last midnight."""
        shift, start = offset(self.zone, number), number * DAY
        per_day = DAY // QUARTER
        return tuple(
            value - position_of(self.of, start + (q - (q + shift) % per_day) * QUARTER)
            for q, value in enumerate(day(self.of, number))
        )


@dataclass(frozen=True, eq=False)
class Stopped(ChangedCounter):
    """A counter that counts nothing from `at` on."""

    at: int

    def build(self, number: int) -> tuple[int, ...]:
        """Return the positions of a day, at most the last one."""
        last = position_of(self.of, self.at)
        return tuple(min(value, last) for value in day(self.of, number))


def add_puzzles(simulator: BemserverSimulator) -> Mapping[Puzzle, Puzzling]:
    """Add the puzzling series to the first campaign, and return them."""
    now, first = simulator.clock(), epoch(simulator.store.start) // DAY
    power = Counter(Flow(501, OFFICE, 140_000, ZONE), first, 2_652_000_000)
    gas = Counter(Flow(502, TAPS, 90_000, ZONE), first, 77_000_000, 1, 10)
    solar = Panels(503, 4)
    exchanged = Exchanged(power, _moment(now, days=3), 0)
    gone = Exchanged(gas, _moment(now, days=100), 0)
    sources: Mapping[Puzzle, tuple[str, Source]] = {
        Puzzle.FALSE_ZERO: ("kWh", power),
        Puzzle.LOWER: ("kWh", replace(power, initial=53_000_000)),
        Puzzle.EXCHANGED: ("kWh", exchanged),
        Puzzle.STOOD_AND_EXCHANGED: ("m³", Stopped(gone, _moment(now, days=10))),
        Puzzle.RESTARTS: ("kWh", Restarting(power, ZONE)),
        Puzzle.STANDS: ("kWh", Stopped(power, first * DAY)),
        Puzzle.FIRST_DAY: ("kWh", solar),
        Puzzle.EIGHT_HOURS: ("kWh", solar),
    }
    added = {
        puzzle: _add(simulator, number, puzzle, *source)
        for number, (puzzle, source) in enumerate(sources.items(), FIRST_ID)
    }
    added[Puzzle.FIRST_DAY].since = now - 13 * HOUR
    added[Puzzle.EIGHT_HOURS].since = now - 8 * HOUR
    found = {
        puzzle: Puzzling(series.id, _total(simulator, puzzle, series))
        for puzzle, series in added.items()
    }
    found |= _rising_amounts(simulator, FIRST_ID + len(found))
    _soil(simulator, added)
    return found


def _moment(now: datetime, *, days: int) -> int:
    """Return the quarter of an hour so many days ago."""
    return epoch(now) // QUARTER * QUARTER - days * DAY


def _add(
    simulator: BemserverSimulator,
    number: int,
    puzzle: Puzzle,
    unit: str,
    source: Source | None,
) -> Series:
    """Add a series without links and properties."""
    name = f"Puzzle {number - FIRST_ID + 1}: {puzzle}"
    series = Series(number, name, unit, CAMPAIGN, SCOPE, source, interval=None)
    simulator.world.series[number] = series
    return series


def _total(simulator: BemserverSimulator, puzzle: Puzzle, series: Series) -> float:
    """Return the sum of amounts, or of all advances of a counter."""
    start, now = simulator.store.start, simulator.clock()
    if puzzle in {Puzzle.FIRST_DAY, Puzzle.EIGHT_HOURS}:
        return simulator.amount(series, series.since or start, now)
    chunks = simulator.store.chunks(series, RAW, (epoch(start), epoch(now) + 1), now)
    values = [value for _, some in chunks for value in some]
    return sum(max(0, b - a) for a, b in pairwise(values)) / series.scale


def _rising_amounts(
    simulator: BemserverSimulator, number: int
) -> dict[Puzzle, Puzzling]:
    """Add daily and monthly amounts that happen to rise from each to the next."""
    midnight = simulator.clock().replace(hour=0, minute=0, second=0, microsecond=0)
    days = [94.0, 110.0, 121.0, 140.0, 152.0, 168.0, 180.0, 195.0]
    months = [4.0, 20.0, 33.0, 60.0, 71.0, 92.0, 106.0]
    found: dict[Puzzle, Puzzling] = {}
    for puzzle, amounts, gap in (
        (Puzzle.RISING_DAYS, days, 1),
        (Puzzle.RISING_MONTHS, months, 15),
    ):
        series = _add(simulator, number, puzzle, "kWh", None)
        points = {
            midnight - (len(amounts) - index) * gap * DAYS: amount
            for index, amount in enumerate(amounts)
        }
        _post(simulator, series, points)
        found[puzzle] = Puzzling(number, sum(amounts))
        number += 1
    return found


def _soil(simulator: BemserverSimulator, added: Mapping[Puzzle, Series]) -> None:
    """Replace single readings by false ones."""
    at = simulator.clock().replace(minute=0, second=0, microsecond=0) - 2 * DAYS
    before = simulator.position(added[Puzzle.LOWER], at - timedelta(minutes=15))
    if before is None:
        raise ValueError("The history is too short for false readings")
    _post(simulator, added[Puzzle.FALSE_ZERO], {at: 0.0})
    _post(simulator, added[Puzzle.LOWER], {at: before - 0.1})


def _post(
    simulator: BemserverSimulator, series: Series, points: Mapping[datetime, float]
) -> None:
    """Store values in both states of the data."""
    states: Iterable[str] = BOTH_STATES
    for state in states:
        simulator.store.correct(series, state, points)
