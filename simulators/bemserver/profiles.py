"""The habits of a campus: daily profiles, seasons, weather.

Pure functions of their arguments. A day is a UTC day, counted since 1970-01-01; human
activity follows the local time of a time zone (its offset at noon; on days of 23 or 25
hours an hour of the night is off by one, which does not matter).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import cos, tau
from zoneinfo import ZoneInfo

from simulators.house_profile import COLDEST_DAY, QUARTERS, is_weekend, noise, season_of
from simulators.times import DAY


def _smooth(hours: tuple[int, ...]) -> tuple[int, ...]:
    """Return 96 quarters, twice, that change gradually from hour to hour."""
    quarters = []
    for hour, here in enumerate(hours):
        there = hours[(hour + 1) % 24]
        quarters += [here + (there - here) * part // 4 for part in range(4)]
    return tuple(quarters * 2)


@dataclass(frozen=True, slots=True)
class Profile:
    """The distribution of an amount over a day, and the factors of the daily amount.

    `weekend` is the share of a working day that a day off has; `winter` the share by
    which the coldest day has more, and the warmest less; `heating` the share of the
    amount that follows the degrees below 16 °C.
    """

    working: tuple[int, ...]
    off: tuple[int, ...]
    weekend: float = 1.0
    winter: float = 0.0
    heating: float = 0.0

    def shape(self, number: int, zone: str) -> tuple[int, ...]:
        """Return the 96 weights of a UTC day."""
        shift = offset(zone, number) % QUARTERS
        quarters = self.off if is_weekend(number) else self.working
        return quarters[shift : shift + QUARTERS]

    def size(self, number: int) -> float:
        """Return this day's share of the mean, before randomness."""
        part = 1 - self.winter * season_of(number, COLDEST_DAY)
        if self.heating:
            degrees = max(0.0, 16 - mean_temperature(number)) / 6
            part = 1 - self.heating + self.heating * degrees
        return part * (self.weekend if is_weekend(number) else 1)


_OFFICE = _smooth(
    (
        *(18, 17, 17, 17, 17, 18, 22, 42, 76, 100, 112, 118),
        *(122, 116, 112, 104, 82, 50, 30, 24, 20, 19, 18, 18),
    )
)
_QUIET = _smooth((18,) * 7 + (19, 21, 22, 22, 22, 22, 21, 20, 19) + (18,) * 8)
_LIT = _smooth((90,) * 7 + (40,) + (2,) * 9 + (40,) + (90,) * 6)
_FLAT = _smooth((10,) * 24)
_BOILER = _smooth(
    (
        *(20, 20, 20, 20, 50, 120, 180, 190, 160, 130, 110, 105),
        *(100, 100, 95, 95, 90, 70, 40, 25, 20, 20, 20, 20),
    )
)
_TAPS = _smooth((1,) * 6 + (6, 14, 22, 26, 24, 28, 34, 30, 24, 20, 14, 8) + (3,) * 6)

OFFICE = Profile(_OFFICE, _QUIET, weekend=0.36, winter=0.12)
BOILER = Profile(_BOILER, _BOILER, weekend=0.8, heating=0.93)
TAPS = Profile(_TAPS, _TAPS, weekend=0.25)
NIGHT_LIGHT = Profile(_LIT, _LIT, winter=0.35)
STEADY = Profile(_FLAT, _FLAT)


@lru_cache(maxsize=1024)
def offset(zone: str, number: int) -> int:
    """Return the offset from UTC at noon of a day, in quarters of an hour."""
    noon = datetime.fromtimestamp(number * DAY + DAY // 2, ZoneInfo(zone))
    return (noon.utcoffset() or timedelta()) // timedelta(minutes=15)


@lru_cache(maxsize=1024)
def mean_temperature(number: int) -> float:
    """Return the mean of a day's outdoor temperature in °C."""
    weather = sum(noise(0, "weather", number + shift, 1)[0] for shift in range(-2, 3))
    return 11.8 + 7.9 * season_of(number, COLDEST_DAY) + (weather / 5 - 127.5) / 16


def temperatures(number: int, zone: str) -> tuple[int, ...]:
    """Return a day's outdoor temperature per quarter in hundredths of a °C."""
    before, here, after = (mean_temperature(number + shift) for shift in (-1, 0, 1))
    swing = 3.4 + 1.6 * season_of(number, COLDEST_DAY)
    warmest = 60 - offset(zone, number)  # About three in the afternoon.
    random = noise(0, "air", number, QUARTERS)
    values = []
    for quarter in range(QUARTERS):
        # Halfway to the neighbouring day at midnight, so days join smoothly.
        part = (quarter - QUARTERS // 2) / QUARTERS
        mean = here + abs(part) * ((after if part > 0 else before) - here)
        daily = swing * cos((quarter - warmest) * tau / QUARTERS)
        values.append(round((mean + daily) * 100) + random[quarter] % 13 - 6)
    return tuple(values)
