"""Which of its abilities a server has: no answer tells its release.

Source: ../shared/wire/milesight.md §6 and §8. An endpoint that a release does not have
is a verdict, not an outage. A server that fails while it is asked leaves the question
open, and is asked again.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from enum import StrEnum

from ..errors import NotFoundError, PermissionDeniedError, ServerFaultError
from .client import MilesightClient

_NO_ENTITY = "1"
"""An id that no entity has, so that the answer is short."""


class LatestBy(StrEnum):
    """How the latest values of many entities are read."""

    BATCH = "batch"
    """Many in one request, with their times (since 1.3.0)."""

    PAGES = "pages"
    """Pages of all entities, without times (since 1.2.3)."""

    SINGLE = "single"
    """One request each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a server can do; `None` where that is not known yet."""

    batch: bool | None = None
    pages: bool | None = None
    broker: bool | None = None

    @property
    def latest_by(self) -> LatestBy:
        """Return the best way to read latest values that the server surely has."""
        if self.batch:
            return LatestBy.BATCH
        return LatestBy.PAGES if self.pages else LatestBy.SINGLE

    def doubted(self) -> Abilities:
        """Return only what a newer release would not change."""
        return self if self.batch else replace(self, batch=None, pages=None)

    @property
    def may_have_websocket(self) -> bool:
        """Tell whether the release may be old enough for the WebSocket, up to 1.2.1."""
        return not self.batch and not self.pages


async def probe(client: MilesightClient, known: Abilities) -> Abilities:
    """Return what a server can do, asking only for what is not known.

    A release that has the batch has the pages too, so that two requests tell a new
    server, and three an old one.
    """
    if known.batch is None:
        batch = await _has(client.statuses([_NO_ENTITY]))
        known = replace(known, batch=batch)
    if known.pages is None:
        pages = known.batch or await _has(client.entity_values(1, size=1))
        known = replace(known, pages=pages)
    if known.broker is None:
        known = replace(known, broker=await _has(client.broker_info()))
    return known


async def _has(answer: Awaitable[object]) -> bool | None:
    """Tell whether an endpoint exists."""
    try:
        await answer
    except NotFoundError:
        return False
    except PermissionDeniedError:
        return True
    except ServerFaultError:
        return None
    return True
