"""The points of campaigns, sites and devices that are not series."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ...metering.model import Category, Device, Kind, Point, Quantity
from .catalogue import Catalogue
from .client import EVENT_LEVELS
from .models import PlaceKind
from .points import campaign_key, place_key

MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)
AIR_TEMPERATURE = "AIR_TEMPERATURE"
DEGREE_DAYS_UNIT = "°C·d"


class SiteTopic(StrEnum):
    """What a point is about; the values are translation keys."""

    NOTIFICATIONS = "unread_notifications"
    NOTIFICATION_LIST = "notifications"
    EVENT = "last_event"
    HEATING = "heating_degree_days"
    COOLING = "cooling_degree_days"
    COMPLETENESS = "completeness"
    LATE = "data_late"


@dataclass(frozen=True, slots=True)
class SiteSource:
    """The source of a point: a topic of a campaign or site (`number`), or a device."""

    topic: SiteTopic
    number: int
    device_key: str


type SitePoint = tuple[Point, SiteSource]


def make_site_points(
    catalogue: Catalogue, devices: Mapping[str, Device], with_series: Collection[str]
) -> Iterator[SitePoint]:
    """Yield the points; `with_series` are the keys of devices that have series."""
    for number in catalogue.campaigns:
        yield from _campaign_points(number)
    with_temperature = {
        link.site_id
        for link in catalogue.weather_links
        if link.parameter == AIR_TEMPERATURE and not link.forecast
    }
    for place in catalogue.places:
        key = place_key(place)
        if place.kind is PlaceKind.SITE and key in devices:
            yield _completeness_point(place.id, key)
            if place.id in with_temperature:
                yield from _degree_day_points(place.id, key)
    for key in devices:
        if key in with_series:
            yield _late_point(key)


def _campaign_points(number: int) -> Iterator[SitePoint]:
    """Yield the unread notifications and the last event of a campaign."""
    key = campaign_key(number)
    yield (
        Point(
            key=f"{key}_notification_list",
            device_key=key,
            translation_key=SiteTopic.NOTIFICATION_LIST.value,
            quantity=Quantity.TEXT,
            kind=Kind.NOTIFICATIONS,
            poll_interval=MINUTES,
        ),
        SiteSource(SiteTopic.NOTIFICATION_LIST, number, key),
    )
    yield (
        Point(
            key=f"{key}_notifications",
            device_key=key,
            translation_key=SiteTopic.NOTIFICATIONS.value,
            quantity=Quantity.COUNT,
            kind=Kind.INSTANT,
            precision=0,
            poll_interval=MINUTES,
        ),
        SiteSource(SiteTopic.NOTIFICATIONS, number, key),
    )
    yield (
        Point(
            key=f"{key}_event",
            device_key=key,
            translation_key=SiteTopic.EVENT.value,
            quantity=Quantity.TEXT,
            kind=Kind.EVENT,
            options=tuple(level.lower() for level in EVENT_LEVELS),
            poll_interval=MINUTES,
        ),
        SiteSource(SiteTopic.EVENT, number, key),
    )


def _degree_day_points(site_id: int, key: str) -> Iterator[SitePoint]:
    """Yield heating and cooling degree days, of yesterday and of the current month."""
    for topic in (SiteTopic.HEATING, SiteTopic.COOLING):
        for when in ("yesterday", "month"):
            yield (
                Point(
                    key=f"{key}_{topic}_{when}",
                    device_key=key,
                    translation_key=f"{topic}_{when}",
                    quantity=Quantity.DEGREE_DAYS,
                    kind=Kind.INTERVAL,
                    unit=DEGREE_DAYS_UNIT,
                    precision=1,
                    enabled_default=topic is SiteTopic.HEATING,
                    poll_interval=HOUR,
                ),
                SiteSource(topic, site_id, key),
            )


def _completeness_point(site_id: int, key: str) -> SitePoint:
    """Return the completeness of a site's data."""
    return (
        Point(
            key=f"{key}_completeness",
            device_key=key,
            translation_key=SiteTopic.COMPLETENESS.value,
            quantity=Quantity.COUNT,
            kind=Kind.INSTANT,
            unit="%",
            precision=1,
            category=Category.DIAGNOSTIC,
            poll_interval=HOUR,
        ),
        SiteSource(SiteTopic.COMPLETENESS, site_id, key),
    )


def _late_point(key: str) -> SitePoint:
    """Return whether the data of a device are late."""
    return (
        Point(
            key=f"{key}_data_late",
            device_key=key,
            translation_key=SiteTopic.LATE.value,
            quantity=Quantity.PROBLEM,
            kind=Kind.FLAG,
            category=Category.DIAGNOSTIC,
            poll_interval=MINUTES,
        ),
        SiteSource(SiteTopic.LATE, 0, key),
    )
