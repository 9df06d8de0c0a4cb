"""What a user asks BEMServer for now and then, and nothing polls."""

from collections.abc import Mapping
from datetime import datetime
from typing import override

from ...metering.energy_breakdown import BreakdownQuery, EnergyBreakdown
from ...metering.model import Point
from ..base import Backend, DataState, UploadTarget
from ..common.http import HttpClient
from ..errors import NoBreakdownError, ProtocolError, Reason, RejectedError
from .api_address import ApiAddress
from .client import BemserverClient
from .energy_breakdown import BreakdownReader
from .notifications import NotificationReader, NotificationsClient
from .site_readings import SiteOverview
from .time_zones import TimeZones
from .timeseries_client import TimeseriesClient
from .upload import SeriesUploader, state_id


class OnDemandBackend(Backend):
    """The part of the backend that answers actions, by what the inventory found."""

    def __init__(
        self, http: HttpClient, api: ApiAddress, client: BemserverClient
    ) -> None:
        """Initialize with a client that logs in, without an inventory."""
        own = NotificationsClient(http, api)
        self._notifications = NotificationReader(client, own)
        self._breakdowns = BreakdownReader(TimeseriesClient(http, api))
        self._uploader = SeriesUploader(http, api)
        self._zones = TimeZones()
        self._site: SiteOverview | None = None

    @override
    async def energy_breakdown(
        self, device_key: str, query: BreakdownQuery
    ) -> EnergyBreakdown:
        """Return the server's breakdown of a site or building."""
        site = self._known_site()
        if (place := site.place_of(device_key)) is None:
            raise NoBreakdownError("the device is no place")
        zone = self._zones.of(site.catalogue.campaign_of(place) or 0)
        return await self._breakdowns.read(place, site.catalogue, zone, query)

    @override
    async def mark_read(self, point: Point, notification: str) -> None:
        """Mark a notification of a campaign as read."""
        if (source := self._known_site().sources.get(point.key)) is None:
            raise RejectedError(
                "the campaign no longer exists", reason=Reason.NO_LONGER_THERE
            )
        await self._notifications.mark_read(source.number, notification)

    @override
    async def upload_target(self, series: str, campaign: str | None) -> UploadTarget:
        """Return a series by its id, or by its name in a campaign."""
        catalogue = self._known_site().catalogue
        return await self._uploader.target(series, campaign, catalogue)

    @override
    async def upload(
        self, target: UploadTarget, values: Mapping[datetime, float], state: DataState
    ) -> None:
        """Store values in a series, in its unit."""
        names = self._known_site().catalogue.enumerations.states
        await self._uploader.upload(target, values, state_id(state, names))

    def _known_site(self) -> SiteOverview:
        """Return what the last inventory found; raises ProtocolError without one."""
        if self._site is None:
            raise ProtocolError("there is no inventory yet")
        return self._site
