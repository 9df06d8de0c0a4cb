"""The filters of the resources; unknown parameters are ignored.

Source: docs/wire/bemserver.md, Catalogue.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
import json

from simulators.faults import Row

from .model import LEVELS, Kind
from .permissions import View
from .query import Query, boolean, integer, moment, one_of, unit_symbol
from .wire import ApiError, forbidden

type Predicate = Callable[[Row], bool]

WEATHER_PARAMETERS = (
    "AIR_TEMPERATURE",
    "DEWPOINT_TEMPERATURE",
    "WETBULB_TEMPERATURE",
    "WIND_SPEED",
    "WIND_DIRECTION",
    "SURFACE_DIRECT_SOLAR_RADIATION",
    "SURFACE_DIFFUSE_SOLAR_RADIATION",
    "SURFACE_SOLAR_RADIATION",
    "DIRECT_NORMAL_SOLAR_RADIATION",
    "RELATIVE_HUMIDITY",
    "SURFACE_PRESSURE",
    "TOTAL_PRECIPITATION",
)


@dataclass(frozen=True, slots=True)
class Filter[T]:
    """Parses a parameter and selects the rows that it keeps.

    With a filter that `joins` another table, unsorted rows are ordered by id.
    """

    parse: Callable[[str], T]
    keep: Callable[[View, T], Predicate]
    joins: bool = False

    def predicate(self, name: str, query: Query, view: View) -> Predicate | None:
        """Return the test for rows; None if the parameter is missing or invalid."""
        value = query.read(name, self.parse, None)
        return None if value is None else self.keep(view, value)


type Filters = Mapping[str, _AnyFilter]
type _AnyFilter = (
    Filter[int]
    | Filter[str]
    | Filter[bool]
    | Filter[datetime]
    | Filter[Mapping[str, str]]
)


def same(field: str) -> Filter[int]:
    """Keep the rows with this number in a field."""
    return Filter(integer, lambda _view, value: lambda row: row.get(field) == value)


def is_text(field: str) -> Filter[str]:
    """Keep the rows with this text in a field."""
    return Filter(str, lambda _view, value: lambda row: row.get(field) == value)


def has_text(field: str) -> Filter[str]:
    """Keep the rows whose field contains this text, ignoring case."""
    return Filter(
        str,
        lambda _view, value: (
            lambda row: value.lower() in str(row.get(field, "")).lower()
        ),
    )


def flag(field: str) -> Filter[bool]:
    """Keep the rows with this boolean in a field."""
    return Filter(boolean, lambda _view, value: lambda row: row.get(field) is value)


def ids(numbers: Callable[[View, int], set[int]], field: str = "id") -> Filter[int]:
    """Keep the rows whose number is one of those found for the value."""

    def keep(view: View, value: int) -> Predicate:
        """Return the test for the numbers found for the value."""
        found = numbers(view, value)
        return lambda row: row[field] in found

    return Filter(integer, keep, joins=field == "id")


def _campaign(view: View, campaign_id: int) -> None:
    """Raise 403 for a campaign that exists but is hidden from the user.

    Source: docs/wire/bemserver.md, Catalogue.
    """
    if campaign_id in view.world.campaigns and not view.can_see_campaign(campaign_id):
        raise forbidden()


def _by_campaign(view: View, value: int) -> Predicate:
    """Return the test for rows of a campaign."""
    _campaign(view, value)
    return lambda row: row["campaign_id"] == value


def _scopes_of_campaign(view: View, value: int) -> set[int]:
    """Return the ids of the scopes of a campaign."""
    _campaign(view, value)
    scopes = view.world.scopes.values()
    return {scope.id for scope in scopes if scope.campaign_id == value}


def _series_at(kind: Kind, *, recurse: bool) -> Filter[int]:
    """Keep the series of a place, with `recurse` also those of the places in it."""
    return ids(lambda view, value: view.world.series_at(kind, value, recurse=recurse))


def _properties(text: str) -> Mapping[str, str]:
    """Parse a JSON object of property names and values."""
    try:
        wanted = json.loads(text)
    except ValueError as error:
        raise ValueError("Invalid JSON.") from error
    if not isinstance(wanted, dict):
        raise ValueError("Not a valid mapping type.")  # noqa: TRY004  # Of the text.
    return {str(name): str(value) for name, value in wanted.items()}


def _by_properties(view: View, wanted: Mapping[str, str]) -> Predicate:
    """Return the test for series with these properties."""
    found = {
        item.id
        for item in view.world.series.values()
        if wanted.items() <= ({"Interval": str(item.interval)}).items()
    }
    return lambda row: row["id"] in found


def _level_min(_view: View, value: str) -> Predicate:
    """Return the test for events of at least this level."""
    allowed = LEVELS[LEVELS.index(value) :]
    return lambda row: row["level"] in allowed


def _parameter(text: str) -> str:
    """Return a weather parameter; the server fails for unknown ones.

    Source: docs/wire/bemserver.md, Server errors.
    """
    if text not in WEATHER_PARAMETERS:
        raise ApiError(500)
    return text


def _time(row: Row) -> datetime:
    """Return the time of an event or notification."""
    return datetime.fromisoformat(str(row["timestamp"]))


def _seen_by(view: View, value: int) -> set[int]:
    """Return the ids of the series that a user may see."""
    if view.user.id != value and not view.unrestricted:
        raise forbidden()
    return {item.id for item in view.world.series.values() if view.can_see_series(item)}


def _event_series(view: View, value: int) -> set[int]:
    """Return the ids of the series of an event."""
    event = view.world.events.get(value)
    return set(event.series if event else ())


def _events_about(numbers: Callable[[View, int], set[int]]) -> Filter[int]:
    """Keep the events about any of the series found for the value."""
    return ids(
        lambda view, value: {
            event.id
            for event in view.world.events.values()
            if numbers(view, value).intersection(event.series)
        }
    )


CAMPAIGN = Filter(integer, _by_campaign)
NAME: Filters = {"name": is_text("name"), "in_name": has_text("name")}
OF_CAMPAIGN: Filters = {**NAME, "campaign_id": CAMPAIGN}
SERIES: Filters = {
    **OF_CAMPAIGN,
    "campaign_scope_id": same("campaign_scope_id"),
    "unit_symbol": Filter(unit_symbol, is_text("unit_symbol").keep),
    "site_id": _series_at("site", recurse=False),
    "recurse_site_id": _series_at("site", recurse=True),
    "building_id": _series_at("building", recurse=False),
    "recurse_building_id": _series_at("building", recurse=True),
    "storey_id": _series_at("storey", recurse=False),
    "recurse_storey_id": _series_at("storey", recurse=True),
    "space_id": _series_at("space", recurse=False),
    "zone_id": _series_at("zone", recurse=False),
    "event_id": ids(_event_series),
    "user_id": ids(_seen_by),
    "properties": Filter(_properties, _by_properties),
}
WEATHER: Filters = {
    "site_id": same("site_id"),
    "timeseries_id": same("timeseries_id"),
    "parameter": Filter(_parameter, is_text("parameter").keep),
    "forecast": flag("forecast"),
}
_TIMES: Filters = {
    "timestamp_min": Filter(
        moment, lambda _view, value: lambda row: _time(row) >= value
    ),
    "timestamp_max": Filter(
        moment, lambda _view, value: lambda row: _time(row) < value
    ),
}
EVENTS: Filters = {
    **_TIMES,
    "campaign_id": ids(_scopes_of_campaign, "campaign_scope_id"),
    "campaign_scope_id": same("campaign_scope_id"),
    "category_id": same("category_id"),
    "source": is_text("source"),
    "level": Filter(one_of(LEVELS), is_text("level").keep),
    "level_min": Filter(one_of(LEVELS), _level_min),
    "timeseries_id": _events_about(lambda _view, value: {value}),
    "site_id": _events_about(
        lambda view, value: view.world.series_at("site", value, recurse=True)
    ),
    "building_id": _events_about(
        lambda view, value: view.world.series_at("building", value, recurse=True)
    ),
}


def _notifications_of_campaign(view: View, value: int) -> set[int]:
    """Return the ids of the events of a campaign."""
    scopes = _scopes_of_campaign(view, value)
    events = view.world.events.values()
    return {event.id for event in events if event.scope_id in scopes}


NOTIFICATIONS: Filters = {
    **_TIMES,
    "read": flag("read"),
    "user_id": same("user_id"),
    "event_id": same("event_id"),
    "campaign_id": ids(_notifications_of_campaign, "event_id"),
}
