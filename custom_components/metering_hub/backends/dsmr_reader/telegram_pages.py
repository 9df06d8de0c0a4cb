"""Read stored telegrams page by page.

Source: docs/wire/dsmr_reader.md, Stored telegrams and Speed.
"""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

from ..common.bounds import check_answer_count
from ..common.http import Json
from ..common.times import as_utc_moment
from ..errors import ProtocolError
from .client import TELEGRAMS_AT_ONCE, DsmrReaderClient

WIDEST_SPAN = timedelta(days=10)
"""One page if the retention has left two telegrams of each hour."""

NARROWEST_SPAN = timedelta(hours=1)
PAGES_PER_SPAN = 10

PAGES_OF_A_MOMENT = 20
"""Pages in a row that end at the same moment: 10,000 telegrams of a second.

A meter sends one, and a clock that is set back for an hour repeats a moment once.
"""

TOLERANCE = timedelta(seconds=1)
"""Moments are sent to the server in whole seconds."""


async def telegram_pages(
    client: DsmrReaderClient, start: datetime, end: datetime
) -> AsyncGenerator[list[dict[str, Json]]]:
    """Yield the raw telegrams in [start, end] page by page, oldest first.

    Telegrams at the border of two pages may come twice. The consumer may empty a page.

    For every page, the server counts all rows that match the filter. So telegrams are
    requested in spans of few pages, and within a span by time: for a large offset, the
    server would read all rows before it.

    Raises EndlessError for a server that repeats a page, and ProtocolError for one that
    ignores what it is asked for: the one would have no end, nor would the other.
    """
    cursor, span = start, WIDEST_SPAN
    while True:
        stop, offset, standing = min(cursor + span, end), 0, 0
        span = WIDEST_SPAN
        while True:
            page = await client.telegrams(cursor, stop, offset)
            last = _last_until(page.rows, stop)
            if page.rows:
                yield page.rows
            offset += page.size
            if page.is_last(offset, TELEGRAMS_AT_ONCE):
                break
            # More telegrams of one moment than a page holds need the offset.
            standing += 1
            check_answer_count(standing, "telegrams of a moment", PAGES_OF_A_MOMENT)
            if last is not None and last > cursor:
                standing = 0
                ahead = PAGES_PER_SPAN * (last - cursor)
                span = min(max(ahead, NARROWEST_SPAN), WIDEST_SPAN)
                cursor, offset = last, 0
                stop = min(stop, cursor + span)
        if stop >= end:
            return
        cursor = stop


def _last_until(rows: list[dict[str, Json]], stop: datetime) -> datetime | None:
    """Return the time of the last telegram of a page that was asked for until `stop`.

    Raises ProtocolError if there are telegrams, but none of a time that it can have.
    """
    last = last_time(rows)
    if rows and last is None:
        raise ProtocolError("telegrams without a readable time")
    if last is not None and last > stop + TOLERANCE:
        raise ProtocolError("telegrams after the span that was asked for")
    return last


def last_time(rows: list[dict[str, Json]]) -> datetime | None:
    """Return the time of the last telegram that has a readable one."""
    times = (as_utc_moment(row.get("timestamp")) for row in reversed(rows))
    return next((time for time in times if time is not None), None)
