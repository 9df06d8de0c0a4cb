"""Rows of links: series to places, events to series, notifications to users."""

from collections.abc import Mapping

from simulators.faults import Row

from .model import Kind
from .permissions import View
from .rows import Rows, event_row, inner, iso, place_row, row, series_row

_AREA: Row = {"name": "Area", "value_type": "float", "unit_symbol": "m²"}
_TASKS: Mapping[str, Row] = {
    "CheckMissingData": {"min_completeness_ratio": 0.9},
    "CheckOutliers": {"min_correctness_ratio": 0.9},
    "Cleanup": {},
    "DownloadWeatherData": {"sites": [], "forecast": False},
}


def place_links(kind: Kind) -> Rows:
    """Return the links between series and a kind of place, with its parents."""

    def rows(view: View) -> list[Row]:
        """Return the links that the user may see."""
        found = []
        for number, link in view.world.place_links[kind].items():
            if not view.can_see_series(view.world.series[link.series_id]):
                continue
            if not view.can_see_place(kind, link.place_id):
                continue
            shown: Row = {"id": number}
            for name, place_id in reversed(
                [*view.world.ancestors(kind, link.place_id)]
            ):
                shown[name] = inner(place_row(name, view.world.place(name, place_id)))
            shown["timeseries_id"] = link.series_id
            shown[f"{kind}_id"] = link.place_id
            found.append(shown)
        return found

    return rows


def energy_links(kind: Kind, *, production: bool) -> Rows:
    """Return the links of the consumption or production of a kind of place."""
    detail = "prod_tech_id" if production else "end_use_id"

    def rows(view: View) -> list[Row]:
        """Return the links that the user may see."""
        world = view.world
        tables = world.production if production else world.consumption
        return [
            {
                "id": number,
                "timeseries": inner(series_row(world.series[link.series_id])),
                f"{kind}_id": link.place_id,
                "energy_id": link.energy_id,
                detail: link.detail_id,
                "timeseries_id": link.series_id,
            }
            for number, link in tables[kind].items()
            if view.can_see_series(world.series[link.series_id])
        ]

    return rows


def weather(view: View) -> list[Row]:
    """Return the links between series and the weather of sites."""
    world = view.world
    return [
        row(
            id=number,
            parameter=link.parameter,
            timeseries=inner(series_row(world.series[link.series_id])),
            site_id=link.site_id,
            timeseries_id=link.series_id,
            forecast=link.forecast,
        )
        for number, link in world.weather.items()
        if view.can_see_series(world.series[link.series_id])
    ]


def event_links(view: View) -> list[Row]:
    """Return the links between events and series."""
    found: list[Row] = []
    for event in view.world.events.values():
        for number in event.series:
            about = view.world.series.get(number)
            if about is None or not view.can_see_series(about):
                continue
            found.append(
                row(
                    id=len(found) + 1,
                    timeseries=inner(series_row(about)),
                    event=inner(event_row(event)),
                    timeseries_id=number,
                    event_id=event.id,
                )
            )
    return found


def notifications(view: View) -> list[Row]:
    """Return the notifications; users only see their own."""
    return [
        row(
            id=item.id,
            event=inner(event_row(view.world.events[item.event_id])),
            user_id=item.user_id,
            event_id=item.event_id,
            timestamp=iso(item.timestamp),
            read=item.read,
        )
        for item in view.world.notifications.values()
        if view.unrestricted or item.user_id == view.user.id
    ]


def element_properties(_view: View) -> list[Row]:
    """Return the properties that places may have."""
    return [{"id": 1, **_AREA}]


def area_properties(kind: Kind) -> Rows:
    """Return the properties of a kind of place, which is always the area."""
    del kind  # All kinds have the same property.
    shown: Row = {
        "id": 1,
        "structural_element_property": dict(_AREA),
        "structural_element_property_id": 1,
    }
    return lambda _view: [shown]


def areas(kind: Kind) -> Rows:
    """Return the areas of a kind of place."""

    def rows(view: View) -> list[Row]:
        """Return the areas of the places that the user may see."""
        (known,) = area_properties(kind)(view)
        found = [
            place
            for place in view.world.places[kind].values()
            if place.area is not None and view.can_see_place(kind, place.id)
        ]
        return [
            {
                "id": number,
                f"{kind}_property": inner(known),
                f"{kind}_id": place.id,
                f"{kind}_property_id": 1,
                "value": f"{place.area:g}",
            }
            for number, place in enumerate(found, 1)
        ]

    return rows


def tasks(_view: View) -> list[Row]:
    """Return the tasks that the server can run."""
    return [
        {"name": name, "default_parameters": parameters, "schedule": {}}
        for name, parameters in _TASKS.items()
    ]
