"""Statistics per hour and day, with the inaccuracies of the real server.

An hour is its last minus its first record, so the step over the boundary is lost: one
of 60 minutes, and one of 12 steps of gas. A day of electricity is also last minus
first; its gas is the sum of its hours, but its gas cost is not.

Source: docs/wire/dsmr_reader.md, Accuracy.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from simulators.faults import Row
from simulators.house import Channel
from simulators.timeline import Span, Timeline
from simulators.times import HOUR

from .prices import DayPrices, cents, day_prices
from .rows import gas_position, gas_step, meter_registers, milli
from .store import Store

# In the order of the answers.
_ELECTRICITY = {
    "electricity1": Channel.DELIVERED_1,
    "electricity2": Channel.DELIVERED_2,
    "electricity1_returned": Channel.RETURNED_1,
    "electricity2_returned": Channel.RETURNED_2,
}
_TODAY_PRICES = {
    "electricity_delivered_1": "electricity_delivered_1_price",
    "electricity_delivered_2": "electricity_delivered_2_price",
    "electricity_returned_1": "electricity_returned_1_price",
    "electricity_returned_2": "electricity_returned_2_price",
    "gas": "gas_price",
    "fixed_daily_cost": "fixed_daily_cost",
}


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs of a day in EUR, less the revenue of what was returned."""

    electricity1: Decimal
    electricity2: Decimal
    gas: Decimal
    fixed: Decimal
    total: Decimal


def hour_row(store: Store, start: int) -> Row:
    """Return a row of statistics/hour: kWh, and m³ or GJ."""
    row: Row = {"id": store.hours.rank(start) + 1, "hour_start": store.iso(start)}
    amounts = _electricity(store, (start, start + HOUR)) or dict.fromkeys(
        _ELECTRICITY, 0
    )
    row |= {field: milli(amount) for field, amount in amounts.items()}
    return row | {"gas": milli(_hour_gas(store, start))}


def day_row(store: Store, ordinal: int) -> Row:
    """Return a row of statistics/day; weather is off, so temperatures are 0.0."""
    day = date.fromordinal(ordinal)
    span = store.day_span(ordinal)
    amounts = _electricity(store, span) or dict.fromkeys(_ELECTRICITY, 0)
    burnt = _day_gas(store, span)
    prices = day_prices(store.knobs.prices, day) or DayPrices()
    costs = _costs(amounts, burnt, prices)
    hours = store.hours
    gas = sum(_hour_gas(store, hours[index]) for index in hours.between(*span))
    row: Row = {"id": store.days.rank(ordinal) + 1, "day": day.isoformat()}
    row |= {field: milli(amount) for field, amount in amounts.items()}
    return row | {
        "electricity1_cost": str(costs.electricity1),
        "electricity2_cost": str(costs.electricity2),
        "gas": milli(gas),
        "gas_cost": str(costs.gas),
        "lowest_temperature": "0.0",
        "highest_temperature": "0.0",
        "average_temperature": "0.0",
        "fixed_cost": str(costs.fixed),
        "total_cost": str(costs.total),
        **_first_positions(store, span),
    }


def today(store: Store) -> Row | str:
    """Return consumption/today: floats, or a sentence if there is nothing yet."""
    span = store.day_span(store.today.toordinal())
    amounts = _electricity(store, span)
    if amounts is None:
        return f"No electricity readings found for: {store.today}"
    burnt = _day_gas(store, span)
    prices = day_prices(store.knobs.prices, store.today) or DayPrices()
    costs = _costs(amounts, burnt, prices)
    merged = amounts["electricity1"] + amounts["electricity2"]
    returned = amounts["electricity1_returned"] + amounts["electricity2_returned"]
    gas: Row = {"gas": (burnt or 0) / 1000, "gas_cost": float(costs.gas)}
    row: Row = {"day": store.today.isoformat()}
    row |= {field: amount / 1000 for field, amount in amounts.items()}
    row |= {
        "electricity_merged": merged / 1000,
        "electricity_returned_merged": returned / 1000,
        "electricity1_cost": float(costs.electricity1),
        "electricity2_cost": float(costs.electricity2),
        "total_cost": float(costs.total),
    }
    if burnt is not None:
        row |= gas
    row["fixed_cost"] = float(costs.fixed)
    for name, field in _TODAY_PRICES.items():
        row[f"energy_supplier_price_{name}"] = float(getattr(prices, field))
    # Without gas records the server appends zeros at the end.
    return row | gas


def _ends(times: Timeline, span: Span) -> Span | None:
    """Return the first and last instant in a span; None without any."""
    found = times.between(*span)
    return (times[found[0]], times[found[-1]]) if found else None


def _electricity(store: Store, span: Span) -> dict[str, int] | None:
    """Return last minus first record in Wh; None without records.

    A meter exchange makes it negative or huge, as on the real server.
    """
    ends = _ends(store.all_minutes, span)
    if ends is None:
        return None
    before, after = (_positions(store, read_at) for read_at in ends)
    return {
        field: after[channel] - before[channel]
        for field, channel in _ELECTRICITY.items()
    }


def _positions(store: Store, read_at: int) -> tuple[int, ...]:
    """Return the positions of the reading that a record was made from."""
    reading = store.all_readings.before(read_at)
    return meter_registers(store, read_at if reading is None else reading)


def _hour_gas(store: Store, start: int) -> int:
    """Return the gas of an hour: last minus first, or its only step."""
    ends = _ends(store.all_gas, (start, start + HOUR))
    if ends is None:
        return 0
    if ends[0] == ends[1]:
        return gas_step(store, ends[0])
    return gas_position(store, ends[1]) - gas_position(store, ends[0])


def _day_gas(store: Store, span: Span) -> int | None:
    """Return last minus first of the day, from which the cost is calculated."""
    ends = _ends(store.all_gas, span)
    if ends is None:
        return None
    return gas_position(store, ends[1]) - gas_position(store, ends[0])


def _costs(amounts: dict[str, int], gas: int | None, prices: DayPrices) -> Costs:
    """Return the costs of a day in EUR."""
    electricity = []
    for tariff in (1, 2):
        delivered, returned = prices.electricity(tariff)
        cost = Decimal(amounts[f"electricity{tariff}"]) * delivered
        cost -= Decimal(amounts[f"electricity{tariff}_returned"]) * returned
        electricity.append(cents(cost / 1000))
    gas_cost = cents(Decimal(gas or 0) / 1000 * prices.gas_price)
    fixed = prices.fixed_daily_cost
    # The total includes the fixed cost before it is rounded.
    total = cents(sum(electricity) + gas_cost + fixed)
    return Costs(electricity[0], electricity[1], gas_cost, cents(fixed), total)


def _first_positions(store: Store, span: Span) -> Row:
    """Return the meter positions of the first reading of the day."""
    ends = _ends(store.all_readings, span)
    first = None if ends is None else ends[0]
    row: Row = {
        "electricity_reading_timestamp": None if first is None else store.iso(first)
    }
    registers = None if first is None else meter_registers(store, first)
    for field, channel in _ELECTRICITY.items():
        row[f"{field}_reading"] = (
            None if registers is None else milli(registers[channel])
        )
    device = store.knobs.device
    if first is None or device is None:
        return row | {"gas_reading_timestamp": None, "gas_reading": None}
    stamp = store.extra_stamp(first)
    return row | {
        "gas_reading_timestamp": store.iso(stamp),
        "gas_reading": milli(store.house.register(device.channel, stamp)),
    }
