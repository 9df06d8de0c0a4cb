"""Find out which features a server has, since it does not report its release.

A missing endpoint means that the release does not have the feature. If the server fails
on a request, the feature stays undetermined and is probed again.
Source: docs/wire/milesight.md, Releases.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from enum import StrEnum

from ..errors import NotFoundError, PermissionDeniedError, ServerFaultError
from .client import MilesightClient, MissingEndpointError

_UNUSED_ID = "1"
"""An id that no entity has, so that the answer is short."""


class LatestEndpoint(StrEnum):
    """The endpoint through which latest values are read."""

    BATCH = "batch"
    """entity/batch-get-status: many values with their times (since 1.3.0)."""

    PAGES = "pages"
    """entity/advanced-search: pages of values without times (since 1.2.3)."""

    SINGLE = "single"
    """entity/{id}/status: one value per request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """The features of a server; `None` if undetermined.

    `batch` and `pages` are the endpoints of the same name.
    """

    batch: bool | None = None
    pages: bool | None = None

    @property
    def latest_endpoint(self) -> LatestEndpoint:
        """Return the most efficient endpoint that the server is known to have."""
        if self.batch:
            return LatestEndpoint.BATCH
        return LatestEndpoint.PAGES if self.pages else LatestEndpoint.SINGLE

    @property
    def may_have_websocket(self) -> bool:
        """Return True if the release may be old enough for the WebSocket."""
        return not self.batch and not self.pages

    def without_upgradable(self) -> Features:
        """Return the features that an upgrade of the server would not change."""
        return self if self.batch else Features()


async def probe_features(client: MilesightClient, features: Features) -> Features:
    """Return the features of a server; only undetermined ones are probed.

    A release with the batch endpoint also has the pages, so a new server takes one
    request and an old one two.
    """
    if features.batch is None:
        has_batch = await _has_endpoint(client.statuses([_UNUSED_ID]))
        features = replace(features, batch=has_batch)
    if features.pages is None:
        has_pages = features.batch or await _has_endpoint(
            client.entity_values(1, size=1)
        )
        features = replace(features, pages=has_pages)
    return features


async def _has_endpoint(answer: Awaitable[object]) -> bool | None:
    """Return True if an endpoint exists, `None` if the server failed to answer."""
    try:
        await answer
    except MissingEndpointError:
        return False
    except PermissionDeniedError:
        return True
    except NotFoundError, ServerFaultError:
        return None
    return True
