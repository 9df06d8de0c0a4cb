"""True values: what each signal of a sensor measures at any second.

Values are whole numbers of the smallest step that the wire can show: Wh, varh and VAh
for registers, W for PV, 0.1 V, 0.01 A, 0.001 Hz, 0.01 K.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache
from weakref import WeakKeyDictionary

from simulators.house import Channel, House
from simulators.house_profile import solar
from simulators.times import DAY, HOUR, QUARTER, Instant, epoch

from .sensors import Meter, Sensor
from .utilities import GAS, HEAT, HEAT_KWH, TARIFF, VALVE, WATER

_WARM_UP = 32 * DAY
_ORIGINS: WeakKeyDictionary[House, tuple[int, ...]] = WeakKeyDictionary()

_DELIVERED = (Channel.DELIVERED_1, Channel.DELIVERED_2)
_RETURNED = (Channel.RETURNED_1, Channel.RETURNED_2)
# Register -> the energy or gas that it follows, and its share of it in percent.
_REGISTERS: Mapping[int, tuple[tuple[Channel, ...], int]] = {
    32: (_DELIVERED, 100),
    34: (_RETURNED, 100),
    36: (_DELIVERED, 32),
    38: (_RETURNED, 4),
    40: (_RETURNED, 9),
    42: (_DELIVERED, 3),
    44: (_DELIVERED, 105),
    46: (_RETURNED, 101),
    # Litres of gas: litres of water, megajoules and watt-hours follow them.
    WATER: ((Channel.GAS,), 7),
    GAS: ((Channel.GAS,), 100),
    HEAT: ((Channel.GAS,), 4),
    HEAT_KWH: ((Channel.GAS,), 1000),
}


def is_register(moid: int) -> bool:
    """Return True if the signal is a meter position."""
    return moid in _REGISTERS


def reading(sensor: Sensor, moid: int, at: Instant) -> int:
    """Return what the sensor measures at `at`, in the smallest steps.

    Raises KeyError for a moid that no sensor measures.
    """
    if moid in _REGISTERS:
        return position(sensor, moid, at)
    return _READERS[moid](sensor, epoch(at))


def position(sensor: Sensor, moid: int, at: Instant) -> int:
    """Return a register of the meter installed at `at`: Wh, varh or VAh.

    Raises KeyError if the signal is not a register.
    """
    return meter_position(sensor, meter_at(sensor, at), moid, at)


def meter_position(sensor: Sensor, meter: Meter, moid: int, at: Instant) -> int:
    """Return a register of this meter at `at`, as if it was never replaced."""
    base = meter.positions.get(moid, 0) - sum(
        each.fall
        for each in sensor.corrections
        if each.moid == moid and epoch(meter.since) <= epoch(each.at) <= epoch(at)
    )
    return base + counted(sensor, moid, at) - counted(sensor, moid, meter.since)


def meter_at(sensor: Sensor, at: Instant) -> Meter:
    """Return the meter installed at `at`; before all of them, the first one."""
    when = epoch(at)
    current = sensor.meters[0]
    for meter in sensor.meters:
        if epoch(meter.since) <= when:
            current = meter
    return current


def counted(sensor: Sensor, moid: int, at: Instant) -> int:
    """Return the amount since the start of the house: Wh, varh or VAh; never falls."""
    channels, percent = _REGISTERS[moid]
    # Calculating all positions at once is cheaper than two channels separately.
    now, origin = sensor.house.registers(at), _origin(sensor.house)
    return sum(now[channel] - origin[channel] for channel in channels) * percent // 100


def energy(sensor: Sensor, moid: int, start: Instant, end: Instant) -> int:
    """Return the amount that passed in [start, end), regardless of meter exchanges."""
    return counted(sensor, moid, end) - counted(sensor, moid, start)


async def warm_up(house: House, until: Instant) -> None:
    """Let the house sum up its days until then, without blocking the event loop."""
    end = epoch(until)
    for when in range(epoch(house.start), end, _WARM_UP):
        house.counted(Channel.DELIVERED_1, when)
        await asyncio.sleep(0)


def _origin(house: House) -> tuple[int, ...]:
    """Return the cached positions of the house at its start."""
    if house not in _ORIGINS:
        _ORIGINS[house] = house.registers(house.start)
    return _ORIGINS[house]


@lru_cache(maxsize=64)
def _yield(seed: int, day: int) -> tuple[int, ...]:
    """Return the solar yield in watts per quarter of a UTC day."""
    return solar(seed, day)


def _solar(sensor: Sensor, when: int) -> int:
    """Return the mean W of the quarter that ends at `when`, or in which it lies."""
    day, second = divmod(when - 1, DAY)
    return _yield(sensor.house.seed, day)[second // QUARTER]


def _voltage(line: int) -> Callable[[Sensor, int], int]:
    """Return a function for the voltage of a line in tenths of a volt."""
    return lambda sensor, when: sensor.house.voltages(when)[line]


def _current(line: int) -> Callable[[Sensor, int], int]:
    """Return a function for the current in hundredths of an ampere, without a sign."""

    def read(sensor: Sensor, when: int) -> int:
        """Return the current, rounded half up."""
        volts = sensor.house.voltages(when)[line]
        watts = sensor.house.power(when).phases[line]
        return (2000 * abs(watts) + volts) // (2 * volts)

    return read


def _frequency(sensor: Sensor, when: int) -> int:
    """Return the grid frequency in thousandths of a hertz."""
    first, second, third = sensor.house.voltages(when)
    return 49_960 + (first * 7 + second * 3 + third) % 81


def _temperature(sensor: Sensor, when: int) -> int:
    """Return an outside temperature in hundredths of a kelvin: warmer when sunny."""
    return 27_515 + _solar(sensor, when) // 3


def _odd_hour(sensor: Sensor, when: int) -> int:
    """Return 1 in the hours of the day whose number is odd, else 0."""
    return when // HOUR % 2


_READERS: Mapping[int, Callable[[Sensor, int], int]] = {
    **{53 + line: _voltage(line) for line in range(3)},
    **{56 + line: _current(line) for line in range(3)},
    70: _solar,
    103: _frequency,
    139: _temperature,
    TARIFF: _odd_hour,
    VALVE: _odd_hour,
}
