"""The content of a BEMServer database: campaigns, places, series, events, users.

Ids are those of the API. Times are aware UTC. The world may change while the simulator
runs: series are renamed, get another unit, lose their data or are deleted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .sources import Source

type Kind = Literal["site", "building", "storey", "space", "zone"]
KINDS: tuple[Kind, ...] = ("site", "building", "storey", "space", "zone")

RAW, CLEAN = "Raw", "Clean"
# Custom states may follow, so a client looks them up by name.
# Source: docs/wire/bemserver.md, Catalogue.
STATES = {1: RAW, 2: CLEAN}
BOTH_STATES = frozenset({RAW, CLEAN})

ENERGIES = (
    "all",
    "electricity",
    "natural gas",
    "propane gas",
    "heating oil",
    "wood log",
    "wood pellet",
    "wood chips",
    "heating network",
    "cooling network",
)
END_USES = ("all", "heating", "cooling", "ventilation", "lighting", "appliances")
TECHNOLOGIES = ("all", "PV panels", "wind turbines", "solar thermal collectors")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
CATEGORIES = ("Data missing", "Data present", "Data outliers", "No data outliers")


@dataclass(slots=True)
class Campaign:
    """A campaign; `timezone` is an IANA name."""

    id: int
    name: str
    timezone: str
    start_time: datetime | None = None
    end_time: datetime | None = None
    description: str | None = None


@dataclass(slots=True)
class Scope:
    """A part of a campaign to which groups of users get access."""

    id: int
    name: str
    campaign_id: int
    description: str | None = None


@dataclass(slots=True)
class Place:
    """A site, building, storey, space or zone.

    `parent` is the id of the next larger place, or of the campaign for a site or a
    zone. `area` in m² is the only property of a place that the simulator supports.
    """

    id: int
    name: str
    parent: int
    description: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    area: float | None = None


@dataclass(slots=True, eq=False)
class Series:
    """A time series; without a `source` it never has data.

    `interval` is the value of its property of that name, in seconds. Values before
    `since` are not stored.
    """

    id: int
    name: str
    unit: str
    campaign_id: int
    scope_id: int
    source: Source | None = field(default=None, repr=False)
    description: str | None = None
    states: frozenset[str] = BOTH_STATES
    interval: int | None = 900
    since: datetime | None = None

    @property
    def scale(self) -> int:
        """Return the number by which the integers of the source are divided."""
        return 1 if self.source is None else self.source.scale


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """A series that belongs to a place."""

    series_id: int
    kind: Kind
    place_id: int


@dataclass(frozen=True, slots=True)
class EnergyLink:
    """A series that is the consumption or production of a site or building.

    `detail_id` is the end use of a consumption, the technology of a production.
    """

    series_id: int
    kind: Kind
    place_id: int
    energy_id: int
    detail_id: int


@dataclass(frozen=True, slots=True)
class WeatherLink:
    """A series that is the weather of a site; `parameter` is the name of the enum."""

    series_id: int
    site_id: int
    parameter: str
    forecast: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """An event; `series` are the ids of the series it is about."""

    id: int
    timestamp: datetime
    level: str
    scope_id: int
    category_id: int
    description: str
    source: str = "BEMServer - Check missing data"
    series: tuple[int, ...] = ()


@dataclass(slots=True)
class Notification:
    """An event that a user was notified about."""

    id: int
    event_id: int
    user_id: int
    timestamp: datetime
    read: bool = False


@dataclass(slots=True)
class User:
    """A user who may log in; e-mail addresses are case-sensitive.

    Source: docs/wire/bemserver.md, Authentication.
    """

    id: int
    name: str
    email: str = field(repr=False)
    password: str = field(repr=False)
    is_admin: bool = False
    is_active: bool = True


@dataclass(slots=True)
class Group:
    """A group of users and the campaigns and scopes to which it has access.

    `campaigns` grants access to campaigns, sites and buildings, `scopes` to series,
    their links, events and data. Neither implies the other.
    """

    id: int
    name: str
    users: set[int] = field(default_factory=set)
    campaigns: set[int] = field(default_factory=set)
    scopes: set[int] = field(default_factory=set)


def _tables[T]() -> dict[Kind, dict[int, T]]:
    """Return an empty table for each kind of place."""
    return {kind: {} for kind in KINDS}


@dataclass(slots=True)
class World:
    """The whole database except for its points: tables, some by kind of place."""

    campaigns: dict[int, Campaign] = field(default_factory=dict)
    scopes: dict[int, Scope] = field(default_factory=dict)
    places: Mapping[Kind, dict[int, Place]] = field(default_factory=_tables)
    series: dict[int, Series] = field(default_factory=dict)
    place_links: Mapping[Kind, dict[int, PlaceLink]] = field(default_factory=_tables)
    consumption: Mapping[Kind, dict[int, EnergyLink]] = field(default_factory=_tables)
    production: Mapping[Kind, dict[int, EnergyLink]] = field(default_factory=_tables)
    weather: dict[int, WeatherLink] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    notifications: dict[int, Notification] = field(default_factory=dict)

    def named(self, name: str) -> Series:
        """Return the series with this name; raise KeyError if it is unknown."""
        for series in self.series.values():
            if series.name == name:
                return series
        raise KeyError(name)

    def delete_series(self, series_id: int) -> None:
        """Delete a series with its links, as the server does."""
        del self.series[series_id]
        for links in self.place_links.values():
            _forget(links, series_id)
        for energy in (*self.consumption.values(), *self.production.values()):
            _forget(energy, series_id)
        _forget(self.weather, series_id)

    def place(self, kind: Kind, place_id: int) -> Place:
        """Return a place; raise KeyError if it is unknown."""
        return self.places[kind][place_id]

    def ancestors(self, kind: Kind, place_id: int) -> Iterator[tuple[Kind, int]]:
        """Yield the place itself, then the larger ones that it is in."""
        while True:
            yield kind, place_id
            if kind in ("site", "zone"):
                return
            place_id = self.places[kind][place_id].parent
            kind = KINDS[KINDS.index(kind) - 1]

    def campaign_of(self, kind: Kind, place_id: int) -> int:
        """Return the id of the campaign that a place belongs to."""
        *_, (top, top_id) = self.ancestors(kind, place_id)
        return self.places[top][top_id].parent

    def series_at(self, kind: Kind, place_id: int, *, recurse: bool) -> set[int]:
        """Return the ids of the series of a place, or also of the places in it."""
        if not recurse:
            links = self.place_links[kind].values()
            return {link.series_id for link in links if link.place_id == place_id}
        return {
            link.series_id
            for table in self.place_links.values()
            for link in table.values()
            if (kind, place_id) in self.ancestors(link.kind, link.place_id)
        }


def put[T](rows: dict[int, T], values: Iterable[T]) -> None:
    """Append rows whose ids continue from the largest one."""
    rows.update(enumerate(values, max(rows, default=0) + 1))


def _forget[T: PlaceLink | EnergyLink | WeatherLink](
    links: dict[int, T], series_id: int
) -> None:
    """Remove the links of a series."""
    for number in [key for key in links if links[key].series_id == series_id]:
        del links[number]
