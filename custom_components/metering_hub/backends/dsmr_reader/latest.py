"""DSMR-reader's answers as readings of points."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from ...metering.model import Reading
from .meters import tariff_of
from .models import (
    PRICE_FIELDS,
    Contract,
    DsmrReading,
    ElectricityLive,
    GasLive,
    MeterStatistics,
    QuarterHourPeak,
    Today,
)
from .telegram import ExtraDevice

type Readings = dict[str, Reading]

DEFAULT_ZONE = ZoneInfo("Europe/Amsterdam")
"""DSMR-reader's own default; read at import, because reading it blocks."""


def server_zone(moment: datetime, offset: timedelta) -> tzinfo:
    """Return the server's time zone, of which its answers only show the offset."""
    if moment.astimezone(DEFAULT_ZONE).utcoffset() == offset:
        return DEFAULT_ZONE
    return timezone(offset)


def local_midnight(day: date, zone: tzinfo) -> datetime:
    """Return the start of a local day in the server's time zone."""
    return datetime.combine(day, time(), zone)


def from_reading(reading: DsmrReading, extra: ExtraDevice | None) -> Readings:
    """Return the registers, powers, voltages and currents of a stored telegram."""
    found = {
        name: Reading(time=reading.time, value=float(number))
        for name, number in reading.numbers.items()
        if name != "extra_device_delivered"
    }
    delivered = reading.numbers.get("electricity_currently_delivered")
    returned = reading.numbers.get("electricity_currently_returned")
    if delivered is not None and returned is not None:
        power = float(delivered - returned)
        found["electricity_power"] = Reading(time=reading.time, value=power)
    position = reading.numbers.get("extra_device_delivered")
    if extra is not None and position is not None:
        found[extra.value] = Reading(
            time=reading.extra_device_time or reading.time,
            value=float(position),
            # Telegrams repeat the position between the meter's own measurements.
            confirmed=reading.time,
        )
    return found


def from_live(
    live: ElectricityLive,
    tariff_number: int | None,
    newest: datetime,
    *,
    belgian: bool,
) -> Readings:
    """Return the tariff in force and the running cost, as true as `newest` is new."""
    found: Readings = {}
    time, confirmed = live.time, max(live.time, newest)
    if tariff_number in (1, 2):
        tariff = tariff_of(tariff_number, belgian=belgian)
        found["electricity_tariff"] = Reading(
            time=time, value=tariff, confirmed=confirmed
        )
    if live.cost_per_hour is not None:
        cost = float(live.cost_per_hour)
        found["electricity_cost_per_hour"] = Reading(
            time=time, value=cost, confirmed=confirmed
        )
    return found


def from_gas_live(live: GasLive) -> Readings:
    """Return what the second meter delivered in its last interval."""
    value = float(live.currently_delivered)
    return {"gas_currently_delivered": Reading(time=live.time, value=value)}


def from_today(today: Today, newest: datetime | None, zone: tzinfo) -> Readings:
    """Return today's amounts, measured up to the `newest` known reading of the day."""
    since = local_midnight(today.day, zone)
    measured = newest if newest is not None and newest >= since else since
    return {
        f"today_{name}": Reading(time=measured, value=float(number), since=since)
        for name, number in today.numbers.items()
    }


def from_statistics(statistics: MeterStatistics) -> Readings:
    """Return the meter's own counters."""
    if statistics.time is None:
        return {}
    return {
        name: Reading(time=statistics.time, value=int(number))
        for name, number in statistics.counters.items()
    }


def from_peak(peak: QuarterHourPeak) -> Readings:
    """Return the month's highest quarter-hour mean."""
    value = float(peak.average_delivered)
    return {"quarter_hour_peak": Reading(time=peak.end, value=value)}


def from_contracts(contracts: list[Contract], zone: tzinfo) -> Readings:
    """Return today's prices.

    Contracts may overlap (one for electricity, one for gas), each with zeros for what
    it does not cover. Where two say different prices, there is no price.
    """
    found: Readings = {}
    for name in PRICE_FIELDS:
        if (price := combined_price(contracts, name)) is not None:
            valid_from = local_midnight(price[1].start, zone)
            found[name] = Reading(time=valid_from, value=float(price[0]))
    return found


def combined_price(
    contracts: Sequence[Contract], name: str
) -> tuple[Decimal, Contract] | None:
    """Return the one price that contracts of the same day say, and which says it."""
    said = {
        contract.prices[name]: contract
        for contract in contracts
        if name in contract.prices
    }
    prices: Mapping[Decimal, Contract] = {
        price: contract for price, contract in said.items() if price
    } or said
    return next(iter(prices.items())) if len(prices) == 1 else None
