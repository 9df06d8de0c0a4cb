"""Apply what the user said about points to those that a backend found."""

from collections.abc import Mapping
from dataclasses import replace

from .model import Inventory, Point
from .point_settings import CONF_POINTS, PointSettings


def with_choices(inventory: Inventory, options: Mapping[str, object]) -> Inventory:
    """Return an inventory with the quantities, units and roles that the user chose.

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
    if (quantity, role, unit) == (point.quantity, point.role, point.unit):
        return point
    return replace(
        point, quantity=quantity, role=role, unit=unit, server_unit=server_unit
    )
