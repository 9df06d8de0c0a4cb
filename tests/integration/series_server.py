"""A fictitious server whose series have a kind that nobody knows at first.

Its backend finds out kinds as those of the real ones do: the key of a point tells the
kind, so it changes when the kind is found out, or when the user says it.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import override

from custom_components.metering_hub.backends.base import (
    Backend,
    BackendSpec,
    Capability,
    Field,
    FieldKind,
    HistoryChunk,
    Identity,
    Latest,
)
from custom_components.metering_hub.metering.inventory import Inventory, KindQuestion
from custom_components.metering_hub.metering.model import (
    Device,
    Kind,
    Point,
    Quantity,
    Reading,
    Role,
)
from custom_components.metering_hub.metering.point_settings import PointSettings
from homeassistant.util import dt as dt_util

HOUR = timedelta(hours=1)
SUFFIXES = {
    Kind.UNDECIDED: "",
    Kind.REGISTER: "_register",
    Kind.INTERVAL: "_amount",
    Kind.INSTANT: "_mean",
}


@dataclass
class SeriesServer:
    """The series by number, each with one value per hour since `start`.

    `kinds` is what their backend finds out, and `suggested` what it says instead where
    that is contradicted. With `has_kinds_in_keys`, a point of another kind has another
    key. With `is_silent`, the last week has no values. Only the last `kept` values can
    still be read, if that is not `None`.
    """

    start: datetime
    kinds: dict[int, Kind]
    suggested: dict[int, Kind] = field(default_factory=dict)
    unit: str | None = "kWh"
    has_kinds_in_keys: bool = True
    is_silent: bool = False
    kept: int | None = None

    def values(self) -> list[tuple[datetime, float]]:
        """Return the positions of a counter that advances by 2 an hour."""
        hours = int((dt_util.utcnow() - self.start) / HOUR)
        values = [(self.start + n * HOUR, 1000.0 + 2 * n) for n in range(hours + 1)]
        return values if self.kept is None else values[-self.kept :]


class SeriesBackend(Backend):
    """The backend of a server of series."""

    def __init__(self, server: SeriesServer) -> None:
        """Initialize the backend without settings."""
        self._server = server
        self._settings: Mapping[str, PointSettings] = {}

    @override
    def use_settings(self, settings: Mapping[str, PointSettings]) -> None:
        """Follow the kinds that the user said."""
        self._settings = settings

    @override
    async def connect(self) -> Identity:
        """Return the identity of the server."""
        return Identity(unique_id="series", version="1.0")

    def _chosen(self, number: int) -> Kind | None:
        """Return the kind that the user said, which is under any of the keys."""
        keys = (f"series_{number}{suffix}" for suffix in SUFFIXES.values())
        found = (self._settings[key].kind for key in keys if key in self._settings)
        return next(filter(None, found), None)

    @override
    async def inventory(self) -> Inventory:
        """Return the points of all series, and the questions about them."""
        points, questions = {}, {}
        for number, found in self._server.kinds.items():
            chosen = self._chosen(number)
            point = _point(number, chosen or found, self._server.unit)
            if not self._server.has_kinds_in_keys:
                point = replace(point, key=f"series_{number}", former_keys=())
            points[point.key] = point
            suggested = self._server.suggested.get(number)
            if chosen is None and (found is Kind.UNDECIDED or suggested):
                week = [] if self._server.is_silent else self._server.values()[-168:]
                questions[point.key] = KindQuestion(
                    kind=found, suggested=suggested, week=week
                )
        devices = {"site": Device(key="site", name="Site")}
        return Inventory(devices, points, questions=questions)

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the latest position, or the amount of today."""
        time, value = self._server.values()[-1]
        return Latest(
            readings={point.key: Reading(time=time, value=value) for point in points}
        )

    @override
    async def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all values in one chunk."""
        readings = [
            Reading(time=time, value=value)
            for time, value in self._server.values()
            if start <= time <= end
        ]
        yield HistoryChunk(readings={p.key: readings for p in points}, until=end)

    @override
    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return the time of the first value."""
        return self._server.values()[0][0]


def _point(number: int, kind: Kind, unit: str | None) -> Point:
    """Return the point of a series."""
    key = f"series_{number}{SUFFIXES[kind]}"
    keys = [f"series_{number}{suffix}" for suffix in SUFFIXES.values()]
    return Point(
        key=key,
        device_key="site",
        name=f"Series {number}",
        quantity=Quantity.ENERGY,
        kind=kind,
        unit=unit,
        role=Role.DEVICE,
        has_history=kind is not Kind.UNDECIDED,
        interval=HOUR if kind is Kind.INTERVAL else None,
        former_keys=tuple(each for each in keys if each != key),
    )


def spec_of(server: SeriesServer) -> BackendSpec:
    """Return the description of a server's backend."""
    return BackendSpec(
        key="series",
        name="Series",
        title="Series",
        fields=(Field(name="url", kind=FieldKind.URL, identifies=True),),
        make=lambda session, data, options: SeriesBackend(server),
        poll_interval=timedelta(minutes=5),
        capabilities=frozenset({Capability.HISTORY, Capability.KINDS}),
    )
