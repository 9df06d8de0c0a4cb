"""The time zones in which the days of campaigns begin."""

import asyncio
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from .models import Campaign


class TimeZones:
    """The time zone of each campaign; the first campaign's is the default."""

    def __init__(self) -> None:
        """Initialize without campaigns: days begin in UTC."""
        self._by_name: dict[str, ZoneInfo] = {}
        self._by_campaign: Mapping[int, ZoneInfo] = {}
        self._default = ZoneInfo("UTC")

    @property
    def default(self) -> ZoneInfo:
        """Return the time zone of the first campaign that has one."""
        return self._default

    def of(self, campaign_id: int) -> ZoneInfo:
        """Return the time zone of a campaign; the default if it is invisible."""
        return self._by_campaign.get(campaign_id, self._default)

    async def load(self, campaigns: Iterable[Campaign]) -> None:
        """Load the zones of all campaigns, reading each file once, in a thread."""
        found: dict[int, ZoneInfo] = {}
        for campaign in campaigns:
            name = campaign.zone or ""
            if name and name not in self._by_name:
                zone = await asyncio.to_thread(_load_zone, name)
                if zone is not None:
                    self._by_name[name] = zone
            if name in self._by_name:
                found[campaign.id] = self._by_name[name]
        self._by_campaign = found
        self._default = next(iter(found.values()), ZoneInfo("UTC"))


def _load_zone(name: str) -> ZoneInfo | None:
    """Return a time zone by its IANA name, or `None` if there is no such zone."""
    try:
        return ZoneInfo(name)
    except KeyError, OSError, ValueError:
        return None
