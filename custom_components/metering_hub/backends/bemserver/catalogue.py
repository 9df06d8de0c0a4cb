"""The whole catalogue of a BEMServer: what there is to show, read in few requests."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..common.concurrency import gather_parts
from ..common.parse import as_decimal
from .client import BemserverClient
from .models import (
    PARENTS,
    Campaign,
    EnergyLink,
    Named,
    Place,
    PlaceId,
    PlaceKind,
    PlaceLink,
    Property,
    Scope,
    Series,
    WeatherLink,
)

ENUMERATIONS_FOR = timedelta(days=1)
"""How long energies, end uses, states... are kept without asking: they never change."""

PAGES_AT_ONCE = 6
"""Pages of long lists that are asked for again in an hour, besides first pages."""

MAX_INTERVAL = timedelta(days=366)

ENERGY_PLACES = (PlaceKind.SITE, PlaceKind.BUILDING)
_INTERVAL = "interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumerations:
    """What the numbers in links mean; names are in lower case."""

    energies: Mapping[int, str]
    end_uses: Mapping[int, str]
    technologies: Mapping[int, str]
    states: Mapping[int, str]
    properties: Mapping[int, str]
    categories: Mapping[int, str]

    @property
    def interval_property(self) -> int | None:
        """Return the number of the property that holds a series' interval."""
        for number, name in self.properties.items():
            if name == _INTERVAL:
                return number
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What a user may see. `intervals` are those that the server knows, per series."""

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
        """Return the number of the campaign that a place belongs to."""
        *_, top = self.ancestors(place)
        known = self.places.get(top)
        return (
            known.parent
            if known and top.kind in (PlaceKind.SITE, PlaceKind.ZONE)
            else None
        )

    def ancestors(self, place: PlaceId) -> list[PlaceId]:
        """Return the place itself, then the larger ones that it is in."""
        found = [place]
        while (parent := self.parent(found[-1])) is not None:
            found.append(parent)
        return found

    def parent(self, place: PlaceId) -> PlaceId | None:
        """Return the next larger place; `None` for what belongs to a campaign."""
        larger = PARENTS[place.kind]
        known = self.places.get(place)
        return PlaceId(larger, known.parent) if larger and known else None


class CatalogueReader:
    """Reads the catalogue, and again what may have changed."""

    def __init__(self, client: BemserverClient) -> None:
        """Start knowing nothing."""
        self._client = client
        self._enumerations: tuple[datetime, Enumerations] | None = None
        self._groups: tuple[Collection[int], Collection[int]] = ((), ())

    async def read(self, now: datetime) -> Catalogue:
        """Return the catalogue as it is now; raises BackendError.

        The whole of it or nothing: half a catalogue would look as if things had gone.
        """
        client = self._client
        client.pages.budget = PAGES_AT_ONCE
        enumerations = await self._known_enumerations(now)
        campaigns = by_id(await client.campaigns())
        scopes = by_id(await client.scopes())
        hidden = [s.id for s in scopes.values() if s.campaign_id not in campaigns]
        self._groups = list(campaigns), hidden
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
                link for link in await client.weather() if link.series_id in series
            ],
            intervals=await self._intervals(enumerations),
        )

    async def visible_series(self) -> Collection[int]:
        """Return the ids of the series that may be seen now; raises BackendError."""
        return (await self._series()).keys()

    async def _series(self) -> Mapping[int, Series]:
        """Return all series, by campaign, or by scope where the campaign is hidden."""
        campaigns, hidden = self._groups
        found: dict[int, Series] = {}
        for number in campaigns:
            found |= by_id(await self._client.series(number))
        for number in hidden:
            found |= by_id(await self._client.series_of_scope(number))
        return found

    async def _place_links(self) -> list[PlaceLink]:
        links: list[PlaceLink] = []
        for kind in PlaceKind:
            links += await self._client.place_links(kind)
        return links

    async def _energy_links(self) -> list[EnergyLink]:
        links: list[EnergyLink] = []
        for kind in ENERGY_PLACES:
            links += await self._client.consumption(kind)
            links += await self._client.production(kind)
        return links

    async def _places(self, linked: Collection[PlaceKind]) -> Mapping[PlaceId, Place]:
        """Return all sites and buildings; of the smaller places what is needed."""
        kinds = {PlaceKind.SITE, PlaceKind.BUILDING, *linked}
        if PlaceKind.SPACE in kinds:
            kinds.add(PlaceKind.STOREY)
        found: dict[PlaceId, Place] = {}
        # The larger ones come first, so that parents are known before their parts.
        for kind in (kind for kind in PlaceKind if kind in kinds):
            places = await self._client.places(kind)
            found |= {place.place: place for place in places}
        return found

    async def _intervals(self, enumerations: Enumerations) -> Mapping[int, timedelta]:
        number = enumerations.interval_property
        rows = await self._client.property_values(number) if number is not None else ()
        return {
            row.series_id: interval
            for row in rows
            if (interval := _interval(row)) is not None
        }

    async def _known_enumerations(self, now: datetime) -> Enumerations:
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
    """Return items by their number."""
    return {item.id: item for item in items}


def _names(items: Iterable[Named]) -> dict[int, str]:
    return {item.id: item.name.strip().lower() for item in items}


def _interval(row: Property) -> timedelta | None:
    """Read an interval in seconds; none and endless ones are no interval."""
    seconds = as_decimal(row.value)
    if seconds is None or not 0 < seconds <= MAX_INTERVAL.total_seconds():
        return None
    return timedelta(seconds=float(seconds))
