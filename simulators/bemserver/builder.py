"""Helpers for building the parts of the campus."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from simulators.times import DAY, epoch

from .meters import Counter
from .model import END_USES, ENERGIES, EnergyLink, Kind, PlaceLink, Series, World, put
from .profiles import BOILER, NIGHT_LIGHT, OFFICE, STEADY, TAPS
from .sources import Amounts, Flow, Source

ZONE = "Europe/Paris"
ELECTRICITY, THERMAL, WEATHER, PRIVATE, MONTREAL, HIDDEN = range(1, 7)
# Thousandths of a building's electricity in winter and in summer.
USE_SHARES = {
    "heating": (170, 10),
    "cooling": (20, 230),
    "ventilation": (150, 170),
    "lighting": (210, 150),
    "appliances": (230, 240),
}
type Where = tuple[tuple[Kind, int], ...]
"""The places that a series belongs to."""


@dataclass
class Builder:
    """Adds series, links and meters to the world."""

    world: World
    now: datetime
    start: datetime
    seed: int
    electricity: list[Flow] = field(default_factory=list)
    gas: list[Flow] = field(default_factory=list)

    def add(
        self,
        number: int,
        name: str,
        unit: str,
        source: Source | None,
        scope: int = ELECTRICITY,
        *,
        at: Iterable[tuple[Kind, int]] = (),
        campaign: int = 1,
        description: str | None = None,
    ) -> Series:
        """Add a series and link it to places."""
        interval = None if source is None else source.step
        series = Series(
            number, name, unit, campaign, scope, source, description, interval=interval
        )
        self.world.series[number] = series
        for kind, place in at:
            put(self.world.place_links[kind], [PlaceLink(number, kind, place)])
        return series

    def consumes(
        self, series: Series, kind: Kind, place: int, energy: str, use: str
    ) -> None:
        """Make a series the consumption of a place."""
        ids = ENERGIES.index(energy) + 1, END_USES.index(use) + 1
        put(self.world.consumption[kind], [EnergyLink(series.id, kind, place, *ids)])

    def flow(self, number: int, mean: int, profile: str) -> Flow:
        """Return an amount per quarter, randomized by the seed of the campus."""
        profiles = {
            "office": OFFICE,
            "boiler": BOILER,
            "taps": TAPS,
            "night": NIGHT_LIGHT,
            "steady": STEADY,
        }
        return Flow(self.seed * 1000 + number, profiles[profile], mean, ZONE)

    def counter(
        self, of: Amounts, initial: int, times: int = 1, by: int = 1
    ) -> Counter:
        """Return a meter that started to count when the history started."""
        return Counter(of, epoch(self.start) // DAY, initial, times, by)
