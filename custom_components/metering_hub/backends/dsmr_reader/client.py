"""DSMR-reader's REST API, one method per endpoint.

Source of every wire fact: ../shared/wire/dsmr_reader.md, observed on DSMR-reader 5.11.
Lists are only ever asked for newest first and with a limit: their default is the
oldest rows first. `next` links are never followed, because they name a wrong host
behind a proxy. Times are sent in UTC with a `Z`, because a naive one is refused around
daylight saving changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from aiohttp import ClientSession

from ..auth import StaticAuth
from ..errors import (
    AuthenticationError,
    BackendError,
    PermissionDeniedError,
    ProtocolError,
    UnsupportedError,
)
from ..http import Answer, HttpClient, Json, QueryValue
from ..parse import as_decimal, as_integer, as_moment, as_object, as_objects, as_text

PHASES = ("l1", "l2", "l3")
READING_FIELDS = (
    "electricity_delivered_1",
    "electricity_delivered_2",
    "electricity_returned_1",
    "electricity_returned_2",
    "electricity_currently_delivered",
    "electricity_currently_returned",
    *(f"phase_currently_delivered_{phase}" for phase in PHASES),
    *(f"phase_currently_returned_{phase}" for phase in PHASES),
    *(f"phase_voltage_{phase}" for phase in PHASES),
    *(f"phase_power_current_{phase}" for phase in PHASES),
    "extra_device_delivered",
)
COUNTER_FIELDS = (
    "power_failure_count",
    "long_power_failure_count",
    *(f"voltage_sag_count_{phase}" for phase in PHASES),
    *(f"voltage_swell_count_{phase}" for phase in PHASES),
    "rejected_telegrams",
)
TODAY_FIELDS = (
    "electricity1",
    "electricity2",
    "electricity1_returned",
    "electricity2_returned",
    "electricity_merged",
    "electricity_returned_merged",
    "electricity1_cost",
    "electricity2_cost",
    "gas",
    "gas_cost",
    "fixed_cost",
    "total_cost",
)
PRICE_FIELDS = (
    "electricity_delivered_1_price",
    "electricity_delivered_2_price",
    "electricity_returned_1_price",
    "electricity_returned_2_price",
    "gas_price",
    "fixed_daily_cost",
)

type Numbers = Mapping[str, Decimal]
"""The numbers of an answer by field name; a field without a number is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DsmrReading:
    """A stored telegram: registers in kWh, power in kW, voltage in V, current in A.

    `time` and `extra_device_time` are the meters' own; `offset` is the server's
    distance to UTC at that moment. `extra_device_delivered` has no unit of its own.
    """

    time: datetime
    offset: timedelta
    numbers: Numbers
    extra_device_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterStatistics:
    """What the meter says about itself; `telegram` is raw and personal."""

    time: datetime | None
    dsmr_version: str | None
    electricity_tariff: int | None
    counters: Numbers
    telegram: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The amounts of a local day so far: kWh, m³, EUR."""

    day: date
    numbers: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricityLive:
    """The tariff in force, by the name that the server's owner gave it, and EUR/h."""

    time: datetime
    tariff_name: str | None
    cost_per_hour: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GasLive:
    """What the second meter delivered since its record before: no rate."""

    time: datetime
    currently_delivered: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterHourPeak:
    """The mean power in kW of the quarter of an hour that ended at `end`."""

    end: datetime
    average_delivered: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An energy contract: EUR/kWh, EUR/m³ and EUR/day, both days included."""

    start: date
    end: date
    prices: Numbers


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
            params["timestamp__gte"] = _utc_text(since)
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
            counters=_numbers(row, COUNTER_FIELDS),
            telegram=as_text(row.get("latest_telegram")),
        )

    async def today(self) -> Today | None:
        """Return today's amounts; `None` before the first reading of a day.

        The server then answers 200 with a JSON text instead of an object.
        """
        row = as_object(await self._http.get("/consumption/today"))
        day = _day(row.get("day"))
        return Today(day=day, numbers=_numbers(row, TODAY_FIELDS)) if day else None

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
                "read_at_start__gte": _utc_text(since),
            },
        )
        row = rows[0] if rows else {}
        end = as_moment(row.get("read_at_end"))
        average = as_decimal(row.get("average_delivered"))
        if end is None or average is None:
            return None
        return QuarterHourPeak(end=end.astimezone(UTC), average_delivered=average)

    async def contracts(self, day: date) -> list[Contract]:
        """Return the energy contracts that are valid on a day (since 5.3)."""
        rows = await self._rows(
            "/consumption/energy-supplier-prices",
            {"start__lte": day.isoformat(), "end__gte": day.isoformat()},
        )
        contracts = []
        for row in rows:
            start, end = _day(row.get("start")), _day(row.get("end"))
            if start and end:
                prices = _numbers(row, PRICE_FIELDS)
                contracts.append(Contract(start=start, end=end, prices=prices))
        return contracts

    async def _rows(
        self, path: str, params: Mapping[str, QueryValue]
    ) -> list[dict[str, Json]]:
        answer = as_object(await self._http.get(path, params))
        if not isinstance(answer.get("results"), list):
            raise ProtocolError(f"GET {path}: no list of results")
        return as_objects(answer["results"])


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
        numbers=_numbers(row, READING_FIELDS),
        extra_device_time=extra_time.astimezone(UTC) if extra_time else None,
    )


def _numbers(row: Mapping[str, Json], names: tuple[str, ...]) -> Numbers:
    found = ((name, as_decimal(row.get(name))) for name in names)
    return {name: number for name, number in found if number is not None}


def _day(value: Json) -> date | None:
    try:
        return date.fromisoformat(as_text(value) or "")
    except ValueError:
        return None


def _utc_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
