"""Simulated servers that are as large as a case needs, and no larger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Population:
    """How many meters a simulated server needs for so many sensors with numbers.

    `option` is that of the number of meters, which may be devices or series.
    """

    option: str
    per_point: float
    spare: int
    others: Sequence[str]

    def of(self, meters: int) -> Sequence[str]:
        """Return the options for so many meters."""
        return [self.option, str(meters), *self.others]

    def with_points(self, points: int) -> Sequence[str]:
        """Return the options for at least so many sensors with numbers."""
        return self.of(ceil(points * self.per_point) + self.spare)


POPULATIONS: Mapping[str, Population] = {
    "milesight": Population("--devices", 0.212, 3, ["--no-push"]),
    "bemserver": Population("--series", 1.25, 75, ["--years", "0.1"]),
    "besmart": Population("--meters", 0.109, 1, ["--years", "0.1"]),
}


def with_points(backend: str, points: int) -> Sequence[str]:
    """Return the options of a server; a DSMR-reader is always of one size."""
    if (population := POPULATIONS.get(backend)) is None:
        return ["--years", "0.1"]
    return population.with_points(points)
