"""Multiply readings by what the user says that one of the server's units is worth.

The factor of a point (`Point.factor`) is applied once to all that is read of it, before
anything else looks at its values.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from .model import Limits, Point, Reading, Value
from .reading_columns import ReadingColumns, number

UNSCALED = 1.0
"""The factor of a point whose values are taken as the server sends them."""

_DECIMALS = 9
"""Products are rounded to this many decimals, which removes the noise of a float."""


def scaled(value: Value, factor: float) -> Value:
    """Return a value times a factor; values that are no numbers stay."""
    numeric = number(value)
    return value if numeric is None else _product(numeric, factor)


def unscaled(value: Value, factor: float) -> Value:
    """Return what the server means by a scaled value, which is written to it."""
    numeric = number(value)
    if numeric is None or factor == UNSCALED:
        return value
    return round(numeric / factor, _DECIMALS)


def scaled_reading(reading: Reading, factor: float) -> Reading:
    """Return a reading with its value and extremes times a factor."""
    extremes = reading.extremes
    return replace(
        reading,
        value=scaled(reading.value, factor),
        extremes=extremes and _product_of_both(extremes, factor),
    )


def scaled_readings(readings: Sequence[Reading], factor: float) -> Sequence[Reading]:
    """Return all readings of a point times its factor, as columns if they were."""
    if not isinstance(readings, ReadingColumns):
        return [scaled_reading(reading, factor) for reading in readings]
    columns = ReadingColumns(
        readings.times,
        [_product(value, factor) for value in readings.values],
        [each and _product_of_both(each, factor) for each in readings.extremes],
        are_amounts=readings.are_amounts,
    )
    columns.stored, columns.qualities = readings.stored, readings.qualities
    return columns


def scaled_points(points: Collection[Point]) -> dict[str, float]:
    """Return the factors of the points that have one, by key."""
    return {point.key: point.factor for point in points if point.factor != UNSCALED}


def with_factors(
    readings: Mapping[str, Reading], points: Collection[Point]
) -> Mapping[str, Reading]:
    """Return the readings by point key times the factors of their points.

    Nothing is copied if no point has a factor, which is nearly always the case.
    """
    factors = scaled_points(points)
    scaled_ones = {
        key: scaled_reading(readings[key], factor)
        for key, factor in factors.items()
        if key in readings
    }
    return {**readings, **scaled_ones} if scaled_ones else readings


def scaled_limits(limits: Limits | None, factor: float) -> Limits | None:
    """Return the limits of a number times a factor."""
    return limits and Limits(
        lowest=_product(limits.lowest, factor),
        highest=_product(limits.highest, factor),
        step=_product(limits.step, factor),
    )


def _product(value: float, factor: float) -> float:
    """Return a product without the noise of a float."""
    return round(value * factor, _DECIMALS)


def _product_of_both(
    extremes: tuple[float, float], factor: float
) -> tuple[float, float]:
    """Return the lowest and highest value times a factor."""
    return _product(extremes[0], factor), _product(extremes[1], factor)
