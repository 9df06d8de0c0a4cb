"""The server's clock, as the `Date` header of its answers shows it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

MAX_CLOCK_OFFSET = timedelta(days=1)
"""A server whose `Date` differs by more has no clock that others could be judged by."""


def clock_offset(headers: Mapping[str, str]) -> timedelta:
    """Return how far the clock in a `Date` header is ahead, if it is usable."""
    if (moment := http_date(headers.get("Date", ""))) is None:
        return timedelta()
    offset = moment - datetime.now(UTC).replace(microsecond=0)
    return offset if abs(offset) <= MAX_CLOCK_OFFSET else timedelta()


@lru_cache(maxsize=16)
def http_date(text: str) -> datetime | None:
    """Return the moment in a header, which is in UTC unless it says otherwise.

    Most of the answers to a poll have the same one.
    """
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
