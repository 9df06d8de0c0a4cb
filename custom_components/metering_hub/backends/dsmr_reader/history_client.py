"""DSMR-reader's past over its REST API: bounded pages, oldest first.

The server counts all rows that a question's filter leaves, for every page of it. So
rows are asked for in spans that hold few pages, and within a span by time: a big offset
makes the server read all rows before it.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isfinite

from ..common.http import Json, QueryValue
from ..common.times import as_day, utc_text
from .client import DsmrReaderClient, Page

READINGS = "/datalogger/dsmrreading"
READINGS_AT_ONCE = 500
NEWEST_AT_ONCE = 5
HOURS_AT_ONCE = 1000
DAYS_AT_ONCE = 100
TIMEOUT = 60.0
"""Seconds; a page of the past may take a small server longer than a live answer."""

WIDEST_SPAN = timedelta(days=10)
"""One page where the retention has left two readings of each hour."""

NARROWEST_SPAN = timedelta(hours=1)
PAGES_PER_SPAN = 10

type Row = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """How many readings there are since a moment, and the newest of them.

    `ties` is how many rows have its very time, `None` if they are too many to tell.
    """

    count: int
    time: datetime | None
    extra_time: datetime | None
    ties: int | None


class HistoryClient:
    """The endpoints that tell the past; raises what DsmrReaderClient raises."""

    def __init__(self, client: DsmrReaderClient) -> None:
        """Use the connection of a client."""
        self._client = client

    async def readings(
        self, start: datetime, end: datetime
    ) -> AsyncIterator[list[dict[str, Json]]]:
        """Yield the stored telegrams in [start, end] page by page, oldest first.

        Rows at the border of two pages may come twice. A page may be emptied by whoever
        gets it.
        """
        cursor, span = start, WIDEST_SPAN
        while True:
            stop, offset = min(cursor + span, end), 0
            span = WIDEST_SPAN
            while True:
                page = await self._readings(cursor, stop, offset)
                last = _last_time(page.rows)
                if page.rows:
                    yield page.rows
                offset += page.size
                if page.is_last(offset, READINGS_AT_ONCE):
                    break
                # More rows of one moment than a page holds need the offset.
                if last is not None and last > cursor:
                    ahead = PAGES_PER_SPAN * (last - cursor)
                    span = min(max(ahead, NARROWEST_SPAN), WIDEST_SPAN)
                    cursor, offset = last, 0
                    stop = min(stop, cursor + span)
            if stop >= end:
                return
            cursor = stop

    async def count_readings(self, start: datetime, end: datetime) -> int:
        """Return how many stored telegrams there are in [start, end]."""
        params: dict[str, QueryValue] = {
            "limit": 1,
            "timestamp__gte": utc_text(start),
            "timestamp__lte": utc_text(end),
        }
        page = await self._client.page(READINGS, params, TIMEOUT)
        return page.size if page.count is None else page.count

    async def oldest_reading(self) -> dict[str, Json] | None:
        """Return the oldest stored telegram."""
        params: dict[str, QueryValue] = {"ordering": "timestamp", "limit": 1}
        rows = (await self._client.page(READINGS, params, TIMEOUT)).rows
        return rows[0] if rows else None

    async def newest(self, since: datetime) -> Newest:
        """Count the stored telegrams since a moment and look at the newest."""
        page = await self._client.page(
            READINGS,
            {
                "ordering": "-timestamp",
                "limit": NEWEST_AT_ONCE,
                "timestamp__gte": utc_text(since),
            },
            TIMEOUT,
        )
        times = [moment(row.get("timestamp")) for row in page.rows]
        ties = sum(time == times[0] for time in times)
        return Newest(
            count=page.size if page.count is None else page.count,
            time=times[0] if times else None,
            extra_time=moment(page.rows[0].get("extra_device_timestamp"))
            if page.rows
            else None,
            ties=ties if ties < NEWEST_AT_ONCE else None,
        )

    async def oldest_day(self, since: date | None = None) -> dict[str, Json] | None:
        """Return the oldest day (since one) that has statistics."""
        params: dict[str, QueryValue] = {"ordering": "day", "limit": 1}
        if since is not None:
            params["day__gte"] = since.isoformat()
        rows = (await self._client.page("/statistics/day", params, TIMEOUT)).rows
        return rows[0] if rows else None

    async def days(self, first: date, last: date) -> dict[date, Row]:
        """Return the statistics of at most DAYS_AT_ONCE days."""
        page = await self._client.page(
            "/statistics/day",
            {
                "ordering": "day",
                "limit": DAYS_AT_ONCE,
                "day__gte": first.isoformat(),
                "day__lte": last.isoformat(),
            },
            TIMEOUT,
        )
        found = ((as_day(row.get("day")), row) for row in page.rows)
        return {day: row for day, row in found if day is not None}

    async def hours(self, start: datetime, end: datetime) -> dict[datetime, Row]:
        """Return the statistics of at most HOURS_AT_ONCE hours that begin in a span."""
        page = await self._client.page(
            "/statistics/hour",
            {
                "ordering": "hour_start",
                "limit": HOURS_AT_ONCE,
                "hour_start__gte": utc_text(start),
                "hour_start__lte": utc_text(end - timedelta(seconds=1)),
            },
            TIMEOUT,
        )
        found = ((moment(row.get("hour_start")), row) for row in page.rows)
        return {hour: row for hour, row in found if hour is not None}

    async def _readings(self, start: datetime, end: datetime, offset: int) -> Page:
        params: dict[str, QueryValue] = {
            "ordering": "timestamp",
            "limit": READINGS_AT_ONCE,
            "timestamp__gte": utc_text(start),
            "timestamp__lte": utc_text(end),
        }
        if offset:
            params["offset"] = offset
        return await self._client.page(READINGS, params, TIMEOUT)


def moment(value: Json) -> datetime | None:
    """Return an aware moment in UTC; made for many rows, else like `as_moment`."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return None if time.tzinfo is None else time.astimezone(UTC)
    except ValueError, OverflowError:
        return None


def number(value: Json) -> float | None:
    """Return a finite number; made for many rows, else like `as_decimal`."""
    # Nearly all are texts, so that these are not looked at more closely.
    if type(value) is not str and (
        isinstance(value, bool) or not isinstance(value, str | int | float)
    ):
        return None
    try:
        found = float(value)
    except ValueError, OverflowError:
        return None
    return found if isfinite(found) else None


def _last_time(rows: list[dict[str, Json]]) -> datetime | None:
    times = (moment(row.get("timestamp")) for row in reversed(rows))
    return next((time for time in times if time is not None), None)
