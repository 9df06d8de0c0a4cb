"""Answers of the resources: lists and single rows of everything but points.

Writing them is not simulated, only refused like on the server; see `writing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from simulators.faults import Row

from . import filters, link_rows
from .auth import read_json
from .filters import Filters
from .permissions import View
from .query import Query, integer, page_size, positive
from .rows import Rows
from .units import UndefinedUnitError, unit
from .wire import MISSING, ApiError, entity_tag, forbidden, invalid, pagination, tagged

_DEFAULT_SIZE = 10


@dataclass(frozen=True, slots=True)
class Resource:
    """A collection of the API.

    Only `paged` ones have X-Pagination. `scope_of` is the field with the scope that
    grants access to a row, which also makes rows repeat. `fields` are those of a POST,
    with True if required; without any, writing is a 405.

    Source: docs/wire/bemserver.md, Paging.
    """

    rows: Rows
    filters: Filters = field(default_factory=dict)
    paged: bool = False
    etag: bool = True
    scope_of: str | None = None
    fields: Mapping[str, bool] | None = None


def get_rows(resource: Resource, view: View, request: web.Request) -> web.Response:
    """Answer GET on the collection."""
    query = Query(request.query)
    page = query.read("page", positive, 1)
    size = query.read("page_size", page_size, _DEFAULT_SIZE)
    predicates = [
        item.predicate(name, query, view) for name, item in resource.filters.items()
    ]
    query.check()
    found = resource.rows(view)
    for predicate in predicates:
        if predicate is not None:
            found = [row for row in found if predicate(row)]
    if any(
        resource.filters[name].joins
        for name in request.query
        if name in resource.filters
    ):
        found = sorted(found, key=lambda row: int(str(row["id"])))
    found = _sorted(found, request.query.get("sort", ""))
    if not resource.paged:
        return tagged(request, [*found], etag=resource.etag)
    found = _repeated(resource, view, found)
    part = found[(page - 1) * size : page * size]
    unique = list({id(row): row for row in part}.values())
    pages = pagination(len(found), page, size)
    return tagged(request, [*unique], pages, etag=resource.etag)


def get_row(resource: Resource, view: View, request: web.Request) -> web.Response:
    """Answer GET on one row: 404 if it is unknown, 403 if the user may not see it."""
    return tagged(request, find(resource.rows, view, request), etag=resource.etag)


async def refuse_creation(
    resource: Resource, view: View, request: web.Request
) -> web.Response:
    """Refuse a POST; raise ApiError."""
    body = await read_json(request)
    _validate(resource, body)
    if not view.unrestricted:
        raise forbidden()
    for row in resource.rows(view):
        if all(row.get(name) == body.get(name) for name in ("name", "campaign_id")):
            raise ApiError(409, "Unique constraint violation")
    raise ApiError(501, "The simulator is read-only")


async def refuse_change(
    resource: Resource, view: View, request: web.Request
) -> web.Response:
    """Refuse a PUT or DELETE; raise ApiError."""
    check_tag(find(resource.rows, view.everything(), request), request)
    raise (
        ApiError(501, "The simulator is read-only")
        if view.unrestricted
        else forbidden()
    )


def check_tag(row: Row, request: web.Request) -> None:
    """Raise ApiError 428 without If-Match, and 412 for that of another row."""
    given = request.headers.get(hdrs.IF_MATCH)
    if given is None:
        raise ApiError(428)
    if given.strip('"') != entity_tag(row):
        raise ApiError(412)


def find(rows: Rows, view: View, request: web.Request) -> Row:
    """Return the row in the path; raise ApiError 403 or 404."""
    number = int(request.match_info["id"])
    for wanted in (view, view.everything()):
        for row in rows(wanted):
            if row.get("id") == number:
                if wanted is not view:
                    raise forbidden()
                return row
    raise ApiError(404)


def _sorted(found: list[Row], sort: str) -> list[Row]:
    """Sort by one field, or by several with commas; a minus is descending."""
    for part in reversed([part.strip() for part in sort.split(",") if part.strip()]):
        name = part.lstrip("+-")
        found = sorted(
            found, key=lambda row: str(row.get(name, "")), reverse=part.startswith("-")
        )
    return found


def _repeated(resource: Resource, view: View, found: list[Row]) -> list[Row]:
    """Return each row once per group that grants the user access to it.

    The server counts and pages these, and only then removes the repeats within a page.
    """
    if resource.scope_of is None or view.unrestricted:
        return found
    grants, world = view.grants(), view.world
    repeated = []
    for row in found:
        number = row[resource.scope_of]
        if resource.scope_of == "timeseries_id" and isinstance(number, int):
            number = world.series[number].scope_id
        repeated += [row] * (grants[number] if isinstance(number, int) else 1)
    return repeated


def _validate(resource: Resource, body: Row) -> None:
    """Raise ApiError 422 for missing and unknown fields and undefined units."""
    fields = resource.fields or {}
    errors: Row = {
        name: [MISSING]
        for name, required in fields.items()
        if required and name not in body
    }
    errors |= {name: ["Unknown field."] for name in body if name not in fields}
    symbol = body.get("unit_symbol")
    if isinstance(symbol, str):
        try:
            unit(symbol)
        except UndefinedUnitError as error:
            errors["unit_symbol"] = [str(error)]
    if errors and fields:
        raise invalid(json=errors)


def count_by_campaign(view: View, request: web.Request) -> web.Response:
    """Answer GET /notifications/count_by_campaign; 403 for other users."""
    query = Query(request.query)
    user_id = query.require("user_id", integer, 0)
    read = filters.NOTIFICATIONS["read"].predicate("read", query, view)
    query.check()
    if user_id != view.user.id and not view.unrestricted:
        raise forbidden()
    world = view.world
    counts: dict[int, int] = {}
    for row in link_rows.notifications(view.everything()):
        if row["user_id"] == user_id and (read is None or read(row)):
            event = world.events[int(str(row["event_id"]))]
            campaign = world.scopes[event.scope_id].campaign_id
            counts[campaign] = counts.get(campaign, 0) + 1
    return tagged(
        request,
        {
            "total": sum(counts.values()),
            "campaigns": [
                {
                    "campaign_id": number,
                    "campaign_name": world.campaigns[number].name,
                    "count": count,
                }
                for number, count in sorted(counts.items())
            ],
        },
    )
