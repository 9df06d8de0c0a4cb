"""What DSMR-reader's endpoints answer, typed; units are the server's.

Source of every wire fact: ../shared/wire/dsmr_reader.md, observed on DSMR-reader 5.11.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

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
