"""The points whose values are computed of other answers of the server."""

from collections.abc import Iterator
from datetime import timedelta

from ...metering.model import Kind, Point, Quantity
from .meters import (
    ELECTRICITY_METER,
    FAST_INTERVAL,
    MOST_PER_HOUR,
    POLL_INTERVAL,
    STALE_AFTER,
    Endpoint,
    MeterProfile,
)
from .quarter_hour import AVERAGE_KEY, PROJECTION_KEY
from .running_costs import MONTH_KEY, YEAR_KEY
from .totals import TOTALS

COST_INTERVAL = timedelta(minutes=5)
"""A month's cost changes by cents a minute, and costs two requests."""


def derived_points(profile: MeterProfile) -> Iterator[tuple[Point, Endpoint]]:
    """Yield the totals, the running quarter of an hour, and costs."""
    for point in _totals(profile):
        yield point, Endpoint.READING
    for key in (AVERAGE_KEY, PROJECTION_KEY):
        yield _quarter_hour(key, profile), Endpoint.QUARTER_HOUR
    yield _cost("today_electricity_cost", POLL_INTERVAL), Endpoint.TODAY
    for key in (MONTH_KEY, YEAR_KEY):
        yield _cost(key, COST_INTERVAL), Endpoint.COSTS


def _totals(profile: MeterProfile) -> Iterator[Point]:
    """Yield the sum of both tariffs, of what is delivered and of what is returned.

    They have no role: the energy is already counted by the registers of the tariffs.
    """
    for key, parts in TOTALS.items():
        if profile.fields.issuperset(parts):
            yield Point(
                key=key,
                device_key=ELECTRICITY_METER,
                translation_key=key,
                quantity=Quantity.ENERGY,
                kind=Kind.REGISTER,
                unit="kWh",
                precision=3,
                stale_after=STALE_AFTER,
                poll_interval=POLL_INTERVAL,
                has_history=True,
                capacity=MOST_PER_HOUR,
                sum_of=parts,
            )


def _quarter_hour(key: str, profile: MeterProfile) -> Point:
    """Return a mean power of the running quarter of an hour."""
    return Point(
        key=key,
        device_key=ELECTRICITY_METER,
        translation_key=key,
        quantity=Quantity.POWER,
        kind=Kind.INSTANT,
        unit="kW",
        precision=3,
        # Only Belgian grid fees depend on the month's peak.
        enabled_default=profile.is_belgian,
        stale_after=STALE_AFTER,
        poll_interval=FAST_INTERVAL,
    )


def _cost(key: str, interval: timedelta) -> Point:
    """Return a cost so far, which is fetched at an interval."""
    return Point(
        key=key,
        device_key=ELECTRICITY_METER,
        translation_key=key,
        quantity=Quantity.COST,
        kind=Kind.INTERVAL,
        unit="EUR",
        precision=2,
        stale_after=STALE_AFTER + 2 * interval,
        poll_interval=interval,
    )
