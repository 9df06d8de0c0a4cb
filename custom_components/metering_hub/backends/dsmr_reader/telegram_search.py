"""Find the oldest and the latest stored telegram without counting all of them.

For every list, the server counts the rows that match the filter: 20 seconds for five
million telegrams. Counting an empty span takes no time however much is stored, so spans
are tried one after the other until one has a telegram.
Source: docs/wire/dsmr_reader.md, Speed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from ..base import EARLIEST
from ..common.times import local_midnight
from .client import DsmrReaderClient
from .models import DayStatistics, StoredTelegram

FIRST_STEP = timedelta(days=1)
WIDEST_STEP = timedelta(days=32)
"""One-second telegrams of as many days are counted in about ten seconds."""


class OldestTelegram:
    """Finds the oldest telegram, and begins at the known one the next time."""

    def __init__(self, client: DsmrReaderClient) -> None:
        """Initialize the search without a known telegram."""
        self._client = client
        self._known: datetime | None = None

    async def find(
        self, day: DayStatistics | None, zone: tzinfo, until: datetime
    ) -> StoredTelegram | None:
        """Fetch the oldest telegram, at the latest `until`.

        Few telegrams are older than those of `day`, the oldest one with statistics.
        Without any day, the server is new and there is little to count.
        """
        for start, end in self._spans(day, zone, until):
            found = await self._client.oldest_telegram(start, end)
            if found is not None:
                self._known = found.time
                return found
        return None

    def _spans(
        self, day: DayStatistics | None, zone: tzinfo, until: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """Yield the spans to search, oldest first and each wider than the last."""
        if (begin := self._known) is None:
            begin = local_midnight(day.day, zone) - FIRST_STEP if day else until
        begin = min(max(begin, EARLIEST), until)
        yield EARLIEST, begin
        step = FIRST_STEP
        while begin < until:
            end = min(begin + step, until)
            yield begin, end
            begin, step = end, min(2 * step, WIDEST_STEP)


async def find_latest_telegram(
    client: DsmrReaderClient, until: datetime
) -> StoredTelegram | None:
    """Fetch the latest telegram, at the latest `until`; the server may have stopped."""
    end, step = until, FIRST_STEP
    while end > EARLIEST:
        start = max(end - step, EARLIEST)
        if (found := await client.latest_telegram(start, end)) is not None:
            return found
        end, step = start, 2 * step
    return None
