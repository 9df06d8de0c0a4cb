"""Permissions: the part of the world that a user may see."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from .model import Group, Kind, Series, User, World


@dataclass(frozen=True, slots=True)
class View:
    """The world as a user may see it, at a moment.

    `groups` are the user's own; an administrator needs none. `users` and `all_groups`
    are those of the whole server.
    """

    world: World
    user: User
    groups: tuple[Group, ...]
    users: tuple[User, ...]
    all_groups: tuple[Group, ...]
    now: datetime
    unrestricted: bool

    def can_see_campaign(self, campaign_id: int) -> bool:
        """Return True if the user may see a campaign and its places."""
        return self.unrestricted or any(
            campaign_id in group.campaigns for group in self.groups
        )

    def can_see_place(self, kind: Kind, place_id: int) -> bool:
        """Return True if the user may see a place."""
        return self.can_see_campaign(self.world.campaign_of(kind, place_id))

    def can_see_scope(self, scope_id: int) -> bool:
        """Return True if the user may see a scope, its series, links and events."""
        return self.unrestricted or any(
            scope_id in group.scopes for group in self.groups
        )

    def can_see_series(self, series: Series) -> bool:
        """Return True if the user may see a series and its data."""
        return self.can_see_scope(series.scope_id)

    def grants(self) -> Counter[int]:
        """Return the number of groups that grant the user access to each scope."""
        return Counter(scope for group in self.groups for scope in group.scopes)

    def everything(self) -> View:
        """Return a view without restrictions."""
        return replace(self, unrestricted=True)
