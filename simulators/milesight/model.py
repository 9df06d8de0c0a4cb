"""Devices and entities: what they are called, and when they have reported."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from simulators.faults import Json
from simulators.timeline import Grid, Run, Timeline
from simulators.times import epoch

from .sources import Site
from .templates import Access, EntityType, Model, Template, ValueType

type Status = Literal["ONLINE", "OFFLINE"]

_FOR_EVER = 1 << 40


@dataclass(frozen=True, slots=True)
class Gap:
    """A half-open span (aware times) without reports.

    `end` None lasts; from `healed_at` on the reports are there after all (late).
    """

    start: datetime
    end: datetime | None = None
    healed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """What is told instead of the true value, for reports in [start, end).

    `value` is the JSON itself (None: no value), or makes it from the true value.
    """

    value: Json | Callable[[Json], Json]
    start: datetime | None = None
    end: datetime | None = None

    def covers(self, when: int) -> bool:
        """Tell whether a report at `when` is meant."""
        return (self.start is None or epoch(self.start) <= when) and (
            self.end is None or when < epoch(self.end)
        )


@dataclass(eq=False, slots=True)
class Device:
    """A device; times are seconds since 1970-01-01 UTC.

    `status` None is what the reports say; "" is a status that is not known.
    `reported` has reports out of turn, such as one after a switch.
    """

    id: str
    key: str
    identifier: str
    name: str
    model: Model
    site: Site
    created: int
    updated: int
    grid: Grid
    additional: Mapping[str, Json] = field(repr=False)
    entities: list[Entity] = field(default_factory=list, repr=False)
    gaps: list[Gap] = field(default_factory=list)
    reported: list[int] = field(default_factory=list)
    status: Status | Literal[""] | None = None

    def reports(self, start: int, now: int, written: Sequence[int] = ()) -> Timeline:
        """Return the instants of the reports in [start, now] that are known by now.

        `written` are instants that one entity has besides.
        """
        extras = [*self.reported, *written]
        return joined(self.grid, start, now, self._missing(now), extras)

    def last_report(self, now: int) -> int | None:
        """Return when the device last reported, as known at `now`."""
        found = self.reports(self.created, now)
        return found[-1] if len(found) else None

    def _missing(self, now: int) -> list[tuple[int, int]]:
        return sorted(
            (
                epoch(gap.start),
                _FOR_EVER if gap.end is None else epoch(gap.end),
            )
            for gap in self.gaps
            if gap.healed_at is None or now < epoch(gap.healed_at)
        )


def joined(
    grid: Grid,
    start: int,
    end: int,
    gaps: list[tuple[int, int]],
    extras: list[int],
) -> Timeline:
    """Return the instants of a grid in [start, end] but no gap, and some extra ones."""
    return Timeline(_runs(grid, start, end, gaps, extras))


def _runs(
    grid: Grid,
    start: int,
    end: int,
    gaps: list[tuple[int, int]],
    extras: list[int],
) -> Iterator[Run]:
    for extra in sorted(set(extras)):
        lost = any(low <= extra < high for low, high in gaps)
        if start <= extra <= end and not lost:
            yield from map(grid.run, grid.spans(start, extra - 1, gaps))
            yield Run(extra, 1, (0,), 1)
            start = extra + 1
    yield from map(grid.run, grid.spans(start, end, gaps))


@dataclass(eq=False, slots=True)
class Entity:
    """An entity; name, attribute, type and access may change while it exists.

    `scale` is what the true value is multiplied with after a change of unit.
    """

    id: str
    key: str
    name: str
    template: Template
    integration: str
    created: int
    updated: int
    site: Site = field(repr=False)
    device: Device | None = field(repr=False)
    attribute: dict[str, Json]
    value_type: ValueType
    access: Access | None
    parent: Entity | None = field(default=None, repr=False)
    children: list[Entity] = field(default_factory=list, repr=False)
    scale: float | None = None

    @property
    def kind(self) -> EntityType:
        """Return PROPERTY, SERVICE or EVENT."""
        return self.template.kind

    @property
    def identifier(self) -> str:
        """Return the part of the key after the device's or integration's."""
        return self.template.key

    @property
    def writable(self) -> bool:
        """Tell whether it is a property that can be written."""
        return self.kind == "PROPERTY" and self.access in ("W", "RW")
