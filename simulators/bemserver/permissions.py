"""What a user may see of the world."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from .model import Group, Kind, Series, User, World


@dataclass(frozen=True, slots=True)
class View:
    """The world with the eyes of a user at a moment.

    `groups` are those that he is in; an administrator needs none. `users` is
    everybody, `all_groups` every group.
    """

    world: World
    user: User
    groups: tuple[Group, ...]
    users: tuple[User, ...]
    all_groups: tuple[Group, ...]
    now: datetime
    unrestricted: bool

    def can_see_campaign(self, campaign_id: int) -> bool:
        """Tell whether a campaign and its places may be seen."""
        return self.unrestricted or any(
            campaign_id in group.campaigns for group in self.groups
        )

    def can_see_place(self, kind: Kind, place_id: int) -> bool:
        """Tell whether a place may be seen."""
        return self.can_see_campaign(self.world.campaign_of(kind, place_id))

    def can_see_scope(self, scope_id: int) -> bool:
        """Tell whether a scope, its series, links and events may be seen."""
        return self.unrestricted or any(
            scope_id in group.scopes for group in self.groups
        )

    def can_see_series(self, series: Series) -> bool:
        """Tell whether a series and its data may be seen."""
        return self.can_see_scope(series.scope_id)

    def grants(self) -> Counter[int]:
        """Return how many groups let the user into each scope."""
        return Counter(scope for group in self.groups for scope in group.scopes)

    def everything(self) -> View:
        """Return the view of somebody who may see all."""
        return replace(self, unrestricted=True)
