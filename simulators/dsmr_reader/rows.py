"""Rows of readings and consumption, key for key as the real server writes them."""

from functools import partial

from simulators.faults import Row
from simulators.house import Channel, Power
from simulators.times import MINUTE, QUARTER, epoch

from .store import Store

_LINES = ("l1", "l2", "l3")
# The order of the captures: 1 delivered, 1 returned, 2 delivered, 2 returned.
POSITIONS = {
    "delivered_1": Channel.DELIVERED_1,
    "returned_1": Channel.RETURNED_1,
    "delivered_2": Channel.DELIVERED_2,
    "returned_2": Channel.RETURNED_2,
}


def row_number(store: Store, when: int) -> int:
    """Return the number of the row of a reading: late ones have later numbers."""
    arrivals, at = store.arrivals, when
    after = 0
    for late in store.knobs.late:
        if epoch(late.start) <= when < epoch(late.end):
            at = epoch(late.arrives)
            after = len(arrivals.between(when, epoch(late.end)))
    for late in store.knobs.late:
        if epoch(late.arrives) > at:
            end = min(epoch(late.end), at)
            after += len(arrivals.between(epoch(late.start), end))
    return arrivals.rank(at) - after + 1


def milli(amount: int) -> str:
    """Return thousandths as a decimal string with three decimals."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 1000}.{abs(amount) % 1000:03}"


def reading_row(store: Store, stamp: int) -> Row:
    """Return a row of datalogger/dsmrreading: kWh, kW, V and A."""
    house, knobs = store.house, store.knobs
    when = store.misplaced.get(stamp, stamp)
    power = house.power(when)
    positions = reading_positions(store, when)
    row: Row = {
        "id": row_number(store, when),
        "timestamp": store.iso(store.stamp(stamp)),
    }
    for field in POSITIONS:
        row[f"electricity_{field}"] = milli(positions[f"electricity_{field}"])
    row["electricity_currently_delivered"] = milli(power.delivered)
    row["electricity_currently_returned"] = milli(power.returned)
    row |= _phases(store, "phase_currently_delivered", _delivered(store, power))
    has_extra = knobs.device is not None
    # A meter with a wrong clock stamps the positions of the extra meter with it, too.
    shown = store.shown_stamp(when)
    if knobs.extra_clock is None:
        shown += stamp - when
    row["extra_device_timestamp"] = store.iso(shown) if has_extra else None
    row["extra_device_delivered"] = (
        milli(positions["extra_device_delivered"]) if has_extra else None
    )
    return row | _phase_details(store, power, when)


def reading_positions(store: Store, when: int) -> dict[str, int]:
    """Return the positions in a reading by field; knobs may override the latest."""
    found = electricity_positions(store, when)
    device = store.knobs.device
    if device is not None:
        stamp = store.extra_stamp(when)
        found["extra_device_delivered"] = extra_position(store, device.channel, stamp)
    if when == store.latest:
        for field, change in store.knobs.register_override.items():
            found[field] = change if isinstance(change, int) else change(found[field])
    return found


def electricity_positions(store: Store, when: int) -> dict[str, int]:
    """Return the positions that the electricity meter shows, by field."""
    house, dirt = store.house, store.knobs.dirt
    if not dirt:
        # Calculating all positions at once is cheaper.
        registers = meter_registers(store, when)
        return {
            f"electricity_{field}": registers[POSITIONS[field]] for field in POSITIONS
        }
    return {
        key: dirt.shown(key, when, partial(house.register, POSITIONS[field]))
        for field in POSITIONS
        if (key := f"electricity_{field}")
    }


def meter_registers(store: Store, when: int) -> tuple[int, ...]:
    """Return the positions of the meter's registers by channel.

    A meter in Luxembourg has one in each direction, which is the first one for the
    server; the second one is zero.
    """
    registers = store.house.registers(when)
    if not store.knobs.luxembourg:
        return registers
    found = [*registers]
    for first, second in (
        (Channel.DELIVERED_1, Channel.DELIVERED_2),
        (Channel.RETURNED_1, Channel.RETURNED_2),
    ):
        found[first] += found[second]
        found[second] = 0
    return tuple(found)


def extra_position(store: Store, channel: Channel, stamp: int) -> int:
    """Return the position that the M-Bus meter shows at its own timestamp."""
    position = partial(store.house.register, channel)
    return store.knobs.dirt.shown("gas", stamp, position)


def electricity_row(store: Store, read_at: int) -> Row:
    """Return a row of consumption/electricity, which describes the minute before.

    The house's power is constant within a minute, so the last one is the mean.
    """
    reading = store.all_readings.before(read_at)
    if reading is None or not store.knobs.groups_by_minute:
        reading = read_at
    last, positions = reading, _highest_positions(store, read_at, reading)
    power = store.house.power(last)
    row: Row = {
        "id": store.all_minutes.rank(read_at) + 1,
        "read_at": store.iso(read_at),
    }
    row |= {field: milli(positions[f"electricity_{field}"]) for field in POSITIONS}
    row["currently_delivered"] = milli(power.delivered)
    row["currently_returned"] = milli(power.returned)
    row |= _phases(store, "phase_currently_delivered", _delivered(store, power))
    return row | _phase_details(store, power, last)


def _highest_positions(store: Store, read_at: int, last: int) -> dict[str, int]:
    """Return the highest positions of a minute's telegrams, right or wrong, by field.

    `last` is the last right telegram. Unless one is wrong or the meter is exchanged, it
    has the highest positions.
    """
    found = electricity_positions(store, last)
    begin = read_at - MINUTE
    times = [store.all_readings[i] for i in store.all_readings.between(begin, read_at)]
    if store.knobs.dirt:
        times += [
            at for stamp, at in store.misplaced.items() if begin <= stamp < read_at
        ]
    else:
        times = times[:1]
    for when in times:
        others = electricity_positions(store, when)
        found = {field: max(value, others[field]) for field, value in found.items()}
    return found


def gas_row(store: Store, read_at: int) -> Row:
    """Return a row of consumption/gas: the position and the step since the last one."""
    return {
        "id": store.all_gas.rank(read_at) + 1,
        "read_at": store.iso(read_at),
        "delivered": milli(gas_position(store, read_at)),
        "currently_delivered": milli(gas_step(store, read_at)),
    }


def gas_position(store: Store, read_at: int) -> int:
    """Return the M-Bus meter's position at a read_at."""
    device = store.knobs.device
    if device is None:
        return 0
    return extra_position(store, device.channel, read_at + store.gas_shift)


def gas_step(store: Store, read_at: int) -> int:
    """Return the difference from the previous record; the very first one has 0."""
    previous = store.all_gas.before(read_at)
    if previous is None:
        return 0
    return gas_position(store, read_at) - gas_position(store, previous)


def quarter_row(store: Store, quarter: int) -> Row:
    """Return a row of consumption/quarter-hour-peak-electricity, in kW."""
    start, end, watts = quarter_average(store, quarter)
    return {
        "id": store.quarters.rank(quarter) + 1,
        "read_at_start": store.iso(start),
        "read_at_end": store.iso(end),
        "average_delivered": milli(watts),
    }


def quarter_average(store: Store, quarter: int) -> tuple[int, int, int]:
    """Return the first and last reading of a quarter and the mean W between them."""
    found = store.all_readings.between(quarter, quarter + QUARTER + 1)
    start, end = store.all_readings[found[0]], store.all_readings[found[-1]]
    before, after = store.house.registers(start), store.house.registers(end)
    amount = sum(
        after[channel] - before[channel]
        for channel in (Channel.DELIVERED_1, Channel.DELIVERED_2)
    )
    # Half up, as the server rounds.
    return start, end, (2 * amount * 3600 + end - start) // (2 * (end - start))


def _delivered(store: Store, power: Power) -> list[str]:
    """Return the delivered power per phase in kW."""
    return [milli(max(watt, 0)) for watt in phase_power(store, power)]


def _phase_details(store: Store, power: Power, when: int) -> Row:
    """Return the fields of newer versions: returned, voltage and current per phase."""
    volts = store.house.voltages(when)
    phases = phase_power(store, power)
    returned = [milli(max(-watt, 0)) for watt in phases]
    row = _phases(store, "phase_currently_returned", returned)
    voltage = [f"{tenths // 10}.{tenths % 10}" for tenths in volts]
    if store.knobs.is_hourly:
        row |= {f"phase_voltage_{line}": None for line in _LINES}
    else:
        row |= _phases(store, "phase_voltage", voltage)
    currents = [amperes(watt, volt) for watt, volt in zip(phases, volts, strict=True)]
    return row | _phases(store, "phase_power_current", currents)


def amperes(watt: int, decivolt: int) -> int:
    """Return the current as the meter shows it: whole amperes without a sign."""
    return (20 * abs(watt) + decivolt) // (2 * decivolt)


def phase_power(store: Store, power: Power) -> tuple[int, int, int]:
    """Return the net W per phase; a single-phase meter has all of it on L1."""
    if store.knobs.phases == 3:
        return power.phases
    return power.delivered - power.returned, 0, 0


def _phases[T: (str, int)](store: Store, field: str, values: list[T]) -> Row:
    """Return a field per phase; a single-phase meter has no second and third."""
    used = 0 if store.knobs.dsmr2 else store.knobs.phases
    return {
        f"{field}_{line}": value if number < used else None
        for number, (line, value) in enumerate(zip(_LINES, values, strict=True))
    }
