"""Read the past in the lightest way: by the minute where telegrams are many.

The server stores one row a minute however often telegrams come, with their positions
and the mean of their power. Where the rows of a day do not continue each other, where
they are missing, and after the newest one, telegrams are read. All rows are given in
the form of telegrams.
Source: docs/wire/dsmr_reader.md, Consumption.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta

from ..common.times import as_utc_moment
from .client import ELECTRICITY_ROWS, TELEGRAMS_AT_ONCE, DsmrReaderClient
from .gas_source import LAST_MOMENT, NOTHING, GasSource
from .meter_exchanges import MeterExchanges
from .meters import EXTRA_FIELD, EXTRA_LAG
from .minute_rows import (
    LONGEST_STEP,
    MARGIN,
    MINUTE,
    GasRow,
    MinuteRow,
    Rows,
    Span,
    join_spans,
    parse_minutes,
    suspect_minutes,
)
from .telegram_pages import last_time, telegram_pages

DAY = timedelta(days=1)

DENSE = timedelta(seconds=20)
"""If telegrams come more often, the rows of minutes are at most a third of them."""

WORTHWHILE = 4
"""Fewer pages of telegrams take no more requests than the rows of minutes."""

BOTH_ENDS = 2
"""A span has at most this many rows more than whole minutes."""

ROWS_PER_PAGE = 500
"""More rows in one go would block the event loop."""


class RowSource:
    """Gives what the server has stored in a span, page by page and oldest first."""

    def __init__(
        self,
        client: DsmrReaderClient,
        exchanges: MeterExchanges,
        *,
        has_electricity: bool,
        has_extra: bool,
        is_shifted: bool,
    ) -> None:
        """Initialize the source for one pass over the meters that are wanted.

        `is_shifted` is what to assume of rows of gas if no telegram shows it.
        """
        self._client = client
        self._gas = GasSource(client, is_shifted=is_shifted)
        self._exchanges = exchanges
        self._has_electricity = has_electricity
        self._has_extra = has_extra
        self._late = EXTRA_LAG if has_extra else NOTHING
        self._is_by_minute = True
        self._minute: MinuteRow | None = None

    async def pages(
        self, start: datetime, end: datetime, telegrams_a_day: int
    ) -> AsyncGenerator[Rows]:
        """Yield the rows in [start, end]; the consumer may empty a page.

        Rows at the border of two pages may come twice. The extra meter's positions up
        to `end` may be in later telegrams. `telegrams_a_day` were stored before.
        """
        after = start - LAST_MOMENT
        expected = telegrams_a_day * ((end - start) / DAY)
        is_dense = (
            telegrams_a_day > DAY / DENSE and expected > WORTHWHILE * TELEGRAMS_AT_ONCE
        )
        while True:
            while is_dense and self._is_by_minute and after < end:
                stop = min(max(after, start) + DAY, end)
                async with aclosing(self._by_minute(after, stop, end)) as pages:
                    async for page in pages:
                        yield page
                if self._is_by_minute:
                    after = stop
            if is_dense and after >= end:
                return
            is_dense = False
            begin = max(after, start)
            async with aclosing(self._telegrams(begin, end + self._late)) as pages:
                async for page in pages:
                    last = last_time(page)
                    is_dense = self._is_dense(page, end)
                    yield page
                    if is_dense and last is not None:
                        after = last
                        break
            if not is_dense:
                return

    def _is_dense(self, page: Rows, end: datetime) -> bool:
        """Return True if so many telegrams follow a page that rows of minutes help."""
        first = as_utc_moment(page[0].get("timestamp"))
        last = last_time(page)
        if len(page) < TELEGRAMS_AT_ONCE or first is None or last is None:
            return False
        length = last - first
        return (
            self._is_by_minute
            and NOTHING < length < (TELEGRAMS_AT_ONCE - 1) * DENSE
            and end - last > WORTHWHILE * length
        )

    async def _telegrams(self, start: datetime, end: datetime) -> AsyncGenerator[Rows]:
        """Yield the telegrams in [start, end], and note the extra meter's last one."""
        async with aclosing(telegram_pages(self._client, start, end)) as pages:
            async for page in pages:
                if self._has_extra:
                    self._gas.note(page)
                yield page

    async def _by_minute(
        self, after: datetime, stop: datetime, end: datetime
    ) -> AsyncGenerator[Rows]:
        """Yield the rows in (after, stop]; `end` is where the pass ends.

        If the server has telegrams but no rows of minutes there, nothing is yielded
        and `_is_by_minute` is False from then on.
        """
        is_last = stop >= end
        minutes = await self._minutes(after, stop + MINUTE if is_last else stop)
        if minutes is None:
            self._is_by_minute = False
            return
        gas = await self._gas.fetch(after, stop) if self._has_extra else []
        covered = max((row.time for row in (minutes or gas)[-1:]), default=after)
        spans = self._suspect_minutes(minutes, after)
        if self._has_extra:
            spans += await self._gas.suspect(gas, after, min(covered, stop), spans)
        has_tail = covered < stop if is_last else stop - covered > LONGEST_STEP
        if has_tail:
            spans.append(Span(covered, stop, has_extra=True))
        late = self._late if is_last and has_tail else NOTHING
        for span in join_spans(spans, after, stop):
            async for page in self._stored(minutes, gas, after, span.start):
                yield page
            until = span.end + late if span.end >= stop else span.end
            async with aclosing(self._span(span, until, gas)) as pages:
                async for page in pages:
                    yield page
            after = span.end
        async for page in self._stored(minutes, gas, after, stop):
            yield page

    async def _stored(
        self,
        minutes: Sequence[MinuteRow],
        gas: list[GasRow],
        after: datetime,
        until: datetime,
    ) -> AsyncGenerator[Rows]:
        """Yield the rows of minutes in (after, until], with the gas due by then."""
        wanted = [row for row in minutes if after < row.time <= until]
        for n in range(0, len(wanted), ROWS_PER_PAGE):
            part = wanted[n : n + ROWS_PER_PAGE]
            yield [*self._gas.take(gas, part[-1].time), *(row.row for row in part)]
            await asyncio.sleep(0)
        if rest := self._gas.take(gas, until):
            yield rest

    async def _span(
        self, span: Span, until: datetime, gas: list[GasRow]
    ) -> AsyncGenerator[Rows]:
        """Yield the telegrams of a span, and the extra meter's as it says."""
        async with aclosing(telegram_pages(self._client, span.start, until)) as pages:
            async for page in pages:
                last = last_time(page) or span.end
                if not self._has_extra:
                    yield page
                elif span.has_extra:
                    for row in page:
                        self._gas.drop_old(row)
                    self._gas.note(page)
                    yield page
                else:
                    for row in page:
                        row[EXTRA_FIELD] = None
                    yield [*self._gas.take(gas, min(last, span.end)), *page]
        self._gas.forget_old(gas)

    async def _minutes(
        self, after: datetime, until: datetime
    ) -> list[MinuteRow] | None:
        """Fetch the rows in (after, until]; None if they do not help.

        With more than one row a minute, the server groups by reading. Without any,
        although there are telegrams, it may not group at all.
        """
        if not self._has_electricity:
            return []
        page = await self._client.consumption(ELECTRICITY_ROWS, after, until)
        if page.total > (until - after) / MINUTE + BOTH_ENDS:
            return None
        if not page.rows and await self._client.count_telegrams(after, until):
            return None
        found: list[MinuteRow] = []
        for n in range(0, len(page.rows), ROWS_PER_PAGE):
            found += parse_minutes(page.rows[n : n + ROWS_PER_PAGE])
            await asyncio.sleep(0)
        return [row for row in found if row.time > after]

    def _suspect_minutes(
        self, minutes: Sequence[MinuteRow], after: datetime
    ) -> list[Span]:
        """Return the spans that rows of minutes do not show, and of exchanges."""
        spans = suspect_minutes([*filter(None, [self._minute]), *minutes])
        if self._minute is None and minutes and minutes[0].time - after > LONGEST_STEP:
            spans.append(Span(after, minutes[0].time))
        if minutes:
            self._minute = minutes[-1]
        return spans + [
            Span(each.after - MARGIN, each.at + MARGIN, has_extra=True)
            for each in self._exchanges.since(after)
        ]
