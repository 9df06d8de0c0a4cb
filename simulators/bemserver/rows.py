"""The rows of the resources as the API shows them, without null fields.

Source: docs/wire/bemserver.md, Conventions.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from simulators.faults import Json, Row

from .model import (
    END_USES,
    ENERGIES,
    KINDS,
    STATES,
    TECHNOLOGIES,
    Event,
    Kind,
    Place,
    Series,
)
from .permissions import View

type Rows = Callable[[View], list[Row]]


def row(**fields: Json) -> Row:
    """Return a row without null fields."""
    return {name: value for name, value in fields.items() if value is not None}


def iso(at: datetime | None) -> str | None:
    """Return a time as the API shows it: in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat()


def inner(whole: Row) -> Row:
    """Return a row as it is shown inside another one: without its id."""
    return {name: value for name, value in whole.items() if name != "id"}


def names(values: Iterable[str]) -> Rows:
    """Return the rows of an enumeration, whose ids count from 1."""
    found = [row(id=number, name=name) for number, name in enumerate(values, 1)]
    return lambda _view: list(found)


ENERGY_ROWS = names(ENERGIES)
END_USE_ROWS = names(END_USES)
TECHNOLOGY_ROWS = names(TECHNOLOGIES)
STATE_ROWS = names(STATES.values())


def users(view: View) -> list[Row]:
    """Return the users; without administrator rights, only oneself."""
    return [
        row(
            id=user.id,
            name=user.name,
            email=user.email,
            is_admin=user.is_admin,
            is_active=user.is_active,
        )
        for user in view.users
        if view.unrestricted or user is view.user
    ]


def user_groups(view: View) -> list[Row]:
    """Return the groups; without administrator rights, only one's own."""
    groups = view.all_groups if view.unrestricted else view.groups
    return [row(id=group.id, name=group.name) for group in groups]


def campaigns(view: View) -> list[Row]:
    """Return the campaigns."""
    return [
        row(
            id=item.id,
            name=item.name,
            start_time=iso(item.start_time),
            end_time=iso(item.end_time),
            timezone=item.timezone,
            description=item.description,
        )
        for item in view.world.campaigns.values()
        if view.can_see_campaign(item.id)
    ]


def scopes(view: View) -> list[Row]:
    """Return the campaign scopes."""
    return [
        row(
            id=item.id,
            name=item.name,
            description=item.description,
            campaign_id=item.campaign_id,
        )
        for item in view.world.scopes.values()
        if view.can_see_scope(item.id)
    ]


def place_row(kind: Kind, place: Place) -> Row:
    """Return a place; its parent is a campaign or the next larger kind of place."""
    top = kind in ("site", "zone")
    parent = "campaign" if top else KINDS[KINDS.index(kind) - 1]
    return row(
        id=place.id,
        name=place.name,
        latitude=place.latitude,
        longitude=place.longitude,
        description=place.description,
    ) | {f"{parent}_id": place.parent}


def places(kind: Kind) -> Rows:
    """Return the rows of a kind of place."""
    return lambda view: [
        place_row(kind, place)
        for place in view.world.places[kind].values()
        if view.can_see_place(kind, place.id)
    ]


def series_row(series: Series) -> Row:
    """Return a series; an empty unit is kept."""
    return row(
        id=series.id,
        name=series.name,
        unit_symbol=series.unit,
        description=series.description,
        campaign_id=series.campaign_id,
        campaign_scope_id=series.scope_id,
    )


def series(view: View) -> list[Row]:
    """Return the series; unsorted, they are ordered by scope, as observed."""
    found = [item for item in view.world.series.values() if view.can_see_series(item)]
    found.sort(key=lambda item: (item.scope_id, item.id))
    return [series_row(item) for item in found]


def properties(_view: View) -> list[Row]:
    """Return the properties that a series may have."""
    return [
        row(id=1, name="Min", value_type="float", description="Minimum expected value"),
        row(id=2, name="Max", value_type="float", description="Maximum expected value"),
        row(
            id=3,
            name="Interval",
            value_type="float",
            unit_symbol="s",
            description="Expected interval",
        ),
    ]


def property_data(view: View) -> list[Row]:
    """Return the values of the properties; only Interval is set."""
    found = [
        (item.id, item.interval)
        for item in sorted(view.world.series.values(), key=lambda item: item.id)
        if item.interval is not None and view.can_see_series(item)
    ]
    return [
        row(id=number, timeseries_id=number, property_id=3, value=str(interval))
        for number, interval in found
    ]


def event_row(event: Event) -> Row:
    """Return an event."""
    return row(
        id=event.id,
        timestamp=iso(event.timestamp),
        level=event.level,
        campaign_scope_id=event.scope_id,
        category_id=event.category_id,
        source=event.source,
        description=event.description,
    )


def events(view: View) -> list[Row]:
    """Return the events."""
    found = view.world.events.values()
    return [event_row(event) for event in found if view.can_see_scope(event.scope_id)]
