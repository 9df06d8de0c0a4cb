"""Series whose data states differ, and one that has an amount a month.

Source: docs/wire/bemserver.md, Semantics.
"""

from datetime import UTC, datetime, timedelta

from simulators.times import DAY

from .knobs import Knobs
from .model import CLEAN, END_USES, ENERGIES, RAW, EnergyLink, Series, put
from .store import Gap

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)
MONTH_DAYS = 30


def clean_during(
    knobs: Knobs, series: int, start: datetime = LONG_AGO, end: datetime = FAR_AHEAD
) -> None:
    """Let a series have Clean values in [start, end) only; Raw ones stay."""
    numbers = frozenset({series})
    knobs.gaps.append(Gap(LONG_AGO, start, numbers, CLEAN))
    knobs.gaps.append(Gap(end, FAR_AHEAD, numbers, CLEAN))


def monthly(knobs: Knobs, number: int = 49, values: int = 4) -> None:
    """Add a series of site 1 that has an amount each 30 days, in both states."""
    world = knobs.world
    item = Series(number, "Oil of a month", "kWh", 1, 1, interval=MONTH_DAYS * DAY)
    world.series[number] = item
    energy, use = ENERGIES.index("heating oil") + 1, END_USES.index("all") + 1
    put(world.consumption["site"], [EnergyLink(number, "site", 1, energy, use)])
    length = timedelta(days=MONTH_DAYS)
    last = (knobs.clock() - timedelta(days=20)).replace(minute=0, second=0)
    points = {last - n * length: 100.0 + n for n in range(values)}
    for state in (RAW, CLEAN):
        knobs.store.post(item, state, points)
