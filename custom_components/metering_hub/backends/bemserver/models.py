"""What BEMServer's endpoints answer, typed; units are the server's.

Source of every wire fact: ../shared/wire/bemserver.md, observed on bemserver-api 0.27.
Fields that are null on the server are missing in its answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from ..common.http import Json
from ..common.parse import as_integer, as_object, as_text
from ..common.times import as_moment

type Row = Mapping[str, Json]


class PlaceKind(StrEnum):
    """The kinds of places, whose names are those in the server's paths and fields."""

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
"""The next larger place; sites and zones belong to a campaign directly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with an account."""

    id: int
    email: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An entry of an enumeration: an energy, an end use, a data state..."""

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
    """A part of a campaign, which may be visible where the campaign is not."""

    id: int
    name: str
    campaign_id: int


@dataclass(frozen=True, slots=True, order=True)
class PlaceId:
    """Which place; ids are unique per kind."""

    kind: PlaceKind
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place; `parent` is the id of the next larger one, or of the campaign."""

    place: PlaceId
    name: str
    parent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A time series; its name is unique within its campaign, its unit pint's."""

    id: int
    name: str
    unit: str
    description: str
    campaign_id: int
    scope_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLink:
    """A series that belongs to a place."""

    series_id: int
    place: PlaceId


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyLink:
    """A series that is what a site or building consumes or produces, per interval.

    `detail_id` is the end use of a consumption, the technology of a production.
    """

    series_id: int
    place: PlaceId
    energy_id: int
    detail_id: int
    produced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherLink:
    """A series that is the weather at a site; `parameter` is an enum name."""

    series_id: int
    site_id: int
    parameter: str
    forecast: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """The value of a property of a series."""

    series_id: int
    property_id: int
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that the server noticed; `level` is DEBUG to CRITICAL."""

    time: datetime
    level: str
    scope_id: int
    category_id: int | None
    source: str | None
    description: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """That a user was told of an event, and whether it was read."""

    id: int
    time: datetime
    is_read: bool
    level: str | None


def parse_user(row: Row) -> User | None:
    """Read an item of /users/."""
    if (number := as_integer(row.get("id"))) is None:
        return None
    return User(id=number, email=as_text(row.get("email")))


def parse_named(row: Row) -> Named | None:
    """Read {id, name}."""
    number, name = as_integer(row.get("id")), as_text(row.get("name"))
    return Named(id=number, name=name) if number is not None and name else None


def parse_campaign(row: Row) -> Campaign | None:
    """Read an item of /campaigns/."""
    if (named := parse_named(row)) is None:
        return None
    return Campaign(id=named.id, name=named.name, zone=as_text(row.get("timezone")))


def parse_scope(row: Row) -> Scope | None:
    """Read an item of /campaign_scopes/."""
    named, campaign = parse_named(row), as_integer(row.get("campaign_id"))
    if named is None or campaign is None:
        return None
    return Scope(id=named.id, name=named.name, campaign_id=campaign)


def parse_place(kind: PlaceKind, row: Row) -> Place | None:
    """Read an item of /sites/, /buildings/, /storeys/, /spaces/ or /zones/."""
    named, larger = parse_named(row), PARENTS[kind]
    parent = as_integer(row.get(f"{larger or 'campaign'}_id"))
    if named is None or parent is None:
        return None
    return Place(place=PlaceId(kind, named.id), name=named.name, parent=parent)


def parse_series(row: Row) -> Series | None:
    """Read an item of /timeseries/."""
    named = parse_named(row)
    campaign = as_integer(row.get("campaign_id"))
    scope = as_integer(row.get("campaign_scope_id"))
    if named is None or campaign is None or scope is None:
        return None
    return Series(
        id=named.id,
        name=named.name,
        unit=as_text(row.get("unit_symbol")) or "",
        description=as_text(row.get("description")) or "",
        campaign_id=campaign,
        scope_id=scope,
    )


def parse_place_link(kind: PlaceKind, row: Row) -> PlaceLink | None:
    """Read an item of /timeseries_by_sites/ and its like."""
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
    """Read an item of /energy_consumption_timeseries_by_sites/ and its like."""
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
    """Read an item of /weather_timeseries_by_sites/."""
    series, site = as_integer(row.get("timeseries_id")), as_integer(row.get("site_id"))
    if series is None or site is None:
        return None
    return WeatherLink(
        series_id=series,
        site_id=site,
        parameter=as_text(row.get("parameter")) or "",
        forecast=row.get("forecast") is True,
    )


def parse_property(row: Row) -> Property | None:
    """Read an item of /timeseries_property_data/."""
    series = as_integer(row.get("timeseries_id"))
    number = as_integer(row.get("property_id"))
    value = as_text(row.get("value"))
    if series is None or number is None or value is None:
        return None
    return Property(series_id=series, property_id=number, value=value)


def parse_event(row: Row) -> Event | None:
    """Read an item of /events/."""
    time, level = as_moment(row.get("timestamp")), as_text(row.get("level"))
    scope = as_integer(row.get("campaign_scope_id"))
    if time is None or level is None or scope is None:
        return None
    return Event(
        time=time.astimezone(UTC),
        level=level,
        scope_id=scope,
        category_id=as_integer(row.get("category_id")),
        source=as_text(row.get("source")),
        description=as_text(row.get("description")),
    )


def parse_notification(row: Row) -> Notification | None:
    """Read an item of /notifications/."""
    number, time = as_integer(row.get("id")), as_moment(row.get("timestamp"))
    if number is None or time is None:
        return None
    return Notification(
        id=number,
        time=time.astimezone(UTC),
        is_read=row.get("read") is True,
        level=as_text(as_object(row.get("event")).get("level")),
    )


def first_times(body: Json) -> dict[int, datetime]:
    """Read the first time of each series out of /timeseries_data/stats."""
    found: dict[int, datetime] = {}
    for label, row in as_object(as_object(body).get("stats")).items():
        time = as_moment(as_object(row).get("first_timestamp"))
        if time is not None and (number := as_integer(label)) is not None:
            found[number] = time.astimezone(UTC)
    return found
