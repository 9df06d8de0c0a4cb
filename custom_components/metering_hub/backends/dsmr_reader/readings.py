"""Make readings of the answers about the present."""

from dataclasses import replace
from datetime import date, datetime, tzinfo
from decimal import Decimal

from ...metering.model import NEW_REGISTER, Reading
from ..common.times import local_midnight
from .meters import (
    ELECTRICITY_KEYS,
    ELECTRICITY_METER,
    EXTRA_LAG,
    EXTRA_METER,
    POWER_KEY,
    is_belgian_meter,
    tariff_of,
)
from .models import (
    PRICE_FIELDS,
    Contract,
    ElectricityLive,
    ExtraDevice,
    MeterStatistics,
    StoredTelegram,
    Today,
)
from .prices import combined_price
from .totals import TOTALS

ELECTRICITY_COSTS = ("electricity1_cost", "electricity2_cost")
"""Today's costs without gas and fixed cost, which the total includes."""

TARIFF_KEY = "electricity_tariff"

type Readings = dict[str, Reading]
"""Readings by point key."""


def telegram_readings(telegram: StoredTelegram, extra: ExtraDevice | None) -> Readings:
    """Return the registers, powers, voltages and currents of a stored telegram."""
    numbers = telegram.numbers
    new = ELECTRICITY_KEYS if ELECTRICITY_METER in telegram.new_meters else ()
    found = {
        name: Reading(
            time=telegram.time,
            value=float(number),
            quality=NEW_REGISTER if name in new else None,
            stored=telegram.stored,
        )
        for name, number in numbers.items()
        if name != "extra_device_delivered"
    }
    for key, parts in TOTALS.items():
        positions = [numbers[part] for part in parts if part in numbers]
        if len(positions) == len(parts):
            found[key] = replace(found[parts[0]], value=float(sum(positions)))
    delivered = numbers.get("electricity_currently_delivered")
    returned = numbers.get("electricity_currently_returned")
    if delivered is not None and returned is not None:
        power = float(delivered - returned)
        found[POWER_KEY] = Reading(time=telegram.time, value=power)
    position = numbers.get("extra_device_delivered")
    if extra is not None and position is not None:
        measured = telegram.extra_device_time or telegram.time
        is_alive = telegram.time - measured <= EXTRA_LAG
        found[extra.value] = Reading(
            time=measured,
            value=float(position),
            quality=NEW_REGISTER if EXTRA_METER in telegram.new_meters else None,
            stored=telegram.stored,
            # Telegrams repeat the position between the meter's own measurements, and
            # for ever if the meter has died.
            confirmed=telegram.time if is_alive else None,
        )
    return found


def live_readings(
    live: ElectricityLive, statistics: MeterStatistics | None, latest: datetime | None
) -> Readings:
    """Return the tariff and the running cost, which the latest telegram confirms.

    Without the meter statistics there is no tariff.
    """
    found: Readings = {}
    confirmed = max(live.time, latest or live.time)
    number = statistics.electricity_tariff if statistics else None
    if statistics and live.tariff_name and number in (1, 2):
        tariff = tariff_of(number, is_belgian=is_belgian_meter(statistics))
        found[TARIFF_KEY] = Reading(time=live.time, value=tariff, confirmed=confirmed)
    if live.cost_per_hour is not None:
        cost = float(live.cost_per_hour)
        found["electricity_cost_per_hour"] = Reading(
            time=live.time, value=cost, confirmed=confirmed
        )
    return found


def today_readings(today: Today, latest: datetime | None, zone: tzinfo) -> Readings:
    """Return today's amounts, measured up to the latest telegram of the day."""
    since = start_of_day(today.day, zone)
    measured = since if latest is None else max(latest, since)
    numbers = dict(today.numbers)
    costs = [numbers[name] for name in ELECTRICITY_COSTS if name in numbers]
    if len(costs) == len(ELECTRICITY_COSTS):
        numbers["electricity_cost"] = sum(costs, Decimal())
    return {
        f"today_{name}": Reading(time=measured, value=float(number), since=since)
        for name, number in numbers.items()
    }


def counter_readings(statistics: MeterStatistics) -> Readings:
    """Return the meter's own counters."""
    if statistics.time is None:
        return {}
    return {
        name: Reading(time=statistics.time, value=int(number))
        for name, number in statistics.counters.items()
    }


def price_readings(zone: tzinfo, *contracts: Contract) -> Readings:
    """Return the prices of contracts that are valid on the same day."""
    found: Readings = {}
    for name in PRICE_FIELDS:
        if (price := combined_price(contracts, name)) is not None:
            valid_from = start_of_day(price[1].start, zone)
            found[name] = Reading(time=valid_from, value=float(price[0]))
    return found


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return a local midnight in the server's zone, which users see as last reset."""
    return local_midnight(day, zone).astimezone(zone)
