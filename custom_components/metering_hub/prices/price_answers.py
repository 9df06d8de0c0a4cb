"""Read the prices in the answer of an action."""

from collections.abc import Mapping
from itertools import pairwise
from statistics import fmean

from ..backends.common.http import Json
from ..backends.common.parse import as_number, as_objects
from ..backends.common.times import as_utc_moment
from .maths.series import HOUR_SECONDS

_STARTS = ("start", "start_time", "timestamp")
_LONGEST = 48 * HOUR_SECONDS
"""A part of an answer that is longer is not believed."""

_QUARTERS = 4
_QUARTER_SECONDS = HOUR_SECONDS // _QUARTERS


def hourly_prices(parts: Json) -> Mapping[int, float]:
    """Return the mean price of each hour that is priced as a whole, by its start.

    `parts` are objects with a start, a price and mostly an end. Without ends, they are
    as long as the shortest time between two of them, or an hour. The starts of hours
    are in epoch seconds.
    """
    found: dict[int, tuple[int | None, float]] = {}
    for part in as_objects(parts):
        start = next((at for key in _STARTS if (at := _epoch(part.get(key)))), None)
        price = as_number(part.get("price"))
        if start is not None and price is not None:
            found[start] = (_epoch(part.get("end")), price)
    steps = [after - before for before, after in pairwise(sorted(found))]
    length = min([HOUR_SECONDS, *steps])
    quarters: dict[int, float] = {}
    for start, (end, price) in found.items():
        seconds = length if end is None else end - start
        is_whole = not start % _QUARTER_SECONDS and not seconds % _QUARTER_SECONDS
        if is_whole and seconds <= _LONGEST:
            times = range(start, start + seconds, _QUARTER_SECONDS)
            quarters |= dict.fromkeys(times, price)
    return _hourly_means(quarters)


def _hourly_means(quarters: Mapping[int, float]) -> Mapping[int, float]:
    """Return the mean of each hour all of whose quarters have a price."""
    by_hour: dict[int, list[float]] = {}
    for start, price in sorted(quarters.items()):
        by_hour.setdefault(start - start % HOUR_SECONDS, []).append(price)
    return {
        hour: fmean(prices)
        for hour, prices in by_hour.items()
        if len(prices) == _QUARTERS
    }


def _epoch(value: Json) -> int | None:
    """Return an ISO 8601 moment in epoch seconds, if it is one."""
    moment = as_utc_moment(value)
    return None if moment is None else int(moment.timestamp())
