"""Express amounts of different units in one unit per quantity."""

from ...metering.model import Point

_FACTORS = {
    "Wh": 0.001,
    "kWh": 1.0,
    "MWh": 1000.0,
    "MJ": 1 / 3.6,
    "GJ": 1000 / 3.6,
    "W": 0.001,
    "kW": 1.0,
    "MW": 1000.0,
    "L": 0.001,
    "m³": 1.0,
    "ft³": 0.028316846592,
}
"""How many kWh, kW or cubic metres one of a unit is."""

_CUBIC_METRES = frozenset({"L", "m³", "ft³"})


def common_factor(point: Point) -> float | None:
    """Return how many kWh, kW or cubic metres one of a point's unit is, if known."""
    return _FACTORS.get(point.unit or "")


def is_volume(point: Point) -> bool:
    """Return True if a point is in a unit of volume."""
    return point.unit in _CUBIC_METRES
