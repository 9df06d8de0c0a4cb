"""The daily habits of the simulated house: consumption, solar yield and gas.

Everything here is a pure function of (seed, day). One day is 96 quarters of an hour.
The noise of a day comes from one SHAKE-128 digest, so it is the same on every machine
and no day depends on another.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_128
from itertools import accumulate
from math import cos, radians, sin, tau

QUARTERS = 96

_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday.
_YEAR_DAYS = 365.25
COLDEST_DAY = 17  # The middle of January, counted from New Year.
_SOLSTICE = -10  # 21 December.
_LATITUDE = radians(52.1)
_SOLAR_NOON = 46.7  # The quarter (UTC) in which the sun is highest at 5 degrees east.

# Watts per local hour, without randomly used appliances.
_LOAD_WEEKDAY = (
    *(165, 155, 150, 150, 150, 170, 300, 430, 380, 290, 260, 260),
    *(290, 270, 250, 260, 330, 520, 640, 560, 500, 470, 390, 240),
)
_LOAD_WEEKEND = (
    *(185, 165, 155, 150, 150, 155, 190, 300, 430, 480, 450, 430),
    *(460, 430, 400, 390, 430, 560, 650, 570, 520, 490, 420, 280),
)
# Chance out of 256, per local hour, that a large appliance runs during a quarter.
_APPLIANCE_CHANCE = (
    *(2, 0, 0, 0, 0, 0, 12, 24, 14, 12, 12, 14),
    *(18, 14, 10, 10, 20, 52, 60, 34, 22, 16, 8, 4),
)
# Heating demand per local hour in percent of the day's mean, with a night setback.
_HEATING = (
    *(15, 15, 15, 15, 20, 60, 240, 230, 190, 130, 100, 90),
    *(90, 90, 90, 95, 110, 140, 160, 165, 160, 120, 60, 20),
)
# Hot water in millilitres of gas per minute, per local hour.
_HOT_WATER = (
    *(0, 0, 0, 0, 0, 40, 1300, 2000, 900, 300, 150, 150),
    *(250, 150, 100, 100, 150, 400, 800, 600, 450, 500, 400, 100),
)

_LOAD_SCALE = 1.66
_PV_PEAK_WATT = 5650
_HEATING_ML_PER_DEGREE = 352

# The deviation of fifteen minutes from their mean, which sums to zero.
_WAVE = (4, -7, 12, -3, -16, 9, 20, -11, -5, 14, -20, 2, 8, -13, 6)
WAVES = tuple(_WAVE[i:] + _WAVE[:i] for i in range(len(_WAVE)))
WAVE_SUMS = tuple(tuple(accumulate(wave, initial=0)) for wave in WAVES)
_WAVE_LIMIT = 25  # Above the largest entry, so a wave never changes the sign.

_COS_HOUR_ANGLE = tuple(
    cos((quarter + 0.5 - _SOLAR_NOON) * tau / QUARTERS) for quarter in range(QUARTERS)
)


@dataclass(frozen=True, slots=True)
class Habits:
    """Demand per quarter of one local day: watts, and millilitres of gas a minute."""

    load: tuple[int, ...]
    gas: tuple[int, ...]


def noise(seed: int, label: str, day: int, size: int) -> bytes:
    """Return `size` bytes that depend on nothing but the arguments."""
    return shake_128(f"{seed}/{label}/{day}".encode()).digest(size)


def is_weekend(day: int) -> bool:
    """Return True if a day (days since 1970-01-01) is a Saturday or a Sunday."""
    return (day + _EPOCH_WEEKDAY) % 7 >= 5


def season_of(day: int, winter: int) -> float:
    """Return -1 on the extreme winter day of the year, +1 half a year later."""
    return -cos((day - winter) * tau / _YEAR_DAYS)


@lru_cache(maxsize=64)
def habits(seed: int, local_day: int) -> Habits:
    """Return the demand of a local day (days since 1970-01-01 in local time)."""
    random = noise(seed, "habits", local_day, 2 * QUARTERS + 4)
    base = _LOAD_WEEKEND if is_weekend(local_day) else _LOAD_WEEKDAY
    season = season_of(local_day, COLDEST_DAY)
    scale = _LOAD_SCALE * (1 - 0.12 * season) * (0.85 + random[0] / 850)
    outside = 10.2 + 7.6 * season + (random[1] + random[2] - 255) / 48
    heating = max(0.0, 16.5 - outside) * _HEATING_ML_PER_DEGREE / 100
    load = []
    gas = []
    for quarter in range(QUARTERS):
        hour = quarter >> 2
        watt = base[hour] * scale * (0.75 + random[4 + quarter] / 512)
        chance = random[4 + QUARTERS + quarter]
        if chance < _APPLIANCE_CHANCE[hour]:
            watt += 1100 + 29 * chance
        load.append(int(watt))
        gas.append(int(heating * _HEATING[hour] * (0.9 + random[4 + quarter] / 1280)))
        gas[-1] += _HOT_WATER[hour] * random[4 + quarter] >> 9
    return Habits(tuple(load), tuple(gas))


def solar(seed: int, utc_day: int) -> tuple[int, ...]:
    """Return the solar yield in watts per quarter of a UTC day."""
    random = noise(seed, "solar", utc_day, QUARTERS + 1)
    declination = radians(23.44) * season_of(utc_day, _SOLSTICE)
    high = sin(_LATITUDE) * sin(declination)
    wide = cos(_LATITUDE) * cos(declination)
    clear = 0.12 + 0.88 * (random[0] / 255) ** 0.8
    yields = []
    for quarter, cosine in enumerate(_COS_HOUR_ANGLE):
        sun = high + wide * cosine
        if sun <= 0:
            yields.append(0)
            continue
        cloud = clear * (1 - (1 - clear) * random[1 + quarter] / 400)
        yields.append(int(_PV_PEAK_WATT * sun**1.25 * cloud))
    return tuple(yields)


def ripples(
    seed: int, utc_day: int, net: tuple[int, ...]
) -> tuple[tuple[int, ...], bytes]:
    """Return the ripple of each quarter in watts per wave unit, and its wave."""
    random = noise(seed, "ripples", utc_day, 2 * QUARTERS)
    sizes = tuple(
        abs(watt) * random[quarter] // (384 * _WAVE_LIMIT)
        for quarter, watt in enumerate(net)
    )
    return sizes, bytes(byte % len(_WAVE) for byte in random[QUARTERS:])
