"""Meters of made-up hours, for the rules that warn."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from custom_components.metering_hub.history.maths.checked_hours import (
    CheckedSpan,
    MeterHours,
    complete_days,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity
from custom_components.metering_hub.metering.quality import MEASURED

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hour: int) -> datetime:
    """Return the start of an hour of a span."""
    return MONDAY + hour * HOUR


def meter(
    amounts: Sequence[float],
    key: str = "meter",
    quantity: Quantity = Quantity.ENERGY,
    unit: str | None = "kWh",
    codes: bytes | None = None,
    **more: object,
) -> MeterHours:
    """Return a meter with an amount for each hour, all of them measured by default."""
    settings: dict[str, object] = {"device_key": "device", **more}
    point = Point(  # type: ignore[arg-type]
        key=key, quantity=quantity, kind=Kind.REGISTER, unit=unit, **settings
    )
    return MeterHours(
        point=point,
        amounts=amounts,
        codes=bytes([MEASURED] * len(amounts)) if codes is None else codes,
    )


def days(*amounts: float) -> list[float]:
    """Return the hours of days with the same amount in each hour."""
    return [amount for amount in amounts for _ in range(24)]


def span_of(
    *meters: MeterHours, latitude: float = 52.0, powers: Iterable[MeterHours] = ()
) -> CheckedSpan:
    """Return the span of meters from MONDAY on, in UTC."""
    hours = max(len(each.codes) for each in meters)
    start = MONDAY.timestamp()
    return CheckedSpan(
        start=start,
        days=[*complete_days(start, start + hours * 3600, UTC)],
        latitude=latitude,
        meters={each.point.key: each for each in meters},
        powers={each.point.key: each for each in powers},
    )
