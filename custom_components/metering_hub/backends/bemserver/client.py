"""BEMServer's catalogue, one method per endpoint.

Source of every wire fact: ../shared/wire/bemserver.md, observed on bemserver-api 0.27.
Lists have a slash at their end; without it the server redirects to a wrong port. Every
answer of the catalogue has an ETag: what is kept is only asked for whether it still
stands. Only series, their places, events and notifications come in pages.

Every method raises only BackendError, as `HttpClient.request` does, and: NotFoundError
for 409 (the server has nothing to work it out from), UnknownSeriesError for series that
the server does not know.
"""

from collections.abc import Mapping, Sequence
from functools import partial
import re

from ..common.http import Answer, HttpClient
from ..common.parse import as_integer, as_object, as_objects, as_text
from ..errors import BackendError, NotFoundError, ProtocolError
from .models import (
    Campaign,
    EnergyLink,
    Event,
    Named,
    Notification,
    Place,
    PlaceKind,
    PlaceLink,
    Property,
    Scope,
    Series,
    User,
    WeatherLink,
    parse_campaign,
    parse_energy_link,
    parse_event,
    parse_named,
    parse_notification,
    parse_place,
    parse_place_link,
    parse_property,
    parse_scope,
    parse_series,
    parse_user,
    parse_weather_link,
)
from .paging import Lists, Pages, Params

EVENT_LEVELS = ("WARNING", "ERROR", "CRITICAL")

_NUMBERS = re.compile(r"\d+")


class UnknownSeriesError(ProtocolError):
    """The server does not know some of the series that it was asked for: `ids`."""

    def __init__(self, message: str = "", *, ids: frozenset[int] = frozenset()) -> None:
        """Keep which."""
        super().__init__(message)
        self.ids = ids


class BemserverClient:
    """The endpoints of the catalogue that the integration uses."""

    def __init__(self, http: HttpClient, open_http: HttpClient) -> None:
        """Take a client that is logged in, and one that need not be."""
        self._http = http
        self._open_http = open_http
        self._lists = Lists(http)

    @property
    def pages(self) -> Pages:
        """Return what chooses the pages of long lists to ask for."""
        return self._lists.pages

    async def version(self) -> str:
        """GET /about/: return the version of the API, such as "0.27.0".

        It needs no login, and is what tells a BEMServer from anything else.
        """
        versions = as_object(
            as_object(await self._open_http.get("/about/")).get("versions")
        )
        if (version := as_text(versions.get("bemserver_api"))) is None:
            raise ProtocolError("GET /about/: not a BEMServer")
        return version

    async def users(self) -> Sequence[User]:
        """GET /users/: [{id, name, email, is_admin, is_active}].

        Who is no administrator sees only himself.
        """
        return await self._lists.all("/users/", parse_user)

    async def campaigns(self) -> Sequence[Campaign]:
        """GET /campaigns/: [{id, name, timezone, start_time?, end_time?}]."""
        return await self._lists.all("/campaigns/", parse_campaign)

    async def scopes(self) -> Sequence[Scope]:
        """GET /campaign_scopes/: [{id, name, campaign_id}]."""
        return await self._lists.all("/campaign_scopes/", parse_scope)

    async def places(self, kind: PlaceKind) -> Sequence[Place]:
        """GET /sites/, /buildings/, /storeys/, /spaces/, /zones/: {id, name, ...}."""
        return await self._lists.all(f"/{kind}s/", partial(parse_place, kind))

    async def series(self, campaign_id: int) -> Sequence[Series]:
        """GET /timeseries/ of a campaign that is visible (403 else), in pages.

        [{id, name, description?, unit_symbol, campaign_id, campaign_scope_id}]. Only
        within a campaign is the order by name a fixed one, which pages need.
        """
        params: Params = {"campaign_id": campaign_id, "sort": "name"}
        return await self._lists.paged("/timeseries/", params, parse_series)

    async def series_of_scope(self, scope_id: int) -> Sequence[Series]:
        """GET /timeseries/ of a scope whose campaign may be invisible, in pages."""
        params: Params = {"campaign_scope_id": scope_id, "sort": "name"}
        return await self._lists.paged("/timeseries/", params, parse_series)

    async def place_links(self, kind: PlaceKind) -> Sequence[PlaceLink]:
        """GET /timeseries_by_sites/ and its like, in pages: {timeseries_id, ...}."""
        path = f"/timeseries_by_{kind}s/"
        return await self._lists.paged(path, {}, partial(parse_place_link, kind))

    async def consumption(self, kind: PlaceKind) -> Sequence[EnergyLink]:
        """GET /energy_consumption_timeseries_by_{sites,buildings}/.

        [{timeseries_id, site_id, energy_id, end_use_id}].
        """
        parse = partial(parse_energy_link, kind, produced=False)
        return await self._lists.all(
            f"/energy_consumption_timeseries_by_{kind}s/", parse
        )

    async def production(self, kind: PlaceKind) -> Sequence[EnergyLink]:
        """GET /energy_production_timeseries_by_{sites,buildings}/: prod_tech_id."""
        parse = partial(parse_energy_link, kind, produced=True)
        return await self._lists.all(
            f"/energy_production_timeseries_by_{kind}s/", parse
        )

    async def weather(self) -> Sequence[WeatherLink]:
        """GET /weather_timeseries_by_sites/.

        [{timeseries_id, site_id, parameter, forecast}].
        """
        return await self._lists.all(
            "/weather_timeseries_by_sites/", parse_weather_link
        )

    async def energies(self) -> Sequence[Named]:
        """GET /energies/: "all", "electricity", "natural gas"..."""
        return await self._lists.all("/energies/", parse_named)

    async def end_uses(self) -> Sequence[Named]:
        """GET /energy_end_uses/: "all", "heating", "lighting"..."""
        return await self._lists.all("/energy_end_uses/", parse_named)

    async def technologies(self) -> Sequence[Named]:
        """GET /energy_production_technologies/: "all", "PV panels"..."""
        return await self._lists.all("/energy_production_technologies/", parse_named)

    async def properties(self) -> Sequence[Named]:
        """GET /timeseries_properties/: "Min", "Max", "Interval" (in seconds)..."""
        return await self._lists.all("/timeseries_properties/", parse_named)

    async def property_values(self, property_id: int) -> Sequence[Property]:
        """GET /timeseries_property_data/ of a property: {timeseries_id, value}."""
        params = {"property_id": property_id}
        return await self._lists.all(
            "/timeseries_property_data/", parse_property, params
        )

    async def data_states(self) -> Sequence[Named]:
        """GET /timeseries_data_states/: "Raw", "Clean", and a server's own ones."""
        return await self._lists.all("/timeseries_data_states/", parse_named)

    async def event_categories(self) -> Sequence[Named]:
        """GET /event_categories/: "Data missing", "Data outliers"..."""
        return await self._lists.all("/event_categories/", parse_named)

    async def last_event(self, campaign_id: int) -> Event | None:
        """GET /events/ of a campaign: return the newest from WARNING on.

        [{timestamp, level, campaign_scope_id, category_id, source, description?}].
        """
        params: Params = {
            "campaign_id": campaign_id,
            "level_min": EVENT_LEVELS[0],
            "sort": "-timestamp",
            "page_size": 1,
        }
        events = await self._lists.all("/events/", parse_event, params)
        return max(events, key=lambda event: event.time, default=None)

    async def notifications(self, user_id: int) -> Sequence[Notification]:
        """GET /notifications/ of a user, all pages, the newest first.

        [{id, event: {timestamp, level, ...}, user_id, event_id, timestamp, read}].
        """
        params: Params = {"user_id": user_id, "sort": "-timestamp"}
        return await self._lists.paged("/notifications/", params, parse_notification)

    async def unread_notifications(self, user_id: int) -> Mapping[int, int]:
        """GET /notifications/count_by_campaign: return the unread ones by campaign.

        {"total", "campaigns": [{campaign_id, campaign_name, count}]}.
        """
        params: Params = {"user_id": user_id, "read": "false"}
        body = await self._http.get("/notifications/count_by_campaign", params)
        counts: dict[int, int] = {}
        for row in as_objects(as_object(body).get("campaigns")):
            number, count = (
                as_integer(row.get("campaign_id")),
                as_integer(row.get("count")),
            )
            if number is not None and count is not None:
                counts[number] = count
        return counts


def classify(answer: Answer) -> BackendError | None:
    """Read what only BEMServer means by an error.

    422 names the unknown series in its text; 409 means that what is asked for cannot
    be worked out (no air temperature at a site).
    """
    if answer.status == 409:
        return NotFoundError("nothing to work it out from")
    message = as_text(as_object(answer.body).get("message")) or ""
    if answer.status == 422 and message.startswith("Unknown timeseries"):
        ids = frozenset(int(number) for number in _NUMBERS.findall(message)[:1000])
        return UnknownSeriesError("unknown series", ids=ids)
    return None
