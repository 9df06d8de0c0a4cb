"""The size of the simulated server that a case needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Population:
    """The relation between a simulator's meters and the numeric sensors.

    `option` sets the number of meters, which may be devices or time series.
    """

    option: str
    per_point: float
    spare: int
    others: Sequence[str]

    def of(self, meters: int) -> Sequence[str]:
        """Return the options for a number of meters."""
        return [self.option, str(meters), *self.others]

    def with_points(self, points: int) -> Sequence[str]:
        """Return the options for at least a number of numeric sensors."""
        return self.of(ceil(points * self.per_point) + self.spare)


POPULATIONS: Mapping[str, Population] = {
    "milesight": Population("--devices", 0.22, 3, ["--no-push"]),
    "bemserver": Population("--series", 1.25, 75, ["--years", "0.1"]),
    "besmart": Population("--meters", 0.109, 1, ["--years", "0.1"]),
}


def with_points(backend: str, points: int) -> Sequence[str]:
    """Return the options of a server; the size of DSMR-reader is fixed."""
    if (population := POPULATIONS.get(backend)) is None:
        return ["--years", "0.1"]
    return population.with_points(points)
