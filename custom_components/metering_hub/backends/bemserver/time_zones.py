"""In which time zone the days of a campaign begin."""

import asyncio
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from .models import Campaign


class Zones:
    """Knows the campaigns' time zones; the first campaign's stands for unknown ones."""

    def __init__(self) -> None:
        """Start with none: days begin in UTC."""
        self._by_name: dict[str, ZoneInfo] = {}
        self._by_campaign: Mapping[int, ZoneInfo] = {}
        self.default = ZoneInfo("UTC")

    def of(self, campaign_id: int) -> ZoneInfo:
        """Return a campaign's zone; of one that is invisible, what others have."""
        return self._by_campaign.get(campaign_id, self.default)

    async def load(self, campaigns: Iterable[Campaign]) -> None:
        """Read the zones of all campaigns from disk, each once, not in the loop."""
        found: dict[int, ZoneInfo] = {}
        for campaign in campaigns:
            name = campaign.zone or ""
            if name and name not in self._by_name:
                zone = await asyncio.to_thread(_zone, name)
                if zone is not None:
                    self._by_name[name] = zone
            if name in self._by_name:
                found[campaign.id] = self._by_name[name]
        self._by_campaign = found
        self.default = next(iter(found.values()), ZoneInfo("UTC"))


def _zone(name: str) -> ZoneInfo | None:
    """Return a time zone by its IANA name, if there is such a one; reads a file."""
    try:
        return ZoneInfo(name)
    except KeyError, OSError, ValueError:
        return None
