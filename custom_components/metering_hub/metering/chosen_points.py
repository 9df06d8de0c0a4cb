"""Apply what the user said about points to those that a backend found."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from .inventory import Inventory
from .model import Point, Quantity
from .point_settings import CONF_POINTS, PointSettings
from .scaling import UNSCALED, scaled_limits

MOST_DECIMALS = 3
"""The most decimals that a factor adds to those of a shown value."""

_COUNTS = frozenset({Quantity.COUNT, Quantity.OTHER})
"""The quantities that are counted in things, such as people or pulses."""


def with_choices(inventory: Inventory, options: Mapping[str, object]) -> Inventory:
    """Return an inventory with what the user chose: quantities, units, factors, roles.

    Backends themselves follow the choice of a kind, because they read each kind in
    another way.
    """
    if not options.get(CONF_POINTS):
        return inventory
    points = {
        key: _chosen(point, PointSettings.of_point(options, point))
        for key, point in inventory.points.items()
    }
    return replace(inventory, points=points)


def _chosen(point: Point, settings: PointSettings) -> Point:
    """Return a point with the settings that the user made."""
    role = None if settings.is_roleless else settings.role or point.role
    unit, server_unit = point.unit, point.server_unit
    if settings.unit is not None and settings.unit != unit:
        unit, server_unit = settings.unit, unit
    quantity = settings.quantity or point.quantity
    chosen = replace(
        point, quantity=quantity, role=role, unit=unit, server_unit=server_unit
    )
    if chosen == point and settings.factor in (None, UNSCALED):
        return point
    # Pulses that are a meter may not restart at any time: a meter does not.
    may_restart = point.may_restart and quantity in _COUNTS | {point.quantity}
    return _scaled(
        replace(chosen, may_restart=may_restart), settings.factor or UNSCALED
    )


def _scaled(point: Point, factor: float) -> Point:
    """Return a point with all that is in its unit times a factor."""
    return replace(
        point,
        factor=factor,
        capacity=point.capacity and point.capacity * factor,
        limits=scaled_limits(point.limits, factor),
        precision=_precision(point.precision, factor),
    )


def _precision(precision: int | None, factor: float) -> int | None:
    """Return how many decimals to show of values that are multiplied by a factor."""
    if precision is None or factor == UNSCALED:
        return precision
    exponent = Decimal(repr(factor)).normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return max(precision, min(precision + decimals, MOST_DECIMALS))
