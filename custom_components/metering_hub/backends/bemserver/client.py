"""BEMServer's catalogue, events and notifications: one method per endpoint.

Source: docs/wire/bemserver.md, Catalogue and Events. Collections end in a slash:
without it, the server redirects to a wrong port.

Every method raises only BackendError: the errors of `HttpClient.request`, and those of
`classify`.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
import re

from ..common.bounds import MAX_PLACES, check_row_count
from ..common.http import HttpClient
from ..common.messages import Answer
from ..common.parse import as_integer, as_object, as_whole_text
from ..common.shapes import require_object, require_objects
from ..errors import BackendError, NotFoundError, ProtocolError
from .api_address import ApiAddress
from .models import (
    Campaign,
    EnergyLink,
    Event,
    NamedItem,
    Place,
    PlaceKind,
    PlaceLink,
    PropertyValue,
    Scope,
    Series,
    User,
    WeatherLink,
    parse_campaign,
    parse_energy_link,
    parse_event,
    parse_named_item,
    parse_place,
    parse_place_link,
    parse_property_value,
    parse_scope,
    parse_series,
    parse_user,
    parse_weather_link,
)
from .paging import ListReader, Params

EVENT_LEVELS = ("WARNING", "ERROR", "CRITICAL")
"""The levels of events to report, in ascending order."""

_NUMBERS = re.compile(r"\b[0-9]{1,18}\b")


class UnknownSeriesError(ProtocolError):
    """The request contains series that the server does not have: `ids`."""

    def __init__(self, message: str = "", *, ids: frozenset[int] = frozenset()) -> None:
        """Initialize with the ids that the server named."""
        super().__init__(message)
        self.ids = ids


class NoDataError(NotFoundError):
    """The server lacks the data to compute an analysis."""


class StaleTagError(ProtocolError):
    """What was to be changed has changed since it was read."""


class BemserverClient:
    """The endpoints that return lists, and the counts of notifications."""

    def __init__(self, http: HttpClient, api: ApiAddress) -> None:
        """Initialize with a client that logs in."""
        self._http = http
        self._api = api
        self._lists = ListReader(http, api)

    @property
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead of Home Assistant's."""
        return self._http.clock_offset

    def start_round(self, pages: int) -> None:
        """Allow so many later pages of long lists to be read again."""
        self._lists.start_round(pages)

    async def own_user(self, email: str) -> User:
        """GET /users/: return the user with this email address.

        [{id, name, email, is_admin, is_active}]. Administrators see all users, others
        only themselves. Raises ProtocolError if the user is not among them.
        """
        users = await self._lists.whole("/users/", parse_user)
        own = [user for user in users if user.email == email]
        if len(users) == 1:
            own = [*users]
        if len(own) != 1:
            raise ProtocolError("GET /users/: the logged-in user is not listed")
        return own[0]

    async def campaigns(self) -> Sequence[Campaign]:
        """GET /campaigns/: [{id, name, timezone, start_time?, end_time?}].

        Raises TooManyRowsError: each takes requests of its own.
        """
        found = await self._lists.whole("/campaigns/", parse_campaign)
        check_row_count(len(found), "GET /campaigns/", MAX_PLACES)
        return found

    async def scopes(self) -> Sequence[Scope]:
        """GET /campaign_scopes/: [{id, name, campaign_id}].

        Raises TooManyRowsError: each may take requests of its own.
        """
        found = await self._lists.whole("/campaign_scopes/", parse_scope)
        check_row_count(len(found), "GET /campaign_scopes/", MAX_PLACES)
        return found

    async def places(self, kind: PlaceKind) -> Sequence[Place]:
        """GET /sites/, /buildings/, /storeys/, /spaces/, /zones/: {id, name, ...}."""
        return await self._lists.whole(f"/{kind}s/", partial(parse_place, kind))

    async def campaign_series(self, campaign_id: int) -> Sequence[Series]:
        """GET /timeseries/ of a campaign, paged.

        [{id, name, description?, unit_symbol, campaign_id, campaign_scope_id}]. Names
        are unique only within a campaign, and pages need a fixed order. Raises
        PermissionDeniedError if the user may not see the campaign.
        """
        params: Params = {"campaign_id": campaign_id, "sort": "name"}
        return await self._lists.paged("/timeseries/", params, parse_series)

    async def scope_series(self, scope_id: int) -> Sequence[Series]:
        """GET /timeseries/ of a scope, paged; its campaign may be invisible."""
        params: Params = {"campaign_scope_id": scope_id, "sort": "name"}
        return await self._lists.paged("/timeseries/", params, parse_series)

    async def place_links(self, kind: PlaceKind) -> Sequence[PlaceLink]:
        """GET /timeseries_by_sites/ etc., paged: [{timeseries_id, site_id}]."""
        endpoint = f"/timeseries_by_{kind}s/"
        return await self._lists.paged(endpoint, {}, partial(parse_place_link, kind))

    async def consumption_links(self, kind: PlaceKind) -> Sequence[EnergyLink]:
        """GET /energy_consumption_timeseries_by_sites/ or _by_buildings/.

        [{timeseries_id, site_id, energy_id, end_use_id}].
        """
        parse = partial(parse_energy_link, kind, produced=False)
        endpoint = f"/energy_consumption_timeseries_by_{kind}s/"
        return await self._lists.whole(endpoint, parse)

    async def production_links(self, kind: PlaceKind) -> Sequence[EnergyLink]:
        """GET /energy_production_timeseries_by_sites/ or _by_buildings/.

        [{timeseries_id, site_id, energy_id, prod_tech_id}].
        """
        parse = partial(parse_energy_link, kind, produced=True)
        endpoint = f"/energy_production_timeseries_by_{kind}s/"
        return await self._lists.whole(endpoint, parse)

    async def weather_links(self) -> Sequence[WeatherLink]:
        """GET /weather_timeseries_by_sites/.

        [{timeseries_id, site_id, parameter, forecast}].
        """
        endpoint = "/weather_timeseries_by_sites/"
        return await self._lists.whole(endpoint, parse_weather_link)

    async def energies(self) -> Sequence[NamedItem]:
        """GET /energies/: "all", "electricity", "natural gas"..."""
        return await self._lists.whole("/energies/", parse_named_item)

    async def end_uses(self) -> Sequence[NamedItem]:
        """GET /energy_end_uses/: "all", "heating", "lighting"..."""
        return await self._lists.whole("/energy_end_uses/", parse_named_item)

    async def technologies(self) -> Sequence[NamedItem]:
        """GET /energy_production_technologies/: "all", "PV panels"..."""
        endpoint = "/energy_production_technologies/"
        return await self._lists.whole(endpoint, parse_named_item)

    async def properties(self) -> Sequence[NamedItem]:
        """GET /timeseries_properties/: "Min", "Max", "Interval" (in seconds)..."""
        return await self._lists.whole("/timeseries_properties/", parse_named_item)

    async def property_values(self, property_id: int) -> Sequence[PropertyValue]:
        """GET /timeseries_property_data/ of a property: [{timeseries_id, value}]."""
        endpoint, params = "/timeseries_property_data/", {"property_id": property_id}
        return await self._lists.whole(endpoint, parse_property_value, params)

    async def data_states(self) -> Sequence[NamedItem]:
        """GET /timeseries_data_states/: "Raw", "Clean", and custom ones."""
        return await self._lists.whole("/timeseries_data_states/", parse_named_item)

    async def event_categories(self) -> Sequence[NamedItem]:
        """GET /event_categories/: "Data missing", "Data outliers"..."""
        return await self._lists.whole("/event_categories/", parse_named_item)

    async def latest_event(self, campaign_id: int) -> Event | None:
        """GET /events/ of a campaign: return the latest with a level of EVENT_LEVELS.

        [{timestamp, level, campaign_scope_id, category_id, source, description?}].
        """
        params: Params = {
            "campaign_id": campaign_id,
            "level_min": EVENT_LEVELS[0],
            "sort": "-timestamp",
            "page_size": 1,
        }
        events = await self._lists.whole("/events/", parse_event, params)
        return max(events, key=lambda event: event.time, default=None)

    async def unread_notifications(self, user_id: int) -> Mapping[int, int]:
        """GET /notifications/count_by_campaign: return unread counts by campaign id.

        {"total", "campaigns": [{campaign_id, campaign_name, count}]}.
        """
        endpoint = "/notifications/count_by_campaign"
        params: Params = {"user_id": user_id, "read": "false"}
        answer = await self._http.get(self._api.path(endpoint), params)
        body = require_object(answer, f"GET {endpoint}")
        counts: dict[int, int] = {}
        for row in require_objects(body.get("campaigns"), f"GET {endpoint}"):
            campaign_id = as_integer(row.get("campaign_id"))
            count = as_integer(row.get("count"))
            if campaign_id is not None and count is not None:
                counts[campaign_id] = count
        return counts


def classify(answer: Answer) -> BackendError | None:
    """Return the error for an answer with a meaning of its own in BEMServer.

    NoDataError for 409: the server lacks the data to compute an analysis.
    UnknownSeriesError for a 422 that names unknown series. StaleTagError for 412.
    Source: docs/wire/bemserver.md, Conventions and Time series data.
    """
    if answer.status == 412:
        return StaleTagError("it has changed meanwhile")
    if answer.status == 409:
        return NoDataError("the server lacks the data to compute this")
    message = as_whole_text(as_object(answer.body).get("message")) or ""
    if answer.status == 422 and message.startswith("Unknown timeseries"):
        ids = frozenset(map(int, _NUMBERS.findall(message)[:1000]))
        return UnknownSeriesError("unknown series", ids=ids)
    return None
