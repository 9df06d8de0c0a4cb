"""DSMR-reader's REST API, one method per endpoint.

Source: docs/wire/dsmr_reader.md, Lists and Times. Every list is requested with an
explicit order and limit, because the default is the oldest rows first. `next` links are
never followed, because they name the wrong host behind a proxy. Times are sent in UTC,
because a local time is refused around clock changes.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from aiohttp import ClientSession

from ...metering.memo import Kept
from ..common.bounds import check_answer_count, check_row_count
from ..common.http import HttpClient, Json
from ..common.messages import TOTAL_TIMEOUT, LastAnswer, QueryValue, Request
from ..common.parse import as_integer, as_text
from ..common.shapes import require_object, require_some
from ..common.times import as_utc_moment, utc_text
from ..errors import ProtocolError
from .auth import classify_login, make_auth
from .models import (
    Contract,
    DayStatistics,
    ElectricityLive,
    GasLive,
    HourStatistics,
    MeterStatistics,
    Page,
    QuarterHourPeak,
    Row,
    StoredTelegram,
    TelegramSummary,
    Today,
    parse_contracts,
    parse_day_statistics,
    parse_electricity_live,
    parse_gas_live,
    parse_hour_statistics,
    parse_meter_statistics,
    parse_page,
    parse_quarter_hour_peak,
    parse_stored_telegram,
    parse_telegram_summary,
    parse_today,
)

TELEGRAMS = "/datalogger/dsmrreading"
ELECTRICITY_ROWS = "/consumption/electricity"
GAS_ROWS = "/consumption/gas"
DAYS = "/statistics/day"
HOURS = "/statistics/hour"
TODAY = "/consumption/today"
PEAKS = "/consumption/quarter-hour-peak-electricity"
CONTRACTS = "/consumption/energy-supplier-prices"

TELEGRAMS_AT_ONCE = 500
ROWS_AT_ONCE = 1500
"""More than the rows of consumption of a day, which has 1440 minutes."""

SUMMARY_ROWS = 5
DAYS_AT_ONCE = 100
HOURS_AT_ONCE = 1000
CONTRACTS_AT_ONCE = 500
MOST_CONTRACTS = 5000
"""A contract of each day since 2012, when there were the first smart meters."""

MOST_PAGES_OF_CONTRACTS = MOST_CONTRACTS // CONTRACTS_AT_ONCE
HISTORY_TIMEOUT = 60.0
"""Seconds; on a small server, a page of history takes longer than a live value."""

_TIMES = ("timestamp", "read_at", "read_at_start", "hour_start", "day", "start")
"""The fields of which the rows of each list have one."""


class DsmrReaderClient:
    """The endpoints that the integration uses.

    Every method raises only BackendError: UnsupportedError (API_DISABLED) if the API
    is switched off, AuthenticationError for a wrong key, NotFoundError if the server is
    older than the endpoint, ProtocolError for an answer of the wrong shape, and the
    errors of `HttpClient.request`.
    """

    def __init__(self, session: ClientSession, url: str, api_key: str) -> None:
        """Initialize the client; `url` is the server's, without a trailing slash."""
        self._http = HttpClient(
            session,
            f"{url}/api/v2",
            auth=make_auth(api_key),
            # The server localises some numbers and texts by this header.
            headers={"Accept-Language": "en"},
            max_parallel=4,
            classify=classify_login,
        )
        self._last: defaultdict[str, LastAnswer] = defaultdict(LastAnswer)
        self._parse_statistics = Kept(parse_meter_statistics)
        self._parse_today = Kept(parse_today)
        self._parse_contracts = Kept(parse_contracts)
        self._parse_telegram = Kept(parse_stored_telegram)

    @property
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead of Home Assistant's."""
        return self._http.clock_offset

    async def version(self) -> str:
        """Fetch the server's version, such as "5.11.0"."""
        answer = await self._object("/application/version")
        if (version := as_text(answer.get("version"))) is None:
            raise ProtocolError("the server gives no version")
        return version

    async def problems(self) -> int:
        """Fetch the number of problems that the server reports (since 4.4)."""
        answer = await self._object("/application/monitoring")
        if (problems := as_integer(answer.get("problems"))) is None:
            raise ProtocolError("GET /application/monitoring: no number")
        return problems

    async def meter_statistics(self) -> MeterStatistics:
        """Fetch the meter's counters and its last telegram."""
        return self._parse_statistics(
            await self._object("/datalogger/meter-statistics")
        )

    async def today(self) -> Today | None:
        """Fetch today's amounts; `None` before the first telegram of a day.

        The server then answers with a text (Source: docs/wire/dsmr_reader.md, Today).
        """
        answer = await self._polled(TODAY)
        if isinstance(answer, str):
            return None
        today = self._parse_today(require_object(answer, f"GET {TODAY}"))
        if today is None:
            raise ProtocolError(f"GET {TODAY}: no day")
        return today

    async def electricity_live(self) -> ElectricityLive | None:
        """Fetch the tariff and the running cost; `None` without any telegrams."""
        return await self._live("/consumption/electricity-live", parse_electricity_live)

    async def gas_live(self) -> GasLive | None:
        """Fetch the extra meter's last amount; `None` if there is no such meter."""
        return await self._live("/consumption/gas-live", parse_gas_live)

    async def _live[T](self, path: str, parse: Callable[[Row], T | None]) -> T | None:
        """Fetch what is measured now; `None` if the server answers an empty object."""
        answer = await self._object(path)
        found = parse(answer)
        if answer and found is None:
            raise ProtocolError(f"GET {path}: no time")
        return found

    async def quarter_hour_peak(self, since: datetime) -> QuarterHourPeak | None:
        """Fetch the highest quarter-hour mean since a moment (since 5.9)."""
        params: dict[str, QueryValue] = {
            "ordering": "-average_delivered",
            "limit": 1,
            "read_at_start__gte": utc_text(since),
        }
        return _first(await self._page(PEAKS, params), parse_quarter_hour_peak)

    async def contracts(self, first: date, last: date) -> list[Contract]:
        """Fetch the energy contracts valid on any day of [first, last] (since 5.3).

        Raises TooManyRowsError and EndlessError for more than anybody can have.
        """
        contracts: list[Contract] = []
        params: dict[str, QueryValue] = {
            "ordering": "start",
            "limit": CONTRACTS_AT_ONCE,
            "start__lte": last.isoformat(),
            "end__gte": first.isoformat(),
        }
        offset = pages = 0
        while True:
            pages += 1
            check_answer_count(pages, f"GET {CONTRACTS}", MOST_PAGES_OF_CONTRACTS)
            page = await self._page(
                CONTRACTS, params, offset=offset, last=self._last[CONTRACTS]
            )
            check_row_count(page.total, f"GET {CONTRACTS}", MOST_CONTRACTS)
            contracts += self._parse_contracts(*page.rows)
            offset += page.size
            if page.is_last(offset, CONTRACTS_AT_ONCE):
                return contracts

    async def latest_telegram(
        self, since: datetime, until: datetime
    ) -> StoredTelegram | None:
        """Fetch the latest telegram stored in [since, until].

        With a recent `since`, the answer takes the same time however much is stored,
        because the server counts the rows first.
        """
        params: dict[str, QueryValue] = {
            "ordering": "-timestamp",
            "limit": 1,
            "timestamp__gte": utc_text(since),
            "timestamp__lte": utc_text(until),
        }
        page = await self._page(TELEGRAMS, params, last=self._last[TELEGRAMS])
        return _first(page, self._parse_telegram)

    async def oldest_telegram(
        self, since: datetime, until: datetime
    ) -> StoredTelegram | None:
        """Fetch the oldest telegram stored in [since, until]; all there are counted."""
        params: dict[str, QueryValue] = {
            "ordering": "timestamp",
            "limit": 1,
            "timestamp__gte": utc_text(since),
            "timestamp__lte": utc_text(until),
        }
        page = await self._page(TELEGRAMS, params, HISTORY_TIMEOUT)
        return _first(page, parse_stored_telegram)

    async def telegrams(self, start: datetime, end: datetime, offset: int) -> Page:
        """Fetch a page of the raw telegrams in [start, end], oldest first."""
        params: dict[str, QueryValue] = {
            "ordering": "timestamp",
            "limit": TELEGRAMS_AT_ONCE,
            "timestamp__gte": utc_text(start),
            "timestamp__lte": utc_text(end),
        }
        return await self._page(TELEGRAMS, params, HISTORY_TIMEOUT, offset=offset)

    async def consumption(self, path: str, start: datetime, end: datetime) -> Page:
        """Fetch the rows of consumption in [start, end], at most ROWS_AT_ONCE.

        `path` is ELECTRICITY_ROWS or GAS_ROWS; the rows are the oldest ones, in order.
        """
        params: dict[str, QueryValue] = {
            "ordering": "read_at",
            "limit": ROWS_AT_ONCE,
            "read_at__gte": utc_text(start),
            "read_at__lte": utc_text(end),
        }
        return await self._page(path, params, HISTORY_TIMEOUT)

    async def count_telegrams(self, start: datetime, end: datetime) -> int:
        """Fetch the number of telegrams stored in [start, end]."""
        params: dict[str, QueryValue] = {
            "limit": 1,
            "timestamp__gte": utc_text(start),
            "timestamp__lte": utc_text(end),
        }
        return (await self._page(TELEGRAMS, params, HISTORY_TIMEOUT)).total

    async def count_beyond(
        self, start: datetime, end: datetime, moment: datetime, number: int
    ) -> tuple[int, bool]:
        """Fetch how many telegrams [start, end] has, and if `number` are until then.

        `moment` is before `end`. That as many telegrams are not later is certain if the
        last of them stands at its place in the list, and a later one after it.
        """
        params: dict[str, QueryValue] = {
            "ordering": "timestamp",
            "limit": 2 if number else 1,
            "timestamp__gte": utc_text(start),
            "timestamp__lte": utc_text(end),
        }
        place = max(number - 1, 0)
        try:
            page = await self._page(TELEGRAMS, params, HISTORY_TIMEOUT, offset=place)
        except ProtocolError:
            if not place:
                raise
            # A list that ends before that place has other telegrams.
            return await self.count_telegrams(start, end), False
        times = [as_utc_moment(row.get("timestamp")) for row in page.rows]
        until = [time for time in times if time is not None and time <= moment]
        is_at_end = page.total <= number
        is_same = len(until) == min(number, 1) and (
            is_at_end or len(times) > len(until)
        )
        return page.total, is_same and page.total >= number

    async def telegram_summary(
        self, since: datetime, until: datetime
    ) -> TelegramSummary:
        """Fetch the number of telegrams in [since, until], and the latest one."""
        params: dict[str, QueryValue] = {
            "ordering": "-timestamp",
            "limit": SUMMARY_ROWS,
            "timestamp__gte": utc_text(since),
            "timestamp__lte": utc_text(until),
        }
        page = await self._page(TELEGRAMS, params, HISTORY_TIMEOUT)
        return parse_telegram_summary(page, SUMMARY_ROWS)

    async def oldest_day(self, since: date) -> DayStatistics | None:
        """Fetch the oldest day that has statistics, at the earliest `since`."""
        params: dict[str, QueryValue] = {
            "ordering": "day",
            "limit": 1,
            "day__gte": since.isoformat(),
        }
        page = await self._page(DAYS, params, HISTORY_TIMEOUT)
        day = _first(page, parse_day_statistics)
        if day is not None and day.day < since:
            # All days from there on would be requested, be it since the year 1.
            raise ProtocolError(f"GET {DAYS}: a day before those asked for")
        return day

    async def days(self, first: date, last: date) -> list[DayStatistics]:
        """Fetch the statistics of [first, last], at most DAYS_AT_ONCE days."""
        params: dict[str, QueryValue] = {
            "ordering": "day",
            "limit": DAYS_AT_ONCE,
            "day__gte": first.isoformat(),
            "day__lte": last.isoformat(),
        }
        page = await self._page(DAYS, params, HISTORY_TIMEOUT)
        return _all(page, parse_day_statistics)

    async def hours(self, start: datetime, end: datetime) -> list[HourStatistics]:
        """Fetch the hours that begin in [start, end), at most HOURS_AT_ONCE."""
        params: dict[str, QueryValue] = {
            "ordering": "hour_start",
            "limit": HOURS_AT_ONCE,
            "hour_start__gte": utc_text(start),
            "hour_start__lte": utc_text(end - timedelta(seconds=1)),
        }
        page = await self._page(HOURS, params, HISTORY_TIMEOUT)
        return _all(page, parse_hour_statistics)

    async def _object(self, path: str) -> Row:
        """Fetch an answer that is one object."""
        return require_object(await self._polled(path), f"GET {path}")

    async def _polled(self, path: str) -> Json:
        """Fetch an answer that is the same object as the last one if it repeats it."""
        request = Request(path=path, last=self._last[path])
        return (await self._http.request(request)).body

    async def _page(
        self,
        path: str,
        params: Mapping[str, QueryValue],
        timeout: float = TOTAL_TIMEOUT,  # noqa: ASYNC109 -- aiohttp's own timeout
        *,
        offset: int = 0,
        last: LastAnswer | None = None,
    ) -> Page:
        """Fetch a page of a list; `timeout` is in seconds.

        The rows are the same objects as those of `last` if the answer repeats it. An
        empty page is only believed if it says that the list ends before it.
        """
        if offset:
            params = {**params, "offset": offset}
        request = Request(path=path, params=params, timeout=timeout, last=last)
        answer = require_object((await self._http.request(request)).body, request)
        if (page := parse_page(answer)) is None:
            raise ProtocolError(f"{request}: no list of results")
        timed = [row for row in page.rows if any(as_text(row.get(t)) for t in _TIMES)]
        require_some(timed, page.rows, request)
        # A list without a count ends with an empty page, but does not begin with one.
        ends_at = offset - 1 if page.count is None and offset else page.count
        if page.size == 0 and (ends_at is None or ends_at > offset):
            raise ProtocolError(f"{request}: a list that ends before its count")
        return page


def _first[Parsed](page: Page, parse: Callable[[Row], Parsed | None]) -> Parsed | None:
    """Parse the row of a list of one; `None` if the list is empty.

    Raises ProtocolError if the row is unreadable: it does not mean that there is none.
    """
    if not page.rows:
        return None
    if (parsed := parse(page.rows[0])) is None:
        raise ProtocolError("a row without a readable time")
    return parsed


def _all[Parsed](page: Page, parse: Callable[[Row], Parsed | None]) -> list[Parsed]:
    """Parse the rows of a list that fits into one page; unreadable ones are ignored.

    Raises ProtocolError if rows are missing, or if none is readable.
    """
    parsed = [row for each in page.rows if (row := parse(each)) is not None]
    if page.size < page.total or (page.size and not parsed):
        raise ProtocolError("a list without all of its rows")
    return parsed
