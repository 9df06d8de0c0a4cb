"""Decide which of several meters are at the grid, at a battery, or measure solar.

Where the server does not say what its meters measure, each of them may be the one at
the grid. A single one is; of several, the user says which.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .inventory import Inventory
from .model import Point, Role
from .point_settings import PointSettings

CONF_GRID_METERS = "grid_meters"
CONF_SOLAR_METERS = "solar_meters"
CONF_BATTERY_METERS = "battery_meters"
METER_FIELDS = (CONF_GRID_METERS, CONF_SOLAR_METERS, CONF_BATTERY_METERS)
"""The options in which the user says where meters are."""

_GRID_ROLES = frozenset(
    {
        *(Role.GRID_DELIVERED, Role.GRID_RETURNED, Role.GRID_POWER),
        *(Role.GRID_POWER_DELIVERED, Role.GRID_POWER_RETURNED),
    }
)
_AT_BATTERY = {
    Role.GRID_DELIVERED: Role.BATTERY_CHARGE,
    Role.GRID_RETURNED: Role.BATTERY_DISCHARGE,
}
"""The roles at a battery of what a meter imports and exports."""

_ELSEWHERE = frozenset(
    {
        *(Role.SOLAR, Role.DEVICE, Role.HOME),
        *(Role.BATTERY_CHARGE, Role.BATTERY_DISCHARGE),
    }
)
"""The roles of meters that are certainly not at the grid."""


def grid_candidates(points: Iterable[Point]) -> frozenset[str]:
    """Return the keys of the devices that can be at the grid by their points."""
    return frozenset(point.device_key for point in points if point.role in _GRID_ROLES)


def solar_devices(points: Iterable[Point]) -> frozenset[str]:
    """Return the keys of the devices with a counted solar production."""
    return frozenset(point.device_key for point in points if point.role is Role.SOLAR)


def solar_choices(inventory: Inventory) -> frozenset[str]:
    """Return the keys of the devices that may measure solar production."""
    return inventory.grid_candidates | inventory.solar_candidates


def open_candidates(inventory: Inventory) -> frozenset[str]:
    """Return the devices of which the user has to say which one is at the grid.

    It is empty if one is, or if only one can be.
    """
    points = inventory.points.values()
    if grid_candidates(points) or inventory.meters_are_consumers:
        return frozenset()
    decided = {point.device_key for point in points if point.role in _ELSEWHERE}
    found = inventory.grid_candidates - decided
    return found if len(found) > 1 else frozenset()


def with_meter_roles(
    inventory: Inventory, selected: frozenset[str], options: Mapping[str, object]
) -> Inventory:
    """Return an inventory with the roles that follow from what the user chose.

    Only the `selected` devices can be at the grid. The devices beside those at the grid
    are individual consumers; as long as none is, they have no role.
    """
    candidates, points = inventory.grid_candidates, inventory.points.values()
    if not candidates:
        return inventory
    said = {
        (point.device_key, PointSettings.of_point(options, point).role)
        for point in points
    }
    solar = keys_of(options.get(CONF_SOLAR_METERS))
    battery = keys_of(options.get(CONF_BATTERY_METERS)) - solar
    grid = keys_of(options.get(CONF_GRID_METERS)) | {
        device for device, role in said if role in _GRID_ROLES
    }
    possible = (candidates & selected) - solar - battery
    possible -= {device for device, role in said if role in _ELSEWHERE - {Role.DEVICE}}
    are_consumers = inventory.meters_are_consumers
    if not grid and len(possible) == 1 and not are_consumers:
        grid = possible
    grid -= solar | battery
    roles = _Roles(
        grid=grid,
        has_consumers=bool(grid) or are_consumers,
        solar=solar,
        battery=battery,
        producing=solar_devices(points),
        returning=frozenset(
            point.device_key for point in points if point.role is Role.GRID_RETURNED
        ),
    )
    changed = {key: roles.applied(point) for key, point in inventory.points.items()}
    return replace(inventory, points=changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roles:
    """The devices at the grid, at inverters and at batteries, and what they count.

    The others are consumers if the inventory `has_consumers`.
    `producing` are the devices with a signal that is a production by itself,
    `returning` those with an export register.
    """

    grid: frozenset[str]
    has_consumers: bool
    solar: frozenset[str]
    battery: frozenset[str]
    producing: frozenset[str]
    returning: frozenset[str]

    def applied(self, point: Point) -> Point:
        """Return a point with the role that it has after all."""
        role = self._role(point)
        return point if role is point.role else replace(point, role=role)

    def _role(self, point: Point) -> Role | None:
        """Return the role of a point."""
        device, role = point.device_key, point.role
        if role is Role.SOLAR:
            return role if not self.solar or device in self.solar else None
        if role not in _GRID_ROLES or device in self.grid:
            return role
        if device in self.solar:
            return Role.SOLAR if role is self._production(device) else None
        if device in self.battery:
            return _AT_BATTERY.get(role)
        is_consumer = self.has_consumers and role is Role.GRID_DELIVERED
        return Role.DEVICE if is_consumer else None

    def _production(self, device: str) -> Role | None:
        """Return the role of the register that counts the production of a meter.

        What a meter at an inverter delivers to the grid's side is the production. A
        meter that counts in one direction only counts it there.
        """
        if device in self.producing:
            return None
        is_returning = device in self.returning
        return Role.GRID_RETURNED if is_returning else Role.GRID_DELIVERED


def meter_choices(options: Mapping[str, object]) -> dict[str, object]:
    """Return where the user says that meters are, by the names of the options."""
    return {name: options[name] for name in METER_FIELDS if name in options}


def keys_of(value: object) -> frozenset[str]:
    """Return the device keys of a stored choice, or none if nothing was chosen."""
    return frozenset(value) if isinstance(value, list | tuple) else frozenset()
