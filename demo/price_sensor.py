"""A sensor of the demo with the price of each hour, and years of its statistics."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from .home_assistant import HomeAssistant
from .progress import say

PRICE_SENSOR = "sensor.day_ahead_price"
UNIT = "EUR/MWh"

_HOUR = 3600
_YEARS = timedelta(days=3 * 366)
"""Longer than the history of any simulated server."""

_ROWS_AT_ONCE = 5000
"""Home Assistant refuses messages of more than four megabytes."""

_BY_HOUR = (
    *(68, 61, 57, 55, 58, 71, 96, 112, 104, 82, 58, 34),
    *(21, 18, 26, 47, 88, 131, 154, 148, 126, 104, 89, 77),
)
"""A price for each hour of the day, in UTC."""

_HOLES_EVERY = 601
_HOLE = 2
"""The first hours of every 25 days that the sensor is unavailable in."""

CONFIGURATION = f"""\
template:
  - sensor:
      - name: Day-ahead price
        unique_id: day_ahead_price
        unit_of_measurement: {UNIT}
        state_class: measurement
        availability: >
          {{{{ (as_timestamp(now()) // {_HOUR}) % {_HOLES_EVERY} >= {_HOLE} }}}}
        state: >
          {{% set hour = (as_timestamp(now()) // {_HOUR}) | int %}}
          {{{{ {list(_BY_HOUR)}[hour % 24] + (hour // 24 * 7919) % 61 - 30 }}}}
"""


def price_at(hour: datetime) -> float | None:
    """Return the price in EUR/MWh of a UTC hour, which may be negative or missing."""
    number = int(hour.timestamp()) // _HOUR
    if number % _HOLES_EVERY < _HOLE:
        return None
    return _BY_HOUR[number % 24] + (number // 24 * 7919) % 61 - 30


async def import_prices(api: HomeAssistant) -> None:
    """Give the sensor the statistics of all hours that are over."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [*_rows(now - _YEARS, now)]
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        await api.command(
            "recorder/import_statistics",
            metadata={
                "mean_type": 1,
                "has_sum": False,
                "name": None,
                "source": "recorder",
                "statistic_id": PRICE_SENSOR,
                "unit_class": None,
                "unit_of_measurement": UNIT,
            },
            stats=rows[first : first + _ROWS_AT_ONCE],
        )
    say(f"{PRICE_SENSOR} has {len(rows)} hours of prices.")


def _rows(start: datetime, end: datetime) -> Iterator[dict[str, object]]:
    """Yield the statistics of the hours in [start, end) that have a price."""
    hour = start
    while hour < end:
        if (price := price_at(hour)) is not None:
            yield {
                "start": hour.isoformat(),
                **dict.fromkeys(("mean", "min", "max"), price),
            }
        hour += timedelta(hours=1)
