"""Read the extra meter's positions from the server's rows of gas.

Source: docs/wire/dsmr_reader.md, Consumption.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ..base import EARLIEST
from ..common.http import Json
from ..common.parse import as_number
from ..common.times import as_utc_moment
from .client import GAS_ROWS, DsmrReaderClient
from .meters import EXTRA_FIELD
from .minute_rows import (
    HOUR,
    GasRow,
    Rows,
    Span,
    falls_of_gas,
    first_step,
    gaps_of_gas,
    is_hourly,
    parse_gas,
)

NOTHING = timedelta()
LAST_MOMENT = timedelta(microseconds=1)


class GasSource:
    """Gives the rows of gas of one pass, and knows the newest position so far."""

    def __init__(self, client: DsmrReaderClient, *, is_shifted: bool) -> None:
        """Initialize the source without a position.

        `is_shifted` is what to assume of the rows' times if no telegram shows it.
        """
        self._client = client
        self._shift = HOUR if is_shifted else NOTHING
        self._newest: GasRow | None = None

    async def fetch(self, after: datetime, until: datetime) -> list[GasRow]:
        """Fetch the extra meter's positions in (after, until], by its own clock."""
        page = await self._client.consumption(GAS_ROWS, after - HOUR, until)
        rows = parse_gas(page.rows)
        if self._shift or is_hourly(rows):
            self._shift = shift = await self._find_shift(rows)
            rows = [GasRow(row.time + shift, row.value) for row in rows]
        if self._newest is None:
            before = [row for row in rows if row.time <= after]
            self._newest = before[-1] if before else None
        newest = self._newest.time if self._newest else after
        return [row for row in rows if newest < row.time <= until]

    async def _find_shift(self, rows: Sequence[GasRow]) -> timedelta:
        """Return how long before the meter's own time rows are: an hour, or nothing.

        The server decides by the version of the newest telegram, so rows of an older
        meter may differ. A telegram half an hour after the meter has counted shows it:
        the row with its position is at its time, or an hour before.
        """
        if (time := first_step(rows)) is None:
            return self._shift
        telegram = await self._client.oldest_telegram(
            time + HOUR / 2, time + HOUR - LAST_MOMENT
        )
        if telegram is None or (stamp := telegram.extra_device_time) is None:
            return self._shift
        number = telegram.numbers.get(EXTRA_FIELD)
        found = [
            stamp - row.time
            for row in rows
            if row.time in (stamp, stamp - HOUR) and row.value == float(number or 0)
        ]
        return found[0] if len(found) == 1 else self._shift

    async def suspect(
        self,
        rows: Sequence[GasRow],
        start: datetime,
        end: datetime,
        silent: Sequence[Span],
    ) -> list[Span]:
        """Return the spans in [start, end] of which rows do not show what was counted.

        These are falls, and long spans without rows in which the meter has counted all
        the same. A meter that stopped has no rows either. In `silent` spans, there are
        no rows of electricity.
        """
        known = [self._newest, *rows] if self._newest else rows
        found = falls_of_gas(known)
        for gap in gaps_of_gas(rows, start, end, silent):
            first = await self._client.oldest_telegram(gap.start, gap.end)
            if first is None:
                continue
            last = await self._client.latest_telegram(gap.start, gap.end)
            before = first.numbers.get(EXTRA_FIELD)
            if last is not None and last.numbers.get(EXTRA_FIELD) != before:
                found.append(gap)
        return found

    def take(self, gas: list[GasRow], until: datetime) -> Rows:
        """Remove the rows of gas up to a moment, and return them as telegrams."""
        due = [row for row in gas if row.time <= until]
        if due:
            self._newest = due[-1]
            del gas[: len(due)]
        return [row.row for row in due]

    def drop_old(self, row: dict[str, Json]) -> None:
        """Remove a position from a telegram that is older than the newest row.

        A telegram repeats the position until the next one arrives, some minutes later.
        """
        if (newest := self._newest) is None:
            return
        stamp = as_utc_moment(row.get("extra_device_timestamp"))
        value = as_number(row.get(EXTRA_FIELD))
        if stamp is None or value is None or not EARLIEST <= stamp <= newest.time:
            return
        if value <= newest.value:
            row[EXTRA_FIELD] = None

    def note(self, page: Rows) -> None:
        """Note the extra meter's newest position in a page of telegrams."""
        for row in reversed(page):
            stamp = as_utc_moment(row.get("extra_device_timestamp"))
            sent = as_utc_moment(row.get("timestamp"))
            value = as_number(row.get(EXTRA_FIELD))
            if stamp is None or sent is None or value is None:
                continue
            if EARLIEST <= stamp <= sent:
                if self._newest is None or stamp > self._newest.time:
                    self._newest = GasRow(stamp, value)
                return

    def forget_old(self, gas: list[GasRow]) -> None:
        """Remove the rows whose positions were in telegrams, or are older."""
        if (newest := self._newest) is not None:
            gas[:] = [row for row in gas if row.time > newest.time]
