"""The points of what a BEMServer tells besides its series: degree days, events...

Each of these is a request or two for a site or campaign, so that they are asked for
rarely.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ...model import Category, Device, Kind, Point, Quantity
from .answers import PlaceKind
from .catalogue import Catalogue
from .client import EVENT_LEVELS
from .points import campaign_key

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
