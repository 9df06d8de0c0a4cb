"""Read what a BEMServer tells besides its series."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from zoneinfo import ZoneInfo

from ...metering.model import Category, Device, Kind, Point, Quantity, Reading
from ..common.concurrency import gather_parts
from ..errors import NotFoundError
from .batching import SeriesAsker, id_chunks
from .catalogue import Catalogue
from .client import EVENT_LEVELS, BemserverClient
from .data_states import States
from .models import PlaceId, PlaceKind
from .points import SeriesPoint, campaign_key, place_key
from .time_zones import Zones
from .timeseries_client import PointsClient, Span
from .todays_amounts import DECIMALS, local_midnight
from .value_cache import HeardValues

DAY = timedelta(days=1)
NONE = timedelta()

COMPLETENESS_OF = 50
"""How many series of a site count for its completeness: what one request can carry."""

type Found = Mapping[str, Reading]
"""Readings by point key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the extras need to know of the catalogue and of the series' points.

    `site_series` are the series whose completeness counts, by site; `device_series`
    those of each device, with whether their times are starts of intervals.
    """

    user_id: int
    catalogue: Catalogue
    zones: Zones
    site_series: Mapping[int, Sequence[int]]
    device_series: Mapping[str, Mapping[int, bool]]

    def site_zone(self, site_id: int) -> ZoneInfo:
        """Return the zone of the campaign that a site belongs to."""
        campaign = self.catalogue.campaign_of(PlaceId(PlaceKind.SITE, site_id))
        return self.zones.of(campaign or 0)


class Extras:
    """Reads the extras."""

    def __init__(
        self,
        client: BemserverClient,
        points: PointsClient,
        asker: SeriesAsker,
        states: States,
        heard: HeardValues,
    ) -> None:
        """Prepare; `around` must be set before the first `read`."""
        self._client = client
        self._points = points
        self._asker = asker
        self._states = states
        self._heard = heard
        self.around: Surroundings | None = None

    async def read(
        self, wanted: Mapping[str, ExtraSource], now: datetime
    ) -> tuple[dict[str, Reading], dict[str, str]]:
        """Return readings, and the points whose part of the server failed, and why."""
        around = self.around
        if around is None or not wanted:
            return {}, {}
        groups = {key: _group(source) for key, source in wanted.items()}
        parts, failures = await gather_parts(
            {group: self._fetch(around, group, now) for group in set(groups.values())}
        )
        found = {key: value for part in parts.values() for key, value in part.items()}
        readings = {key: found[key] for key in wanted if key in found}
        failed = {
            key: str(failures[group])
            for key, group in groups.items()
            if group in failures
        }
        return readings, failed

    async def _fetch(
        self, around: Surroundings, group: ExtraSource, now: datetime
    ) -> Found:
        match group.kind:
            case ExtraKind.NOTIFICATIONS:
                return await self._notifications(around, now)
            case ExtraKind.EVENT:
                return await self._event(around, group)
            case ExtraKind.COMPLETENESS:
                return await self._completeness(around, group, now)
            case ExtraKind.LATE:
                return self._late(around, group, now)
            case ExtraKind.HEATING | ExtraKind.COOLING:
                return await self._degree_days(around, group, now)

    async def _notifications(self, around: Surroundings, now: datetime) -> Found:
        counts = await self._client.unread_notifications(around.user_id)
        return {
            f"{campaign_key(number)}_notifications": Reading(
                time=now, value=counts.get(number, 0)
            )
            for number in around.catalogue.campaigns
        }

    async def _event(self, around: Surroundings, group: ExtraSource) -> Found:
        event = await self._client.last_event(group.number)
        if event is None:
            return {}
        categories = around.catalogue.enumerations.categories
        details = {
            "category": categories.get(event.category_id or 0),
            "source": event.source,
            "description": event.description,
        }
        return {
            f"{group.device_key}_event": Reading(
                time=event.time,
                value=event.level.lower(),
                details={name: text for name, text in details.items() if text},
            )
        }

    async def _degree_days(
        self, around: Surroundings, group: ExtraSource, now: datetime
    ) -> Found:
        """Return the degree days of yesterday, and of the days of this month."""
        local = now.astimezone(around.site_zone(group.number))
        today, yesterday = local.date(), local.date() - DAY
        month = today.replace(day=1)
        try:
            days = await self._points.degree_days(
                group.number,
                min(month, yesterday),
                today,
                cooling=group.kind is ExtraKind.COOLING,
            )
        except NotFoundError:
            # The link to the air temperature has gone, or its values have.
            return {}
        name = f"{group.device_key}_{group.kind}"
        found: dict[str, Reading] = {}
        for when, first in (("yesterday", yesterday), ("month", month)):
            known = {day: value for day, value in days.items() if day.date() >= first}
            if known:
                found[f"{name}_{when}"] = Reading(
                    time=max(known).astimezone(UTC),
                    value=round(sum(known.values()), DECIMALS),
                    since=min(known).astimezone(UTC),
                )
        return found

    async def _completeness(
        self, around: Surroundings, group: ExtraSource, now: datetime
    ) -> Found:
        """Return the mean completeness of a site's series, of the day before today."""
        zone = around.site_zone(group.number)
        end = local_midnight(now, zone)
        start = local_midnight(end - HOUR, zone)
        ratios: list[float] = []
        series = around.site_series.get(group.number, ())
        for state, numbers in self._states.by_state(series).items():
            span = Span(state=state, start=start, end=end)
            parts, _ = await self._asker.ask(
                id_chunks(numbers, length=self._points.length(span)),
                partial(self._points.completeness, span=span, zone=zone.key),
            )
            # What is sent too often does not make up for what is missing.
            ratios += [min(1.0, ratio) for part in parts for ratio in part.values()]
        if not ratios:
            return {}
        percent = round(100 * sum(ratios) / len(ratios), DECIMALS)
        reading = Reading(time=end, value=percent)
        return {f"{group.device_key}_completeness": reading}

    def _late(self, around: Surroundings, group: ExtraSource, now: datetime) -> Found:
        """Tell whether any series of a device has missed three of its values."""
        late = [
            now - heard.time - (interval if starts else NONE) > max(3 * interval, HOUR)
            for number, starts in around.device_series.get(group.device_key, {}).items()
            if (heard := self._heard.of(number)) is not None
            and (interval := self._heard.interval(number) or HOUR)
        ]
        if not late:
            return {}
        return {f"{group.device_key}_data_late": Reading(time=now, value=any(late))}


def _group(source: ExtraSource) -> ExtraSource:
    """Return what is asked for once: notifications come for all campaigns."""
    if source.kind is ExtraKind.NOTIFICATIONS:
        return ExtraSource(source.kind, 0, "")
    return source


def surroundings(
    user_id: int, catalogue: Catalogue, zones: Zones, items: Collection[SeriesPoint]
) -> Surroundings:
    """Return what the extras need to know of the points of series."""
    by_device: dict[str, dict[int, bool]] = {}
    shown: dict[str, list[SeriesPoint]] = {}
    for item in items:
        device, starts = item.point.device_key, item.point.kind is Kind.INTERVAL
        by_device.setdefault(device, {})[item.series_id] = starts
        if item.point.enabled_default and item.point.has_history:
            shown.setdefault(device, []).append(item)
    by_site: dict[int, list[SeriesPoint]] = {}
    for place in catalogue.places:
        site = catalogue.ancestors(place)[-1]
        if site.kind is PlaceKind.SITE:
            by_site.setdefault(site.id, []).extend(shown.get(place_key(place), []))
    return Surroundings(
        user_id=user_id,
        catalogue=catalogue,
        zones=zones,
        site_series={
            number: [item.series_id for item in _most_telling(found)]
            for number, found in by_site.items()
        },
        device_series=by_device,
    )


def _most_telling(items: Collection[SeriesPoint]) -> Sequence[SeriesPoint]:
    """Return the series whose completeness stands for that of a site."""
    return sorted(items, key=lambda item: item.point.role is None)[:COMPLETENESS_OF]


MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)
AIR_TEMPERATURE = "AIR_TEMPERATURE"
DEGREE_DAYS_UNIT = "°C·d"


class ExtraKind(StrEnum):
    """What is asked for; the words are translation keys."""

    NOTIFICATIONS = "unread_notifications"
    EVENT = "last_event"
    HEATING = "heating_degree_days"
    COOLING = "cooling_degree_days"
    COMPLETENESS = "completeness"
    LATE = "data_late"


@dataclass(frozen=True, slots=True)
class ExtraSource:
    """Which of these, and of which campaign or site (by number) or device (by key)."""

    kind: ExtraKind
    number: int
    device_key: str


type Extra = tuple[Point, ExtraSource]


def extra_points(
    catalogue: Catalogue, devices: Mapping[str, Device], with_series: Collection[str]
) -> Iterator[Extra]:
    """Yield the points; `with_series` are the keys of devices that have series."""
    for number in catalogue.campaigns:
        yield from _campaign_points(number)
    heated = {
        link.site_id
        for link in catalogue.weather_links
        if link.parameter == AIR_TEMPERATURE and not link.forecast
    }
    for place in catalogue.places:
        key = f"{place.kind}_{place.id}"
        if place.kind is PlaceKind.SITE and key in devices:
            yield _completeness(place.id, key)
            if place.id in heated:
                yield from _degree_days(place.id, key)
    for key in devices:
        if key in with_series:
            yield _late(key)


def _campaign_points(number: int) -> Iterator[Extra]:
    key = campaign_key(number)
    yield (
        Point(
            key=f"{key}_notifications",
            device_key=key,
            translation_key=ExtraKind.NOTIFICATIONS.value,
            quantity=Quantity.COUNT,
            kind=Kind.INSTANT,
            precision=0,
            poll_interval=MINUTES,
        ),
        ExtraSource(ExtraKind.NOTIFICATIONS, number, key),
    )
    yield (
        Point(
            key=f"{key}_event",
            device_key=key,
            translation_key=ExtraKind.EVENT.value,
            quantity=Quantity.TEXT,
            kind=Kind.EVENT,
            options=tuple(level.lower() for level in EVENT_LEVELS),
            poll_interval=MINUTES,
        ),
        ExtraSource(ExtraKind.EVENT, number, key),
    )


def _degree_days(site_id: int, key: str) -> Iterator[Extra]:
    for kind in (ExtraKind.HEATING, ExtraKind.COOLING):
        for when in ("yesterday", "month"):
            yield (
                Point(
                    key=f"{key}_{kind}_{when}",
                    device_key=key,
                    translation_key=f"{kind}_{when}",
                    quantity=Quantity.DEGREE_DAYS,
                    kind=Kind.INTERVAL,
                    unit=DEGREE_DAYS_UNIT,
                    precision=1,
                    enabled_default=kind is ExtraKind.HEATING,
                    poll_interval=HOUR,
                ),
                ExtraSource(kind, site_id, key),
            )


def _completeness(site_id: int, key: str) -> Extra:
    return (
        Point(
            key=f"{key}_completeness",
            device_key=key,
            translation_key=ExtraKind.COMPLETENESS.value,
            quantity=Quantity.COUNT,
            kind=Kind.INSTANT,
            unit="%",
            precision=1,
            category=Category.DIAGNOSTIC,
            poll_interval=HOUR,
        ),
        ExtraSource(ExtraKind.COMPLETENESS, site_id, key),
    )


def _late(key: str) -> Extra:
    return (
        Point(
            key=f"{key}_data_late",
            device_key=key,
            translation_key=ExtraKind.LATE.value,
            quantity=Quantity.PROBLEM,
            kind=Kind.FLAG,
            category=Category.DIAGNOSTIC,
            poll_interval=MINUTES,
        ),
        ExtraSource(ExtraKind.LATE, 0, key),
    )
