"""What a run of the importer did, and what it could not do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..backends.errors import BackendError, forget_frames

SHOWN = 3
"""How many points a text names."""


@dataclass(slots=True)
class Outcome:
    """The rows written by statistic id, and the points that were not imported.

    `failed` maps the points that could not be read, while others could, to the error.
    `without_readings` are the keys of points of which the server has no reading, and
    `complete` those of which all readings were read. `converted` are the keys of points
    whose rows were converted, because the server reports another unit.
    """

    written: dict[str, int] = field(default_factory=dict)
    failed: dict[str, BackendError] = field(default_factory=dict)
    without_readings: set[str] = field(default_factory=set)
    complete: set[str] = field(default_factory=set)
    converted: set[str] = field(default_factory=set)

    @property
    def rows(self) -> int:
        """Return the number of rows written."""
        return sum(self.written.values())

    def add_written(self, statistic_id: str, rows: int) -> None:
        """Count rows that were written; a second pass adds to those of the first."""
        self.written[statistic_id] = self.written.get(statistic_id, 0) + rows

    def fail(self, errors: Mapping[str, BackendError]) -> None:
        """Add the errors of points."""
        for error in errors.values():
            forget_frames(error)
        self.failed |= errors

    def failed_names(self, names: Mapping[str, str]) -> str:
        """Return the names of the failed points; long lists are cut."""
        return join_some([names.get(key, key) for key in sorted(self.failed)])

    def describe_failures(
        self, names: Mapping[str, str], describe: Callable[[BackendError], str]
    ) -> str:
        """Return what happened, after the names of the points; long lists are cut."""
        points: dict[str, list[str]] = {}
        for key, error in sorted(self.failed.items()):
            points.setdefault(describe(error), []).append(names.get(key, key))
        return " ".join(f"{join_some(found)}: {text}" for text, found in points.items())


def join_some(texts: Sequence[str]) -> str:
    """Return the first texts as one, and how many more there are."""
    left = len(texts) - SHOWN
    return "; ".join(texts[:SHOWN]) + (f"; + {left}" if left > 0 else "")
