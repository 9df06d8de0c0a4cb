"""BEMServer's answers as dataclasses, and their parsers.

Source: docs/wire/bemserver.md, Catalogue and Events. The server leaves out fields that
are null. A parser returns `None` for a row that it cannot use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..common.http import Json
from ..common.parse import as_integer, as_text
from ..common.times import as_utc_moment

type Row = Mapping[str, Json]

MOST_OF_DESCRIPTION = 1000
"""Characters of the text of an event, which an event of Home Assistant carries."""

_FIRST = "first_timestamp"


class PlaceKind(StrEnum):
    """Kinds of places, largest first, as named in the server's paths and fields."""

    SITE = "site"
    BUILDING = "building"
    STOREY = "storey"
    SPACE = "space"
    ZONE = "zone"


PARENTS: Mapping[PlaceKind, PlaceKind | None] = {
    PlaceKind.SITE: None,
    PlaceKind.BUILDING: PlaceKind.SITE,
    PlaceKind.STOREY: PlaceKind.BUILDING,
    PlaceKind.SPACE: PlaceKind.STOREY,
    PlaceKind.ZONE: None,
}
"""The kind of the next larger place; sites and zones belong to a campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user account."""

    id: int
    email: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedItem:
    """An item of an enumeration: an energy, an end use, a data state..."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign; `zone` is the IANA name of its time zone."""

    id: int
    name: str
    zone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A part of a campaign; it may be visible although the campaign is not."""

    id: int
    name: str
    campaign_id: int


@dataclass(frozen=True, slots=True, order=True)
class PlaceId:
    """Identifies a place; ids are unique per kind."""

    kind: PlaceKind
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place; `parent` is the id of the next larger place, or of the campaign."""

    place: PlaceId
    name: str
    parent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A time series; its name is unique within its campaign, its unit is for pint."""

    id: int
    name: str
    unit: str
    description: str
    campaign_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLink:
    """Assigns a series to a place."""

    series_id: int
    place: PlaceId


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyLink:
    """A series with the energy that a site or building consumes or produces.

    `detail_id` is the end use of a consumption or the technology of a production.
    """

    series_id: int
    place: PlaceId
    energy_id: int
    detail_id: int
    produced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherLink:
    """A series with the weather at a site; `parameter` is a name such as WIND_SPEED."""

    series_id: int
    site_id: int
    parameter: str
    forecast: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyValue:
    """The value of a property of a series."""

    series_id: int
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event; `time` is in UTC, `level` is DEBUG to CRITICAL."""

    time: datetime
    level: str
    category_id: int | None
    source: str | None
    description: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadNotification:
    """An event that the user was notified of, and has not read."""

    id: int
    event: Event


def parse_user(row: Row) -> User | None:
    """Parse an item of /users/."""
    if (number := as_integer(row.get("id"))) is None:
        return None
    return User(id=number, email=as_text(row.get("email")))


def parse_named_item(row: Row) -> NamedItem | None:
    """Parse {id, name}."""
    number, name = as_integer(row.get("id")), as_text(row.get("name"))
    return NamedItem(id=number, name=name) if number is not None and name else None


def parse_campaign(row: Row) -> Campaign | None:
    """Parse an item of /campaigns/."""
    if (named := parse_named_item(row)) is None:
        return None
    return Campaign(id=named.id, name=named.name, zone=as_text(row.get("timezone")))


def parse_scope(row: Row) -> Scope | None:
    """Parse an item of /campaign_scopes/."""
    named, campaign = parse_named_item(row), as_integer(row.get("campaign_id"))
    if named is None or campaign is None:
        return None
    return Scope(id=named.id, name=named.name, campaign_id=campaign)


def parse_place(kind: PlaceKind, row: Row) -> Place | None:
    """Parse an item of /sites/, /buildings/, /storeys/, /spaces/ or /zones/."""
    named, larger = parse_named_item(row), PARENTS[kind]
    parent = as_integer(row.get(f"{larger or 'campaign'}_id"))
    if named is None or parent is None:
        return None
    return Place(place=PlaceId(kind, named.id), name=named.name, parent=parent)


def parse_series(row: Row) -> Series | None:
    """Parse an item of /timeseries/."""
    named, campaign = parse_named_item(row), as_integer(row.get("campaign_id"))
    if named is None or campaign is None:
        return None
    return Series(
        id=named.id,
        name=named.name,
        unit=as_text(row.get("unit_symbol")) or "",
        description=as_text(row.get("description")) or "",
        campaign_id=campaign,
    )


def parse_place_link(kind: PlaceKind, row: Row) -> PlaceLink | None:
    """Parse an item of /timeseries_by_sites/ and the like."""
    series, place = (
        as_integer(row.get("timeseries_id")),
        as_integer(row.get(f"{kind}_id")),
    )
    if series is None or place is None:
        return None
    return PlaceLink(series_id=series, place=PlaceId(kind, place))


def parse_energy_link(
    kind: PlaceKind, row: Row, *, produced: bool
) -> EnergyLink | None:
    """Parse an item of /energy_consumption_timeseries_by_sites/ and the like."""
    link = parse_place_link(kind, row)
    energy = as_integer(row.get("energy_id"))
    detail = as_integer(row.get("prod_tech_id" if produced else "end_use_id"))
    if link is None or energy is None or detail is None:
        return None
    return EnergyLink(
        series_id=link.series_id,
        place=link.place,
        energy_id=energy,
        detail_id=detail,
        produced=produced,
    )


def parse_weather_link(row: Row) -> WeatherLink | None:
    """Parse an item of /weather_timeseries_by_sites/."""
    series, site = as_integer(row.get("timeseries_id")), as_integer(row.get("site_id"))
    if series is None or site is None:
        return None
    return WeatherLink(
        series_id=series,
        site_id=site,
        parameter=as_text(row.get("parameter")) or "",
        forecast=row.get("forecast") is True,
    )


def parse_property_value(row: Row) -> PropertyValue | None:
    """Parse an item of /timeseries_property_data/."""
    series, value = as_integer(row.get("timeseries_id")), as_text(row.get("value"))
    if series is None or value is None:
        return None
    return PropertyValue(series_id=series, value=value)


def parse_event(row: Row) -> Event | None:
    """Parse an item of /events/."""
    time, level = as_utc_moment(row.get("timestamp")), as_text(row.get("level"))
    if time is None or level is None:
        return None
    return Event(
        time=time,
        level=level,
        category_id=as_integer(row.get("category_id")),
        source=as_text(row.get("source")),
        description=as_text(row.get("description"), MOST_OF_DESCRIPTION),
    )


def parse_notification(row: Row) -> UnreadNotification | None:
    """Parse an item of /notifications/, which contains its event."""
    number, event = as_integer(row.get("id")), row.get("event")
    parsed = parse_event(event) if isinstance(event, dict) else None
    if number is None or parsed is None:
        return None
    return UnreadNotification(id=number, event=parsed)


def parse_first_times(stats: Row) -> dict[int, datetime | None]:
    """Parse the statistics of series: the time of each first value, in UTC.

    It is `None` if the server says that a series has no values. A series without a
    readable statement is missing.
    """
    found: dict[int, datetime | None] = {}
    for label, row in stats.items():
        number = as_integer(label)
        if number is None or not isinstance(row, dict) or _FIRST not in row:
            continue
        time = as_utc_moment(row[_FIRST])
        if time is not None or row[_FIRST] is None:
            found[number] = time
    return found
