"""DSMR-reader's REST API, one method per endpoint.

Source of every wire fact: ../shared/wire/dsmr_reader.md, observed on DSMR-reader 5.11.
Lists are only ever asked for newest first and with a limit: their default is the
oldest rows first. `next` links are never followed, because they name a wrong host
behind a proxy. Times are sent in UTC with a `Z`, because a naive one is refused around
daylight saving changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from aiohttp import ClientSession

from ..common.auth import StaticAuth
from ..common.http import TOTAL_TIMEOUT, Answer, HttpClient, Json, QueryValue, Request
from ..common.parse import as_decimal, as_integer, as_object, as_objects, as_text
from ..common.times import as_day, as_moment, utc_text
from ..errors import (
    AuthenticationError,
    BackendError,
    PermissionDeniedError,
    ProtocolError,
    UnsupportedError,
)
from .models import (
    COUNTER_FIELDS,
    PRICE_FIELDS,
    READING_FIELDS,
    TODAY_FIELDS,
    Contract,
    DsmrReading,
    ElectricityLive,
    GasLive,
    MeterStatistics,
    Numbers,
    QuarterHourPeak,
    Today,
)

CONTRACTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a list; `size` also counts what is no row, `count` is the list's."""

    rows: list[dict[str, Json]]
    size: int
    count: int | None

    def is_last(self, reached: int, limit: int) -> bool:
        """Tell whether a list ends with this page, after `reached` rows."""
        if self.size == 0 or self.count is None:
            return self.size < limit
        return reached >= self.count


class DsmrReaderClient:
    """The endpoints that the integration uses.

    Every method raises only BackendError: UnsupportedError("api_disabled") where the
    API is switched off, AuthenticationError for a wrong key, NotFoundError where the
    server is older than the endpoint, and what `HttpClient.request` raises.
    """

    def __init__(self, session: ClientSession, url: str, api_key: str) -> None:
        """Prepare requests to the server at `url`, which has no trailing slash."""
        self._http = HttpClient(
            session,
            f"{url}/api/v2",
            auth=StaticAuth({"X-AUTHKEY": api_key}),
            # The server localises some numbers and texts by this header.
            headers={"Accept-Language": "en"},
            max_parallel=4,
            classify=_classify,
        )

    async def version(self) -> str:
        """Return the server's version, such as "5.11.0"."""
        answer = as_object(await self._http.get("/application/version"))
        if (version := as_text(answer.get("version"))) is None:
            raise ProtocolError("the server gives no version")
        return version

    async def problems(self) -> int | None:
        """Return how many problems the server has found with itself (since 4.4)."""
        answer = as_object(await self._http.get("/application/monitoring"))
        return as_integer(answer.get("problems"))

    async def latest_reading(self, since: datetime | None) -> DsmrReading | None:
        """Return the newest reading that is not older than `since`.

        With `since` the answer takes the same time however much is stored; without,
        the server counts all its rows first.
        """
        params: dict[str, QueryValue] = {"ordering": "-timestamp", "limit": 1}
        if since is not None:
            params["timestamp__gte"] = utc_text(since)
        rows = await self._rows("/datalogger/dsmrreading", params)
        return _reading(rows[0]) if rows else None

    async def meter_statistics(self) -> MeterStatistics:
        """Return the meter's counters and its last telegram."""
        row = as_object(await self._http.get("/datalogger/meter-statistics"))
        time = as_moment(row.get("timestamp"))
        return MeterStatistics(
            time=time.astimezone(UTC) if time else None,
            dsmr_version=as_text(row.get("dsmr_version")),
            electricity_tariff=as_integer(row.get("electricity_tariff")),
            counters=numbers(row, COUNTER_FIELDS),
            telegram=as_text(row.get("latest_telegram")),
        )

    async def today(self) -> Today | None:
        """Return today's amounts; `None` before the first reading of a day.

        The server then answers 200 with a JSON text instead of an object.
        """
        row = as_object(await self._http.get("/consumption/today"))
        day = as_day(row.get("day"))
        return Today(day=day, numbers=numbers(row, TODAY_FIELDS)) if day else None

    async def electricity_live(self) -> ElectricityLive | None:
        """Return tariff and running cost; `None` while there are no readings."""
        row = as_object(await self._http.get("/consumption/electricity-live"))
        if (time := as_moment(row.get("timestamp"))) is None:
            return None
        return ElectricityLive(
            time=time.astimezone(UTC),
            tariff_name=as_text(row.get("tariff_name")),
            cost_per_hour=as_decimal(row.get("cost_per_hour")),
        )

    async def gas_live(self) -> GasLive | None:
        """Return the second meter's last step; `None` where there is no such meter."""
        row = as_object(await self._http.get("/consumption/gas-live"))
        time = as_moment(row.get("timestamp"))
        delivered = as_decimal(row.get("currently_delivered"))
        if time is None or delivered is None:
            return None
        return GasLive(time=time.astimezone(UTC), currently_delivered=delivered)

    async def quarter_hour_peak(self, since: datetime) -> QuarterHourPeak | None:
        """Return the highest quarter-hour peak since a moment (since 5.9)."""
        rows = await self._rows(
            "/consumption/quarter-hour-peak-electricity",
            {
                "ordering": "-average_delivered",
                "limit": 1,
                "read_at_start__gte": utc_text(since),
            },
        )
        row = rows[0] if rows else {}
        end = as_moment(row.get("read_at_end"))
        average = as_decimal(row.get("average_delivered"))
        if end is None or average is None:
            return None
        return QuarterHourPeak(end=end.astimezone(UTC), average_delivered=average)

    async def contracts(self, first: date, last: date | None = None) -> list[Contract]:
        """Return the energy contracts that are valid on a day, or until another.

        Servers have them since 5.3.
        """
        contracts: list[Contract] = []
        params: dict[str, QueryValue] = {
            "ordering": "start",
            "limit": CONTRACTS_AT_ONCE,
            "start__lte": (last or first).isoformat(),
            "end__gte": first.isoformat(),
        }
        offset = 0
        while True:
            page = await self.page(
                "/consumption/energy-supplier-prices", {**params, "offset": offset}
            )
            for row in page.rows:
                start, end = as_day(row.get("start")), as_day(row.get("end"))
                if start and end:
                    prices = numbers(row, PRICE_FIELDS)
                    contracts.append(Contract(start=start, end=end, prices=prices))
            offset += page.size
            if page.is_last(offset, CONTRACTS_AT_ONCE):
                return contracts

    async def _rows(
        self, path: str, params: Mapping[str, QueryValue]
    ) -> list[dict[str, Json]]:
        return (await self.page(path, params)).rows

    async def page(
        self,
        path: str,
        params: Mapping[str, QueryValue],
        within: float = TOTAL_TIMEOUT,
    ) -> Page:
        """Return a page of a list; `within` is in seconds."""
        request = Request(path=path, params=params, timeout=within)
        answer = as_object((await self._http.request(request)).body)
        if not isinstance(results := answer.get("results"), list):
            raise ProtocolError(f"GET {path}: no list of results")
        count = as_integer(answer.get("count"))
        return Page(rows=as_objects(results), size=len(results), count=count)


def _classify(answer: Answer) -> BackendError | None:
    """Tell a switched-off API from a wrong key: both are HTTP 403, in English only."""
    if answer.status != 403 or not answer.is_json:
        return None
    detail = as_text(as_object(answer.body).get("detail")) or ""
    if detail == "API is disabled":
        return UnsupportedError("the API is switched off", reason="api_disabled")
    if detail == "Invalid auth key":
        return AuthenticationError("the API key is not accepted")
    return PermissionDeniedError("the server refuses the request")


def _reading(row: Mapping[str, Json]) -> DsmrReading | None:
    if (time := as_moment(row.get("timestamp"))) is None:
        return None
    extra_time = as_moment(row.get("extra_device_timestamp"))
    return DsmrReading(
        time=time.astimezone(UTC),
        offset=time.utcoffset() or timedelta(),
        numbers=numbers(row, READING_FIELDS),
        extra_device_time=extra_time.astimezone(UTC) if extra_time else None,
    )


def numbers(row: Mapping[str, Json], names: tuple[str, ...]) -> Numbers:
    """Return the fields of a row that have a number."""
    found = ((name, as_decimal(row.get(name))) for name in names)
    return {name: number for name, number in found if number is not None}
