"""Typed answers of DSMR-reader's endpoints, and their parsers.

All values are in the server's units. An unreadable value is left out, and the rest of
its row is kept.
Source: docs/wire/dsmr_reader.md, Endpoints.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from ..common.http import Json
from ..common.parse import (
    as_decimal,
    as_integer,
    as_number,
    as_objects,
    as_text,
    as_whole_text,
)
from ..common.times import as_day, as_moment, as_nearest_day, as_utc_moment

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
AMOUNT_FIELDS = (
    "electricity1",
    "electricity2",
    "electricity1_returned",
    "electricity2_returned",
    "gas",
)
POSITION_FIELDS = tuple(f"{name}_reading" for name in AMOUNT_FIELDS)
ELECTRICITY_TIME_FIELD = "electricity_reading_timestamp"
GAS_TIME_FIELD = "gas_reading_timestamp"

type Row = Mapping[str, Json]
"""One row of a list, or one flat answer."""

type Numbers = Mapping[str, Decimal]
"""The numbers of a row by field name; a field without a number is missing."""


class ExtraDevice(StrEnum):
    """The kind of M-Bus meter behind the electricity meter."""

    GAS = "gas"
    HEAT = "heat"
    WATER = "water"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list.

    `size` also counts entries that are not rows; `count` is the length of the list.
    """

    rows: list[dict[str, Json]]
    size: int
    count: int | None

    def is_last(self, reached: int, limit: int) -> bool:
        """Return True if the list ends with this page, after `reached` entries.

        A count that contradicts the entries is not used.
        """
        if self.count is None or self.count < reached:
            return self.size < limit
        return reached >= self.count

    @property
    def total(self) -> int:
        """Return the length of the list, as far as it is known."""
        return self.size if self.count is None else self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTelegram:
    """A stored telegram: registers in kWh, power in kW, voltage in V, current in A.

    `time` and `extra_device_time` come from the meters' clocks, in UTC; `offset` is the
    server's offset from UTC at `time`. `extra_device_delivered` has no unit of its own.
    `stored` is the number of the row, in the order of arrival. `new_meters` are the
    keys of the devices of which this is the first telegram since their exchange.
    """

    time: datetime
    offset: timedelta
    numbers: Numbers
    extra_device_time: datetime | None
    stored: int | None
    new_meters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSummary:
    """The number of telegrams stored since a moment, and the latest one.

    `ties` is the number of telegrams with the same time as the latest one, `None` if
    there are too many to count. Times are in UTC.
    """

    count: int
    time: datetime | None
    extra_time: datetime | None
    ties: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterStatistics:
    """The meter's counters and its raw last telegram, which is personal data."""

    time: datetime | None
    dsmr_version: str | None
    electricity_tariff: int | None
    counters: Numbers
    telegram: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The amounts of a local day so far, in kWh, m³ and EUR."""

    day: date
    numbers: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricityLive:
    """The tariff in force, by the name its owner gave it, and the cost in EUR/h."""

    time: datetime
    tariff_name: str | None
    cost_per_hour: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GasLive:
    """The extra meter's amount since its previous record, which is not a rate."""

    time: datetime
    currently_delivered: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterHourPeak:
    """The mean power in kW of the quarter of an hour that ended at `end`."""

    end: datetime
    average_delivered: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An energy contract: EUR/kWh, EUR/m³ and EUR/day, `end` included."""

    start: date
    end: date
    prices: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStatistics:
    """The first positions of a local day, their UTC times, and the day's amounts.

    All are by field name; electricity is in kWh, the rest in the extra meter's unit.
    `cost` is the total of the day in EUR.
    """

    day: date
    positions: Mapping[str, float]
    times: Mapping[str, datetime]
    amounts: Mapping[str, float]
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HourStatistics:
    """The amounts of the hour that begins at `start` in UTC, by field name."""

    start: datetime
    amounts: Mapping[str, float]


def parse_page(answer: Row) -> Page | None:
    """Parse a page of a list; `None` if the answer is not a list of rows."""
    if not isinstance(results := answer.get("results"), list):
        return None
    rows = as_objects(results)
    if results and not rows:
        return None
    return Page(
        rows=rows,
        size=len(results),
        count=as_integer(answer.get("count")),
    )


def parse_numbers(row: Row, names: tuple[str, ...]) -> Numbers:
    """Return the named fields of a row that have a number."""
    found = ((name, as_decimal(row.get(name))) for name in names)
    return {name: number for name, number in found if number is not None}


def parse_stored_telegram(row: Row) -> StoredTelegram | None:
    """Parse a row of datalogger/dsmrreading; `None` without a readable time."""
    if (time := as_moment(row.get("timestamp"))) is None:
        return None
    return StoredTelegram(
        time=time.astimezone(UTC),
        offset=time.utcoffset() or timedelta(),
        numbers=parse_numbers(row, READING_FIELDS),
        extra_device_time=as_utc_moment(row.get("extra_device_timestamp")),
        stored=as_integer(row.get("id")),
    )


def parse_telegram_summary(page: Page, limit: int) -> TelegramSummary:
    """Parse the first page, of at most `limit` rows, of telegrams, latest first."""
    times = [as_utc_moment(row.get("timestamp")) for row in page.rows]
    ties = sum(time == times[0] for time in times)
    extra_time = page.rows[0].get("extra_device_timestamp") if page.rows else None
    return TelegramSummary(
        count=page.total,
        time=times[0] if times else None,
        extra_time=as_utc_moment(extra_time),
        ties=ties if ties < limit else None,
    )


def parse_meter_statistics(row: Row) -> MeterStatistics:
    """Parse datalogger/meter-statistics, whose fields may all be null."""
    return MeterStatistics(
        time=as_utc_moment(row.get("timestamp")),
        dsmr_version=as_text(row.get("dsmr_version")),
        electricity_tariff=as_integer(row.get("electricity_tariff")),
        counters=parse_numbers(row, COUNTER_FIELDS),
        telegram=as_whole_text(row.get("latest_telegram")),
    )


def parse_today(row: Row) -> Today | None:
    """Parse consumption/today; `None` before the first telegram of a day."""
    if (day := as_day(row.get("day"))) is None:
        return None
    return Today(day=day, numbers=parse_numbers(row, TODAY_FIELDS))


def parse_electricity_live(row: Row) -> ElectricityLive | None:
    """Parse consumption/electricity-live; `None` while there are no telegrams."""
    if (time := as_utc_moment(row.get("timestamp"))) is None:
        return None
    return ElectricityLive(
        time=time,
        tariff_name=as_text(row.get("tariff_name")),
        cost_per_hour=as_decimal(row.get("cost_per_hour")),
    )


def parse_gas_live(row: Row) -> GasLive | None:
    """Parse consumption/gas-live; `None` if there is no extra meter."""
    time = as_utc_moment(row.get("timestamp"))
    delivered = as_decimal(row.get("currently_delivered"))
    if time is None or delivered is None:
        return None
    return GasLive(time=time, currently_delivered=delivered)


def parse_quarter_hour_peak(row: Row) -> QuarterHourPeak | None:
    """Parse a row of consumption/quarter-hour-peak-electricity."""
    end = as_utc_moment(row.get("read_at_end"))
    average = as_decimal(row.get("average_delivered"))
    if end is None or average is None:
        return None
    return QuarterHourPeak(end=end, average_delivered=average)


def parse_contracts(*rows: Row) -> list[Contract]:
    """Parse rows of consumption/energy-supplier-prices; unreadable ones are ignored."""
    return [each for row in rows if (each := _parse_contract(row)) is not None]


def _parse_contract(row: Row) -> Contract | None:
    """Parse one contract; `None` without its days."""
    start = as_nearest_day(row.get("start"))
    end = as_nearest_day(row.get("end"))
    if start is None or end is None:
        return None
    return Contract(start=start, end=end, prices=parse_numbers(row, PRICE_FIELDS))


def parse_day_statistics(row: Row) -> DayStatistics | None:
    """Parse a row of statistics/day; `None` without its day."""
    if (day := as_day(row.get("day"))) is None:
        return None
    times = (
        (name, as_utc_moment(row.get(name)))
        for name in (ELECTRICITY_TIME_FIELD, GAS_TIME_FIELD)
    )
    return DayStatistics(
        day=day,
        positions=_parse_floats(row, POSITION_FIELDS),
        times={name: time for name, time in times if time is not None},
        amounts=_parse_floats(row, AMOUNT_FIELDS),
        cost=as_decimal(row.get("total_cost")),
    )


def parse_hour_statistics(row: Row) -> HourStatistics | None:
    """Parse a row of statistics/hour; `None` without its start."""
    if (start := as_utc_moment(row.get("hour_start"))) is None:
        return None
    return HourStatistics(start=start, amounts=_parse_floats(row, AMOUNT_FIELDS))


def _parse_floats(row: Row, names: tuple[str, ...]) -> dict[str, float]:
    """Return the named fields of a row that have a number, as floats."""
    found = ((name, as_number(row.get(name))) for name in names)
    return {name: number for name, number in found if number is not None}
