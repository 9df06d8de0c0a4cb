"""Bounds that no real server reaches, for what a server alone would decide.

A server may be broken, or another program than it says. Whatever it answers, Home
Assistant must neither wait for ever nor collect without end, and must say what is
wrong: a list that is cut in silence would look as if the rest had been removed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from ..errors import AnswerTooLargeError, EndlessError, TooManyRowsError, TooSlowError

MAX_ROWS = 100_000
"""Rows of one list, such as entities or series.

Two thousand devices with fifty entities each are twenty times what was ever seen.
"""

MAX_LIST_BYTES = 64 * 1024 * 1024
"""The answers of all pages of a list together, which are no more when parsed.

A row of a real server has less than a kilobyte.
"""

MAX_PLACES = 1000
"""Groups of which each has lists of its own, such as campaigns, scopes or clients.

The largest known servers have dozens of them, and each takes at least one request.
"""

CONNECT_LIMIT = timedelta(seconds=30)
"""For a login, which is a few small requests with at most 15 s each."""

INVENTORY_LIMIT = timedelta(minutes=2)
"""For an inventory, which is shown as a progress after a few seconds.

The first one of a BEMServer with 2,000 series takes 135 requests, about a minute on a
small server that is busy.
"""

POLL_LIMIT = timedelta(minutes=2)
"""For a poll, unless its interval is longer.

Five thousand series of a BEMServer take 100 requests, a minute on a small server.
"""

BATCH_LIMIT = timedelta(minutes=10)
"""For one chunk of history, or another answer that takes dozens of requests.

A request may take 60 s. A server without batches gets one for each of hundreds of
signals, which takes minutes.
"""

START_LIMIT = timedelta(minutes=30)
"""For the search for where the history of thousands of points begins.

A server reads all that it has of each for that.
"""


@asynccontextmanager
async def time_limit(limit: timedelta, subject: str) -> AsyncIterator[None]:
    """Raise TooSlowError if the body takes longer; what it was doing is cancelled.

    `subject` says for the log what takes so long. A server that delays each of many
    answers stays below every limit of a single request.
    """
    seconds = limit.total_seconds()
    try:
        async with asyncio.timeout(seconds) as running:
            yield
    except TimeoutError as err:
        if not running.expired():
            raise
        raise TooSlowError(
            f"{subject}: not done after {seconds:.0f} s", limit=int(seconds)
        ) from err


def check_row_count(count: int, subject: str, most: int = MAX_ROWS) -> None:
    """Raise TooManyRowsError if a list has, or claims, more rows than any real one.

    `subject` names the list for the log.
    """
    if count > most:
        raise TooManyRowsError(f"{subject}: more than {most} rows", limit=most)


def check_byte_count(count: int, subject: str, most: int = MAX_LIST_BYTES) -> None:
    """Raise AnswerTooLargeError if answers together are larger than of real servers."""
    if count > most:
        raise AnswerTooLargeError(f"{subject}: more than {most} bytes")


def check_answer_count(count: int, subject: str, most: int) -> None:
    """Raise EndlessError after more answers than any real server needs."""
    if count > most:
        raise EndlessError(f"{subject}: no end after {most} answers", limit=most)
