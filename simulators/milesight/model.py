"""Devices and entities: their names, and when they have reported."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from simulators.faults import Json, Row
from simulators.timeline import Grid, Run, Timeline
from simulators.times import epoch

from .sources import Site
from .templates import Access, EntityType, Model, Template, ValueType

type Status = Literal["ONLINE", "OFFLINE"]

_FOR_EVER = 1 << 40


@dataclass(frozen=True, slots=True)
class Gap:
    """A half-open span (aware times) without reports.

    `end` None does not end; from `healed_at` on, the missing reports have arrived late.
    """

    start: datetime
    end: datetime | None = None
    healed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A value that replaces the true one in reports of [start, end).

    `value` is the JSON itself (None: no value), or makes it from the true value.
    """

    value: Json | Callable[[Json], Json]
    start: datetime | None = None
    end: datetime | None = None

    def covers(self, when: int) -> bool:
        """Return True if a report at `when` is affected."""
        return (self.start is None or epoch(self.start) <= when) and (
            self.end is None or when < epoch(self.end)
        )


@dataclass(frozen=True, slots=True)
class ExtraRow:
    """A stored value besides those of the reports, which is never the latest value.

    `millis` is its time (epoch ms), `arrived` when it was stored (epoch seconds), and
    `number` tells the rows apart that arrived in the same second.
    """

    millis: int
    value: Json
    arrived: int
    number: int = 1
    value_type: ValueType | None = None


@dataclass(eq=False, slots=True)
class Device:
    """A device; times are seconds since 1970-01-01 UTC.

    `status` None follows the reports; "" is an unknown status. `reported` lists extra
    reports, such as one after a switch. `group` is the name of the group that it is in,
    and `captured` is the row of a real server.
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
    group: str | None = None
    captured: Row | None = field(default=None, repr=False)

    def reports(self, start: int, now: int, written: Sequence[int] = ()) -> Timeline:
        """Return the instants of the reports in [start, now] that have arrived by now.

        `written` are additional instants of one entity.
        """
        extras = [*self.reported, *written]
        return report_times(self.grid, start, now, self._missing(now), extras)

    def last_report(self, now: int) -> int | None:
        """Return when the device last reported, as known at `now`."""
        found = self.reports(self.created, now)
        return found[-1] if len(found) else None

    def _missing(self, now: int) -> list[tuple[int, int]]:
        """Return the spans whose reports have not arrived at `now`."""
        return sorted(
            (
                epoch(gap.start),
                _FOR_EVER if gap.end is None else epoch(gap.end),
            )
            for gap in self.gaps
            if gap.healed_at is None or now < epoch(gap.healed_at)
        )


def report_times(
    grid: Grid,
    start: int,
    end: int,
    gaps: list[tuple[int, int]],
    extras: list[int],
) -> Timeline:
    """Return the instants of a grid in [start, end] without gaps, and extra ones."""
    return Timeline(_runs(grid, start, end, gaps, extras))


def _runs(
    grid: Grid,
    start: int,
    end: int,
    gaps: list[tuple[int, int]],
    extras: list[int],
) -> Iterator[Run]:
    """Yield the runs of the grid between the extra instants."""
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

    `scale` is the factor of the true value after a change of unit. `store_mode` is
    which values are kept: ALL, HISTORY, LATEST or NONE. `extra` are single stored
    values, and `captured` is the row of a real server.
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
    store_mode: str = "ALL"
    extra: list[ExtraRow] = field(default_factory=list, repr=False)
    captured: Row | None = field(default=None, repr=False)

    @property
    def kind(self) -> EntityType:
        """Return PROPERTY, SERVICE or EVENT."""
        return self.template.kind

    @property
    def identifier(self) -> str:
        """Return the part of the key after the device's or integration's."""
        return self.template.key

    @property
    def is_writable(self) -> bool:
        """Return True if it is a property that can be written."""
        return self.kind == "PROPERTY" and self.access in ("W", "RW")
