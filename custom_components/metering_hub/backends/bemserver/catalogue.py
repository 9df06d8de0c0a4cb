"""The catalogue of a BEMServer: campaigns, places, series and their links."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..common.concurrency import gather_parts
from ..common.parse import as_number
from .client import BemserverClient
from .models import (
    PARENTS,
    Campaign,
    EnergyLink,
    NamedItem,
    Place,
    PlaceId,
    PlaceKind,
    PlaceLink,
    PropertyValue,
    Scope,
    Series,
    WeatherLink,
)

ENUMERATIONS_FOR = timedelta(days=1)
"""How long the enumerations are kept: they hardly ever change."""

PAGES_PER_READ = 6
"""Pages of long lists that are read again each time, not counting first pages."""

MAX_INTERVAL = timedelta(days=366)

ENERGY_PLACES = (PlaceKind.SITE, PlaceKind.BUILDING)
_INTERVAL = "interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumerations:
    """Names by id, in lower case."""

    energies: Mapping[int, str]
    end_uses: Mapping[int, str]
    technologies: Mapping[int, str]
    states: Mapping[int, str]
    properties: Mapping[int, str]
    categories: Mapping[int, str]

    @property
    def interval_property(self) -> int | None:
        """Return the id of the property that contains a series' interval."""
        for number, name in self.properties.items():
            if name == _INTERVAL:
                return number
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All that the user may see; `intervals` are set on the server, by series."""

    enumerations: Enumerations
    campaigns: Mapping[int, Campaign]
    scopes: Mapping[int, Scope]
    places: Mapping[PlaceId, Place]
    series: Mapping[int, Series]
    place_links: Sequence[PlaceLink] = ()
    energy_links: Sequence[EnergyLink] = ()
    weather_links: Sequence[WeatherLink] = ()
    intervals: Mapping[int, timedelta] = field(default_factory=dict)

    def campaign_of(self, place: PlaceId) -> int | None:
        """Return the id of the campaign that a place belongs to."""
        *_, top = self.ancestors(place)
        known = self.places.get(top)
        return (
            known.parent
            if known and top.kind in (PlaceKind.SITE, PlaceKind.ZONE)
            else None
        )

    def ancestors(self, place: PlaceId) -> list[PlaceId]:
        """Return the place itself, then the larger places that contain it."""
        found = [place]
        while (parent := self.parent(found[-1])) is not None:
            found.append(parent)
        return found

    def parent(self, place: PlaceId) -> PlaceId | None:
        """Return the next larger place; `None` if the place belongs to a campaign."""
        larger = PARENTS[place.kind]
        known = self.places.get(place)
        return PlaceId(larger, known.parent) if larger and known else None


class CatalogueReader:
    """Reads the catalogue."""

    def __init__(self, client: BemserverClient) -> None:
        """Initialize the reader."""
        self._client = client
        self._enumerations: tuple[datetime, Enumerations] | None = None
        self._visible_campaigns: Collection[int] = ()
        self._orphaned_scopes: Collection[int] = ()

    async def read(self, now: datetime) -> Catalogue:
        """Return the whole catalogue; raises BackendError.

        A part of it would look as if devices had been removed.
        """
        client = self._client
        client.start_round(PAGES_PER_READ)
        enumerations = await self._read_enumerations(now)
        campaigns = by_id(await client.campaigns())
        scopes = by_id(await client.scopes())
        self._visible_campaigns = [*campaigns]
        self._orphaned_scopes = [
            scope.id for scope in scopes.values() if scope.campaign_id not in campaigns
        ]
        series = await self._series()
        links = await self._place_links()
        energy = await self._energy_links()
        return Catalogue(
            enumerations=enumerations,
            campaigns=campaigns,
            scopes=scopes,
            places=await self._places({link.place.kind for link in links}),
            series=series,
            place_links=[link for link in links if link.series_id in series],
            energy_links=[link for link in energy if link.series_id in series],
            weather_links=[
                link
                for link in await client.weather_links()
                if link.series_id in series
            ],
            intervals=await self._intervals(enumerations),
        )

    async def visible_series(self) -> Collection[int]:
        """Return the ids of the series that are visible now; raises BackendError."""
        return (await self._series()).keys()

    async def _series(self) -> Mapping[int, Series]:
        """Return all series, by id, including those of invisible campaigns."""
        found: dict[int, Series] = {}
        for number in self._visible_campaigns:
            found |= by_id(await self._client.campaign_series(number))
        for number in self._orphaned_scopes:
            found |= by_id(await self._client.scope_series(number))
        return found

    async def _place_links(self) -> list[PlaceLink]:
        """Return the places of all series."""
        links: list[PlaceLink] = []
        for kind in PlaceKind:
            links += await self._client.place_links(kind)
        return links

    async def _energy_links(self) -> list[EnergyLink]:
        """Return the consumption and production of all sites and buildings."""
        links: list[EnergyLink] = []
        for kind in ENERGY_PLACES:
            links += await self._client.consumption_links(kind)
            links += await self._client.production_links(kind)
        return links

    async def _places(self, linked: Collection[PlaceKind]) -> Mapping[PlaceId, Place]:
        """Return all sites and buildings, and smaller places if series are linked."""
        kinds = {PlaceKind.SITE, PlaceKind.BUILDING, *linked}
        if PlaceKind.SPACE in kinds:
            kinds.add(PlaceKind.STOREY)
        found: dict[PlaceId, Place] = {}
        # Larger places come first, because `make_devices` needs parents first.
        for kind in (kind for kind in PlaceKind if kind in kinds):
            places = await self._client.places(kind)
            found |= {place.place: place for place in places}
        return found

    async def _intervals(self, enumerations: Enumerations) -> Mapping[int, timedelta]:
        """Return the intervals that are set on the server, by series."""
        number = enumerations.interval_property
        rows = await self._client.property_values(number) if number is not None else ()
        return {
            row.series_id: interval
            for row in rows
            if (interval := _parse_interval(row)) is not None
        }

    async def _read_enumerations(self, now: datetime) -> Enumerations:
        """Return the enumerations, which are read once a day."""
        if self._enumerations is None or now - self._enumerations[0] > ENUMERATIONS_FOR:
            client = self._client
            lists, failures = await gather_parts(
                {
                    "energies": client.energies(),
                    "end_uses": client.end_uses(),
                    "technologies": client.technologies(),
                    "states": client.data_states(),
                    "properties": client.properties(),
                    "categories": client.event_categories(),
                }
            )
            for failure in failures.values():
                raise failure
            self._enumerations = (
                now,
                Enumerations(**{k: _names(v) for k, v in lists.items()}),
            )
        return self._enumerations[1]


def by_id[Item: (Campaign, Scope, Series)](items: Iterable[Item]) -> dict[int, Item]:
    """Return items by id."""
    return {item.id: item for item in items}


def _names(items: Iterable[NamedItem]) -> dict[int, str]:
    """Return names by id, in lower case."""
    return {item.id: item.name.strip().lower() for item in items}


def _parse_interval(row: PropertyValue) -> timedelta | None:
    """Parse an interval in seconds, or return `None` if it makes no sense."""
    seconds = as_number(row.value)
    if seconds is None or not 0 < seconds <= MAX_INTERVAL.total_seconds():
        return None
    return timedelta(seconds=seconds)
