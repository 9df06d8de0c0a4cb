"""The collections of the API: their rows, filters and fields of a POST."""

from collections.abc import Mapping

from . import filters, link_rows, rows
from .filters import Filters, same
from .model import CATEGORIES, KINDS, Kind
from .resources import Resource

_NAMED = {"name": True, "description": False}
_PLACE_FILTERS: Mapping[Kind, Filters] = {
    "site": {**filters.OF_CAMPAIGN, "ifc_id": filters.is_text("ifc_id")},
    "building": {
        **filters.NAME,
        "site_id": same("site_id"),
        "campaign_id": filters.ids(
            lambda view, value: {
                place.id
                for place in view.world.places["site"].values()
                if place.parent == value
            },
            "site_id",
        ),
    },
    "storey": {**filters.NAME, "building_id": same("building_id")},
    "space": {**filters.NAME, "storey_id": same("storey_id")},
    "zone": filters.OF_CAMPAIGN,
}
_PLACE_FIELDS: Mapping[Kind, Mapping[str, bool]] = {
    "site": {
        **_NAMED,
        **dict.fromkeys(("latitude", "longitude", "ifc_id"), False),
        "campaign_id": True,
    },
    "building": {**_NAMED, "site_id": True},
    "storey": {**_NAMED, "building_id": True},
    "space": {**_NAMED, "storey_id": True},
    "zone": {**_NAMED, "campaign_id": True},
}
_SERIES_FIELDS = {
    **_NAMED,
    "unit_symbol": False,
    "campaign_id": True,
    "campaign_scope_id": True,
}


def _energy(kind: Kind, *, production: bool) -> Resource:
    """Return the resource of the energy links of a kind of place."""
    detail = "prod_tech_id" if production else "end_use_id"
    fields = (f"{kind}_id", "energy_id", detail, "timeseries_id")
    return Resource(
        link_rows.energy_links(kind, production=production),
        {name: same(name) for name in fields},
        fields=dict.fromkeys(fields, True),
    )


def _links(kind: Kind) -> Resource:
    """Return the resource of the links between series and a kind of place."""
    fields = ("timeseries_id", f"{kind}_id")
    return Resource(
        link_rows.place_links(kind),
        {name: same(name) for name in fields},
        paged=True,
        etag=False,
        scope_of="timeseries_id",
        fields=dict.fromkeys(fields, True),
    )


RESOURCES: Mapping[str, Resource] = {
    "users": Resource(rows.users, filters.NAME),
    "user_groups": Resource(rows.user_groups, filters.NAME),
    "campaigns": Resource(
        rows.campaigns, filters.NAME, fields={**_NAMED, "timezone": True}
    ),
    "campaign_scopes": Resource(
        rows.scopes, filters.OF_CAMPAIGN, fields={**_NAMED, "campaign_id": True}
    ),
    **{
        f"{kind}s": Resource(
            rows.places(kind), _PLACE_FILTERS[kind], fields=_PLACE_FIELDS[kind]
        )
        for kind in KINDS
    },
    "timeseries": Resource(
        rows.series,
        filters.SERIES,
        paged=True,
        scope_of="campaign_scope_id",
        fields=_SERIES_FIELDS,
    ),
    **{f"timeseries_by_{kind}s": _links(kind) for kind in KINDS},
    "timeseries_by_events": Resource(
        link_rows.event_links,
        {name: same(name) for name in ("timeseries_id", "event_id")},
        paged=True,
        etag=False,
        scope_of="timeseries_id",
        fields={"timeseries_id": True, "event_id": True},
    ),
    "timeseries_properties": Resource(rows.properties, fields=_NAMED),
    "timeseries_property_data": Resource(
        rows.property_data,
        {name: same(name) for name in ("timeseries_id", "property_id")},
        fields={"timeseries_id": True, "property_id": True, "value": True},
    ),
    "timeseries_data_states": Resource(rows.STATE_ROWS, fields={"name": True}),
    "energies": Resource(rows.ENERGY_ROWS),
    "energy_end_uses": Resource(rows.END_USE_ROWS),
    "energy_production_technologies": Resource(rows.TECHNOLOGY_ROWS),
    **{
        f"energy_{name}_timeseries_by_{kind}s": _energy(kind, production=made)
        for name, made in (("consumption", False), ("production", True))
        for kind in KINDS[:2]
    },
    "weather_timeseries_by_sites": Resource(
        link_rows.weather,
        filters.WEATHER,
        fields=dict.fromkeys(("site_id", "parameter", "timeseries_id"), True),
    ),
    "events": Resource(
        rows.events, filters.EVENTS, paged=True, scope_of="campaign_scope_id"
    ),
    "event_categories": Resource(rows.names(CATEGORIES), fields=_NAMED),
    "event_categories_by_users": Resource(lambda _view: []),
    "notifications": Resource(
        link_rows.notifications, filters.NOTIFICATIONS, paged=True
    ),
    "structural_element_properties": Resource(link_rows.element_properties),
    **{
        f"{kind}_properties": Resource(link_rows.area_properties(kind), etag=False)
        for kind in KINDS[:2]
    },
    **{
        f"{kind}_property_data": Resource(
            link_rows.areas(kind), {f"{kind}_id": same(f"{kind}_id")}
        )
        for kind in KINDS[:2]
    },
    "tasks": Resource(link_rows.tasks, etag=False),
}
