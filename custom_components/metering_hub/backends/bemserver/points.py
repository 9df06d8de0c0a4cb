"""Which devices and points a BEMServer's catalogue makes.

A series' key says what kind it is (`timeseries_13_register`), so that one whose kind
changes is another statistic: positions and amounts must never be mixed up in one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from ...metering.model import Device, Kind, Point, Quantity
from .catalogue import Catalogue
from .energy_links import GASES, Linked, linked_series
from .models import PlaceId, PlaceKind, PlaceLink, Series
from .units import Family, canonical_unit, family_of, measured_quantity, volume_quantity

ENABLED_PER_DEVICE = 100
"""How many series of a device are shown unasked, besides energy and weather."""

TRUSTED = timedelta(days=2)
"""How long a value stands at least. Many servers are fed once a day, so that less would
hide what is there; whether data are late has a sensor of its own."""

HOUR = timedelta(hours=1)

_SPECIFIC = (
    PlaceKind.SPACE,
    PlaceKind.STOREY,
    PlaceKind.ZONE,
    PlaceKind.BUILDING,
    PlaceKind.SITE,
)
_KEY_ENDS = {Kind.REGISTER: "_register", Kind.INTERVAL: "_amount"}
_WEATHER: Mapping[str, tuple[Quantity, Kind]] = {
    "RELATIVE_HUMIDITY": (Quantity.HUMIDITY, Kind.INSTANT),
    "WIND_SPEED": (Quantity.WIND_SPEED, Kind.INSTANT),
    "WIND_DIRECTION": (Quantity.WIND_DIRECTION, Kind.INSTANT),
    "SURFACE_PRESSURE": (Quantity.ATMOSPHERIC_PRESSURE, Kind.INSTANT),
    "TOTAL_PRECIPITATION": (Quantity.PRECIPITATION, Kind.INTERVAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """A series as a point; `campaign_id` decides when its days begin."""

    point: Point
    series_id: int
    campaign_id: int


def undecided_series(catalogue: Catalogue) -> Mapping[int, Series]:
    """Return the series that may be a meter's positions or amounts per interval.

    Nothing in the catalogue tells. What is linked as energy is an amount.
    """
    linked = {link.series_id for link in catalogue.energy_links}
    weather = {link.series_id for link in catalogue.weather_links}
    return {
        number: series
        for number, series in catalogue.series.items()
        if number not in linked
        and number not in weather
        and family_of(canonical_unit(series.unit)) is not Family.OTHER
    }


def place_key(place: PlaceId) -> str:
    """Return the key of a place's device."""
    return f"{place.kind}_{place.id}"


def campaign_key(campaign_id: int) -> str:
    """Return the key of a campaign's device."""
    return f"campaign_{campaign_id}"


def make_devices(catalogue: Catalogue, url: str) -> dict[str, Device]:
    """Return campaigns, sites and buildings, and the smaller places with series."""
    devices = {
        campaign_key(campaign.id): Device(
            key=campaign_key(campaign.id),
            name=campaign.name,
            model="Campaign",
            manufacturer="BEMServer",
            configuration_url=url,
        )
        for campaign in catalogue.campaigns.values()
    }
    for scope in catalogue.scopes.values():
        # The campaign itself is not for this user's eyes; its scope has a name.
        key = campaign_key(scope.campaign_id)
        devices.setdefault(key, Device(key=key, name=scope.name, model="Campaign"))
    for series in catalogue.series.values():
        # Every series needs a place to stand, whatever else is invisible.
        key = campaign_key(series.campaign_id)
        if key not in devices:
            name = f"Campaign {series.campaign_id}"
            devices[key] = Device(key=key, name=name, model="Campaign")
    with_series = {link.place for link in catalogue.place_links}
    for place in catalogue.places.values():
        is_large = place.place.kind in (PlaceKind.SITE, PlaceKind.BUILDING)
        if is_large or place.place in with_series:
            key = place_key(place.place)
            devices[key] = Device(
                key=key,
                name=place.name,
                model=place.place.kind.capitalize(),
                parent=_parent_key(catalogue, place.place, devices),
            )
    return devices


def _parent_key(
    catalogue: Catalogue, place: PlaceId, devices: Mapping[str, Device]
) -> str | None:
    """Return the device of the next larger place that has one, or of the campaign."""
    for larger in catalogue.ancestors(place)[1:]:
        if (key := place_key(larger)) in devices:
            return key
    campaign = catalogue.campaign_of(place)
    key = campaign_key(campaign or 0)
    return key if key in devices else None


class SeriesPoints:
    """Makes points of series.

    `kinds` are those of the series that `undecided_series` names; one that has none is
    no point yet, and one whose kind is only `guessed` has no history: positions that
    were summed up as amounts would stay. `intervals` is what is known of how often a
    series has a value.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        devices: Mapping[str, Device],
        kinds: Mapping[int, Kind],
        guessed: Collection[int],
        intervals: Mapping[int, timedelta],
    ) -> None:
        """Look up what is said of each series."""
        self._catalogue = catalogue
        self._devices = devices
        self._kinds = kinds
        self._guessed = guessed
        self._unknown = undecided_series(catalogue).keys() - kinds.keys()
        self._intervals = intervals
        self._linked = linked_series(catalogue)
        self._weather = {link.series_id: link for link in catalogue.weather_links}
        self._places = _most_specific(catalogue.place_links)

    def make(self) -> Iterator[SeriesPoint]:
        """Yield a point for every series, by name within a device."""
        shown: Counter[str] = Counter()
        for series in sorted(self._catalogue.series.values(), key=_by_name):
            if series.id in self._unknown:
                continue
            device = self.device_key(series)
            weather = self._weather.get(series.id)
            is_wanted = series.id in self._linked or (weather and not weather.forecast)
            if not is_wanted and not (weather and weather.forecast):
                shown[device] += 1
                is_wanted = shown[device] <= ENABLED_PER_DEVICE
            yield SeriesPoint(
                point=self._point(series, device, enabled=bool(is_wanted)),
                series_id=series.id,
                campaign_id=series.campaign_id,
            )

    def device_key(self, series: Series) -> str:
        """Return the device: of the link, of the smallest place, or of the campaign."""
        candidates: list[PlaceId] = []
        if linked := self._linked.get(series.id):
            candidates.append(linked.link.place)
        if place := self._places.get(series.id):
            candidates.append(place)
        if weather := self._weather.get(series.id):
            candidates.append(PlaceId(PlaceKind.SITE, weather.site_id))
        for place in candidates:
            if (key := place_key(place)) in self._devices:
                return key
        return campaign_key(series.campaign_id)

    def nature(self, series: Series) -> tuple[Quantity, Kind]:
        """Return what a series measures, and how."""
        unit, text = canonical_unit(series.unit), f"{series.name} {series.description}"
        weather, linked = self._weather.get(series.id), self._linked.get(series.id)
        if weather and weather.parameter in _WEATHER:
            return _WEATHER[weather.parameter]
        family = family_of(unit)
        if weather or family is Family.OTHER:
            return measured_quantity(unit, text), Kind.INSTANT
        kind = Kind.INTERVAL if linked else self._kinds.get(series.id, Kind.INTERVAL)
        if family is Family.VOLUME:
            is_gas = linked is not None and linked.energy in GASES
            return (Quantity.GAS if is_gas else volume_quantity(text)), kind
        return (Quantity.HEAT if family is Family.HEAT else Quantity.ENERGY), kind

    def key(self, number: int) -> str | None:
        """Return the key of a series' point."""
        if (series := self._catalogue.series.get(number)) is None:
            return None
        _, kind = self.nature(series)
        return f"timeseries_{number}{_KEY_ENDS.get(kind, '')}"

    def _point(self, series: Series, device: str, *, enabled: bool) -> Point:
        quantity, kind = self.nature(series)
        weather, linked = self._weather.get(series.id), self._linked.get(series.id)
        interval = self._intervals.get(series.id)
        is_long = kind is Kind.INTERVAL and interval is not None and interval > HOUR
        if kind is not Kind.INTERVAL:
            # A link to a series that measures no amounts is a slip.
            linked = None
        return Point(
            key=f"timeseries_{series.id}{_KEY_ENDS.get(kind, '')}",
            device_key=device,
            name=series.name,
            quantity=quantity,
            kind=kind,
            unit=canonical_unit(series.unit),
            role=linked.role if linked else None,
            included_in=self._included_in(linked),
            interval=interval if is_long else None,
            enabled_default=enabled,
            stale_after=max(TRUSTED, 3 * (interval or HOUR)),
            has_history=not (weather and weather.forecast)
            and (linked is not None or series.id not in self._guessed),
        )

    def _included_in(self, linked: Linked | None) -> str | None:
        if linked is None or linked.included_in is None:
            return None
        return self.key(linked.included_in)


def _most_specific(links: Iterable[PlaceLink]) -> dict[int, PlaceId]:
    """Return the smallest place of each series."""
    found: dict[int, PlaceId] = {}
    for link in sorted(
        links, key=lambda link: (_SPECIFIC.index(link.place.kind), link.place.id)
    ):
        found.setdefault(link.series_id, link.place)
    return found


def _by_name(series: Series) -> tuple[str, int]:
    return series.name, series.id
