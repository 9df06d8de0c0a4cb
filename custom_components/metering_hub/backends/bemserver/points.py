"""Devices, and the points of series.

The key of a point contains its kind (`timeseries_13_register`), so a series whose kind
changes gets another statistic: one statistic must never mix positions and amounts. Its
entity moves with it, because each point names the keys of the other kinds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
import re

from ...metering.model import Device, Kind, Point, Quantity
from ..common.units import canonical_unit
from .catalogue import Catalogue
from .energy_links import LinkedSeries, linked_series
from .models import PlaceId, PlaceKind, PlaceLink, Series
from .units import counted_quantity, is_counted, measured_quantity

ENABLED_PER_DEVICE = 100
"""Series of a device that are enabled by default, not counting energy and weather."""

MIN_STALE_AFTER = timedelta(days=2)
"""Many servers receive data once a day, and late data have a sensor of their own."""

HOUR = timedelta(hours=1)

_SMALLEST_FIRST = (
    PlaceKind.SPACE,
    PlaceKind.STOREY,
    PlaceKind.ZONE,
    PlaceKind.BUILDING,
    PlaceKind.SITE,
)
_KEY_ENDS = {Kind.UNDECIDED: "", Kind.REGISTER: "_register", Kind.INTERVAL: "_amount"}
_KEY = re.compile(r"timeseries_(\d+)(?:_register|_amount)?")
_WEATHER: Mapping[str, tuple[Quantity, Kind]] = {
    "RELATIVE_HUMIDITY": (Quantity.HUMIDITY, Kind.INSTANT),
    "WIND_SPEED": (Quantity.WIND_SPEED, Kind.INSTANT),
    "WIND_DIRECTION": (Quantity.WIND_DIRECTION, Kind.INSTANT),
    "SURFACE_PRESSURE": (Quantity.ATMOSPHERIC_PRESSURE, Kind.INSTANT),
    "TOTAL_PRECIPITATION": (Quantity.PRECIPITATION, Kind.INTERVAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """The point of a series; the campaign determines the time zone."""

    point: Point
    series_id: int
    campaign_id: int


def counting_series(catalogue: Catalogue) -> Mapping[int, Series]:
    """Return the series that may hold either meter readings or amounts per interval.

    The catalogue does not say. Energy links should be amounts, but nothing checks that.
    Source: docs/wire/bemserver.md, Semantics.
    """
    linked = {link.series_id for link in catalogue.energy_links}
    weather = {link.series_id for link in catalogue.weather_links}
    return {
        number: series
        for number, series in catalogue.series.items()
        if number not in weather and is_counted(series, is_linked=number in linked)
    }


def series_of_key(key: str) -> int | None:
    """Return the series of a point's key, whatever its kind."""
    match = _KEY.fullmatch(key)
    return int(match[1]) if match else None


def place_key(place: PlaceId) -> str:
    """Return the key of a place's device."""
    return f"{place.kind}_{place.id}"


def campaign_key(campaign_id: int) -> str:
    """Return the key of a campaign's device."""
    return f"campaign_{campaign_id}"


def make_devices(catalogue: Catalogue, url: str) -> dict[str, Device]:
    """Return campaigns, sites and buildings, and smaller places if they have series."""
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
        # An invisible campaign gets the name of its scope.
        key = campaign_key(scope.campaign_id)
        devices.setdefault(key, Device(key=key, name=scope.name, model="Campaign"))
    for series in catalogue.series.values():
        # Every series needs a device, even if its campaign and scope are invisible.
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
                suggested_area=place.name
                if place.place.kind is PlaceKind.SPACE
                else None,
            )
    return devices


def _parent_key(
    catalogue: Catalogue, place: PlaceId, devices: Mapping[str, Device]
) -> str | None:
    """Return the key of the closest larger place with a device, or the campaign's."""
    for larger in catalogue.ancestors(place)[1:]:
        if (key := place_key(larger)) in devices:
            return key
    campaign = catalogue.campaign_of(place)
    key = campaign_key(campaign or 0)
    return key if key in devices else None


class PointMaker:
    """Makes the points of series."""

    def __init__(
        self,
        catalogue: Catalogue,
        devices: Mapping[str, Device],
        kinds: Mapping[int, Kind],
        intervals: Mapping[int, timedelta],
    ) -> None:
        """Initialize with the kinds of counting series, and all known intervals.

        A counting series that could not be examined has no kind, and no point yet.
        """
        self._catalogue = catalogue
        self._devices = devices
        self._kinds = kinds
        self._unknown = counting_series(catalogue).keys() - kinds.keys()
        self._intervals = intervals
        self._linked = linked_series(catalogue)
        self._weather = {link.series_id: link for link in catalogue.weather_links}
        self._places = _smallest_places(catalogue.place_links)

    def make_points(self) -> Iterator[SeriesPoint]:
        """Yield the points of all series, sorted by name."""
        shown: Counter[str] = Counter()
        for series in sorted(self._catalogue.series.values(), key=_by_name):
            if series.id in self._unknown:
                continue
            device = self.device_key(series)
            weather = self._weather.get(series.id)
            is_forecast = weather is not None and weather.forecast
            is_enabled = series.id in self._linked or (
                weather is not None and not is_forecast
            )
            if not is_enabled and not is_forecast:
                shown[device] += 1
                is_enabled = shown[device] <= ENABLED_PER_DEVICE
            yield SeriesPoint(
                point=self._make_point(series, device, enabled=is_enabled),
                series_id=series.id,
                campaign_id=series.campaign_id,
            )

    def device_key(self, series: Series) -> str:
        """Return the key of a series' device.

        It is the place of the energy link, the smallest linked place, the site of the
        weather link, or the campaign.
        """
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

    def _classify(self, series: Series) -> tuple[Quantity, Kind]:
        """Return the quantity and kind of a series."""
        weather, linked = self._weather.get(series.id), self._linked.get(series.id)
        if weather and weather.parameter in _WEATHER:
            return _WEATHER[weather.parameter]
        if weather or not is_counted(series, is_linked=linked is not None):
            return measured_quantity(series), Kind.INSTANT
        kind = self._kinds.get(series.id, Kind.INTERVAL)
        return counted_quantity(series, linked.energy if linked else None), kind

    def _make_point(self, series: Series, device: str, *, enabled: bool) -> Point:
        """Return the point of a series."""
        quantity, kind = self._classify(series)
        weather, linked = self._weather.get(series.id), self._linked.get(series.id)
        interval = self._intervals.get(series.id)
        is_long = kind is Kind.INTERVAL and interval is not None and interval > HOUR
        if kind not in (Kind.INTERVAL, Kind.REGISTER):
            # Linking a measured value is a mistake on the server.
            linked = None
        return Point(
            key=_point_key(series.id, kind),
            device_key=device,
            name=series.name,
            quantity=quantity,
            kind=kind,
            unit=canonical_unit(series.unit),
            # The dashboard has no source for what comes as a mass or as another fuel.
            role=linked.role if linked and quantity is not Quantity.FUEL else None,
            included_in=self._included_in(linked),
            interval=interval if is_long else None,
            enabled_default=enabled,
            stale_after=max(MIN_STALE_AFTER, 3 * (interval or HOUR)),
            # The means of an hour's directions would be wrong: 180° for 359° and 1°.
            has_history=kind is not Kind.UNDECIDED
            and quantity is not Quantity.WIND_DIRECTION
            and not (weather and weather.forecast),
            former_keys=_other_keys(series.id, kind),
        )

    def _included_in(self, linked: LinkedSeries | None) -> str | None:
        """Return the key of the point whose amounts contain those of a link."""
        number = linked.included_in if linked else None
        if number is None or (series := self._catalogue.series.get(number)) is None:
            return None
        _, kind = self._classify(series)
        return _point_key(number, kind)


def _point_key(series_id: int, kind: Kind) -> str:
    """Return the key of a series' point."""
    return f"timeseries_{series_id}{_KEY_ENDS.get(kind, '')}"


def _other_keys(series_id: int, kind: Kind) -> tuple[str, ...]:
    """Return the keys that a point would have with another kind, if it may have one."""
    if kind not in _KEY_ENDS:
        return ()
    return tuple(_point_key(series_id, each) for each in _KEY_ENDS if each is not kind)


def _smallest_places(links: Iterable[PlaceLink]) -> dict[int, PlaceId]:
    """Return the smallest place of each series."""
    found: dict[int, PlaceId] = {}
    for link in sorted(
        links, key=lambda link: (_SMALLEST_FIRST.index(link.place.kind), link.place.id)
    ):
        found.setdefault(link.series_id, link.place)
    return found


def _by_name(series: Series) -> tuple[str, int]:
    """Return a sort key."""
    return series.name, series.id
