"""A deterministic house: meter positions and power at any second, nothing stored.

A reading is a pure function of the seed and the time. Registers are exact integers and
equal the integral of the power: power is constant within a minute, the totals of a
quarter of an hour do not require its minutes, and the totals of whole days are summed
once into a compact array.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from itertools import accumulate
from zoneinfo import ZoneInfo

from .house_profile import (
    QUARTERS,
    WAVE_SUMS,
    WAVES,
    habits,
    is_weekend,
    noise,
    ripples,
    solar,
)
from .house_types import Channel, MeterExchange, Outage, Power
from .times import DAY, QUARTER, Instant, epoch

__all__ = ["Channel", "House", "MeterExchange", "Outage", "Power"]

_LOW_TARIFF, _NORMAL_TARIFF = 0, 1
_RETURNED, _GAS = 2, 4  # Columns: delivered low/normal, returned low/normal, gas.
_COLUMNS = 5
_MASK = 0xFFFFFFFFFFFFFFFF


# Watt-seconds in a Wh; millilitre-seconds per minute in a litre. Heat and water follow
# the curve of gas: 0.035 GJ per cubic metre, and one eleventh of it.
_DIVISORS = (3600, 3600, 3600, 3600, 60_000, 60_000 * 1000 // 35, 660_000)
_SOURCES = {
    False: (0, 1, 2, 3, 4, 4, 4),
    # Belgium reverses the tariffs: 1 is the day tariff.
    True: (1, 0, 3, 2, 4, 4, 4),
}
_INITIAL = {
    Channel.DELIVERED_1: 10_234_567,
    Channel.DELIVERED_2: 11_876_543,
    Channel.RETURNED_1: 1_456_789,
    Channel.RETURNED_2: 3_321_123,
    Channel.GAS: 8_765_432,
    Channel.HEAT: 306_790,
    Channel.WATER: 796_857,
}


@dataclass(frozen=True, slots=True)
class _Day:
    """One UTC day: the powers of each quarter, and running totals of the columns."""

    net: tuple[int, ...]
    load: tuple[int, ...]
    gas: tuple[int, ...]
    ripple: tuple[int, ...]
    wave: bytes
    normal: tuple[bool, ...]
    totals: tuple[tuple[int, ...], ...]


class House:
    """A house whose meters can be read at any second since `start`.

    `start` is aware; `time_zone` decides habits and tariffs. `belgian` numbers the
    tariffs the Belgian way and may change at any time.
    """

    def __init__(
        self,
        seed: int = 1,
        start: datetime = datetime(2024, 1, 1, tzinfo=UTC),
        time_zone: str = "Europe/Amsterdam",
        *,
        initial: Mapping[Channel, int] | None = None,
        exchange: MeterExchange | None = None,
        outages: Sequence[Outage] = (),
        belgian: bool = False,
    ) -> None:
        """Initialize the house; values are only calculated when requested."""
        self.seed = seed
        self.start = start
        self.zone = ZoneInfo(time_zone)
        self.belgian = belgian
        self.outages = tuple(sorted(outages, key=lambda outage: outage.start))
        self._initial = {**_INITIAL, **(initial or {})}
        self._exchange = exchange
        self._first = epoch(start)
        self._changed = 0 if exchange is None else epoch(exchange.at)
        # A cache per instance is freed together with the house.
        self._day = lru_cache(maxsize=96)(partial(_build_day, seed, self.zone))
        self._prefix = tuple(array("q", [0]) for _ in range(_COLUMNS))
        self._origin = self._columns(self._first)

    def register(self, channel: Channel, at: Instant) -> int:
        """Return a meter position at `at` in Wh, litres or MJ."""
        when = epoch(at)
        return self._base(channel, when) + self.counted(channel, when)

    def registers(self, at: Instant) -> tuple[int, ...]:
        """Return all meter positions at `at`, in the order of `Channel`."""
        when = epoch(at)
        columns, origin = self._columns(max(when, self._first)), self._origin
        sources = _SOURCES[self.belgian]
        return tuple(
            self._base(channel, when) + (columns[source] - origin[source]) // divisor
            for channel, source, divisor in zip(
                Channel, sources, _DIVISORS, strict=True
            )
        )

    def true_energy(self, channel: Channel, start: Instant, end: Instant) -> int:
        """Return the amount that passed in [start, end): Wh, litres or MJ.

        Meter exchanges and outages do not change it. Consecutive spans add up exactly.
        """
        return self.counted(channel, end) - self.counted(channel, start)

    def counted(self, channel: Channel, at: Instant) -> int:
        """Return the amount since the start of the house: Wh, litres or MJ."""
        when = max(epoch(at), self._first)
        column = _SOURCES[self.belgian][channel]
        amount = self._columns(when)[column] - self._origin[column]
        return amount // _DIVISORS[channel]

    def _base(self, channel: Channel, when: int) -> int:
        """Return the position at which the current meter started to count."""
        exchange = self._exchange
        if (
            exchange is None
            or when < self._changed
            or channel not in exchange.positions
        ):
            return self._initial[channel]
        return exchange.positions[channel] - self.counted(channel, self._changed)

    def power(self, at: Instant) -> Power:
        """Return the current power, which is constant within a UTC minute."""
        number, second = divmod(epoch(at), DAY)
        day = self._day(number)
        quarter, rest = divmod(second, QUARTER)
        wave = WAVES[day.wave[quarter]]
        net = day.net[quarter] + day.ripple[quarter] * wave[rest // 60]
        second_phase = day.load[quarter] * 26 // 100
        third_phase = day.load[quarter] * 22 // 100
        phases = (net - second_phase - third_phase, second_phase, third_phase)
        return Power(max(net, 0), max(-net, 0), phases)

    def voltages(self, at: Instant) -> tuple[int, int, int]:
        """Return the phase voltages in tenths of a volt, different each second."""
        mixed = ((epoch(at) + self.seed * 977) * 0x9E3779B97F4A7C15) & _MASK
        mixed ^= mixed >> 29
        return (
            2275 + (mixed >> 8) % 60,
            2275 + (mixed >> 24) % 60,
            2275 + (mixed >> 40) % 60,
        )

    def tariff(self, at: Instant) -> int:
        """Return the active tariff, 1 or 2, in the numbering of this country."""
        number, second = divmod(epoch(at), DAY)
        normal = self._day(number).normal[second // QUARTER]
        return 2 if normal is not self.belgian else 1

    def serial(self, at: Instant) -> str:
        """Return the serial number of the electricity meter, 17 characters."""
        exchange = self._exchange
        if exchange is not None and epoch(at) >= self._changed:
            return exchange.serial or self._serial("E", "exchanged")
        return self._serial("E", "electricity")

    def extra_serial(self) -> str:
        """Return the serial number of the gas, heat or water meter."""
        return self._serial("G", "extra")

    def other_serial(self) -> str:
        """Return the serial number of a second meter beside that one."""
        return self._serial("G", "other")

    def stored(self, at: Instant) -> bool:
        """Return True if readings were being stored at `at`."""
        when = epoch(at)
        return when >= self._first and not any(
            epoch(outage.start) <= when < epoch(outage.end) for outage in self.outages
        )

    def _serial(self, prefix: str, label: str) -> str:
        """Return a serial number that depends on the seed and a label only."""
        digits = int.from_bytes(noise(self.seed, label, 0, 8)) % 10**16
        return f"{prefix}{digits:016}"

    def _columns(self, when: int) -> tuple[int, ...]:
        """Return the running totals at a second: W s, and ml s per minute."""
        number, second = divmod(when, DAY)
        index = number - self._first // DAY
        while len(self._prefix[0]) <= index:
            self._add_day()
        day = self._day(number)
        quarter, rest = divmod(second, QUARTER)
        minute, seconds = divmod(rest, 60)
        wave = day.wave[quarter]
        swing = WAVE_SUMS[wave][minute] * 60 + WAVES[wave][minute] * seconds
        net = day.net[quarter]
        energy = net * rest + day.ripple[quarter] * swing
        total = [
            prefix[index] + running[quarter]
            for prefix, running in zip(self._prefix, day.totals, strict=True)
        ]
        total[(_RETURNED if net < 0 else 0) + day.normal[quarter]] += abs(energy)
        total[_GAS] += day.gas[quarter] * rest
        return tuple(total)

    def _add_day(self) -> None:
        """Append the totals of the next day to the running totals."""
        number = self._first // DAY + len(self._prefix[0]) - 1
        totals = _day_totals(self.seed, self.zone, number)
        for prefix, total in zip(self._prefix, totals, strict=True):
            prefix.append(prefix[-1] + total)


@lru_cache(maxsize=8192)
def _day_totals(seed: int, zone: ZoneInfo, number: int) -> tuple[int, ...]:
    """Return what a whole UTC day adds to each column.

    The cache outlives a house because tests build the same house many times.
    """
    return tuple(running[QUARTERS] for running in _build_day(seed, zone, number).totals)


def _build_day(seed: int, zone: ZoneInfo, number: int) -> _Day:
    """Calculate a UTC day from the habits, the sun and the tariff hours."""
    load: list[int] = []
    gas: list[int] = []
    normal: list[bool] = []
    for local in _local_quarters(zone, number):
        local_day, quarter = divmod(local, QUARTERS)
        day = habits(seed, local_day)
        load.append(day.load[quarter])
        gas.append(day.gas[quarter])
        normal.append(not is_weekend(local_day) and 28 <= quarter < 92)
    pairs = zip(load, solar(seed, number), strict=True)
    net = tuple(drawn - made for drawn, made in pairs)
    ripple, wave = ripples(seed, number, net)
    columns: list[list[int]] = [[0] * QUARTERS for _ in range(_COLUMNS)]
    for quarter, watt in enumerate(net):
        column = (_RETURNED if watt < 0 else 0) + normal[quarter]
        columns[column][quarter] = abs(watt) * QUARTER
        columns[_GAS][quarter] = gas[quarter] * QUARTER
    totals = tuple(tuple(accumulate(column, initial=0)) for column in columns)
    return _Day(net, tuple(load), tuple(gas), ripple, wave, tuple(normal), totals)


def _local_quarters(zone: ZoneInfo, number: int) -> list[int]:
    """Return the local quarters since 1970 for each quarter of a UTC day."""
    first = number * QUARTERS
    offset = _offset(zone, first * QUARTER)
    if offset == _offset(zone, (first + QUARTERS) * QUARTER):
        return list(range(first + offset, first + offset + QUARTERS))
    return [
        index + _offset(zone, index * QUARTER)
        for index in range(first, first + QUARTERS)
    ]


def _offset(zone: ZoneInfo, when: int) -> int:
    """Return the offset from UTC in quarters of an hour."""
    offset = datetime.fromtimestamp(when, zone).utcoffset() or timedelta()
    return offset // timedelta(seconds=QUARTER)
