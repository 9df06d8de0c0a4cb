"""The unread notifications of campaigns, and how they are marked as read.

Source: docs/wire/bemserver.md, Events.
"""

import asyncio
from collections.abc import Mapping

from ...metering.notifications import Notification
from ..common.bounds import check_row_count
from ..common.http import HttpClient
from ..common.messages import Request
from ..common.parse import as_object
from ..common.shapes import require_object, require_objects
from ..errors import NotFoundError, ProtocolError, Reason, RejectedError
from .api_address import ApiAddress
from .client import BemserverClient, StaleTagError
from .models import UnreadNotification, parse_notification
from .paging import PAGE_SIZE, Params

MAX_SHOWN = 200
"""The number of notifications of a campaign that are read: two pages."""

_LIST = "/notifications/"


class NotificationsClient:
    """The endpoints of notifications; raises the errors of `BemserverClient`."""

    def __init__(self, http: HttpClient, api: ApiAddress) -> None:
        """Initialize with a client that logs in."""
        self._http = http
        self._api = api

    async def unread(
        self, user_id: int, campaign_id: int, page: int
    ) -> list[UnreadNotification]:
        """GET /notifications/: return a page of a campaign's, newest first.

        [{id, event: {timestamp, level, category_id, source, description?}, read}].
        """
        params: Params = {
            "user_id": user_id,
            "campaign_id": campaign_id,
            "read": "false",
            "sort": "-timestamp",
            "page_size": PAGE_SIZE,
            "page": page,
        }
        request = Request(path=self._api.path(_LIST), params=params)
        answer = await self._http.request(request)
        rows = require_objects(answer.body, request)
        check_row_count(len(rows), f"{request}", PAGE_SIZE)
        return [item for row in rows if (item := parse_notification(row)) is not None]

    async def mark_read(self, number: int) -> None:
        """PUT /notifications/{id} with {"read": true}, unless it is read already.

        Raises StaleTagError if it has changed in between, NotFoundError if it is gone.
        """
        path = self._api.path(f"{_LIST}{number}")
        request = Request(path=path)
        answer = await self._http.request(request)
        if require_object(answer.body, request).get("read") is True:
            return
        change = Request(
            method="PUT",
            path=path,
            json={"read": True},
            idempotent=True,
            if_match=answer.headers.get("ETag"),
        )
        changed = await self._http.request(change)
        if as_object(changed.body).get("read") is not True:
            raise ProtocolError(f"{change}: still unread")


class NotificationReader:
    """Reads how many notifications are unread, and which if that has changed."""

    def __init__(self, client: BemserverClient, own: NotificationsClient) -> None:
        """Initialize without any notifications read."""
        self._client = client
        self._own = own
        self._lock = asyncio.Lock()
        self._counts: Mapping[int, int] | None = None
        self._lists: dict[int, tuple[int, tuple[Notification, ...]]] = {}

    def start_round(self) -> None:
        """Count again when the next one asks, and once for all that ask then."""
        self._counts = None

    async def counts(self, user_id: int) -> Mapping[int, int]:
        """Return the number of unread notifications by campaign; 0 is left out."""
        async with self._lock:
            if self._counts is None:
                self._counts = await self._client.unread_notifications(user_id)
            return self._counts

    async def unread(
        self, user_id: int, campaign_id: int, categories: Mapping[int, str]
    ) -> tuple[int, tuple[Notification, ...]]:
        """Return how many are unread in a campaign, and up to MAX_SHOWN, newest first.

        They are requested only if their number has changed.
        """
        count = (await self.counts(user_id)).get(campaign_id, 0)
        known = self._lists.get(campaign_id, (0, ()))
        if known[0] == count:
            return known
        found: dict[int, Notification] = {}
        for page in range(1, -(-min(count, MAX_SHOWN) // PAGE_SIZE) + 1):
            for item in await self._own.unread(user_id, campaign_id, page):
                found[item.id] = _notification(item, categories)
        self._lists[campaign_id] = count, tuple(found.values())
        return self._lists[campaign_id]

    async def mark_read(self, campaign_id: int, key: str) -> None:
        """Mark a notification as read, again if it changed just then."""
        number = int(key)
        try:
            try:
                await self._own.mark_read(number)
            except StaleTagError:
                await self._own.mark_read(number)
        except NotFoundError as err:
            raise RejectedError(
                "the notification no longer exists", reason=Reason.NO_LONGER_THERE
            ) from err
        finally:
            self._lists.pop(campaign_id, None)


def _notification(
    item: UnreadNotification, categories: Mapping[int, str]
) -> Notification:
    """Return a notification as it is shown."""
    event = item.event
    return Notification(
        key=str(item.id),
        time=event.time,
        level=event.level.lower(),
        category=categories.get(event.category_id or 0),
        source=event.source,
        description=event.description,
    )
