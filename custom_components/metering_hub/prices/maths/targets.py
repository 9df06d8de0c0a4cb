"""Which points a tariff is for."""

from collections.abc import Iterable

from ...metering.model import Kind, Point, Quantity, Role
from .tariff import Tariff, TariffRole

_ENERGIES = frozenset({Quantity.ENERGY, Quantity.HEAT})
_BY_ROLE = {
    Role.GRID_DELIVERED: (TariffRole.IMPORT, frozenset({Quantity.ENERGY})),
    Role.GRID_RETURNED: (TariffRole.EXPORT, frozenset({Quantity.ENERGY})),
    Role.GAS: (TariffRole.GAS, frozenset({Quantity.GAS, *_ENERGIES})),
    Role.WATER: (TariffRole.WATER, frozenset({Quantity.WATER})),
}
_COUNTING = frozenset({Kind.REGISTER, Kind.INTERVAL})
PRICED_QUANTITIES = frozenset(
    {Quantity.ENERGY, Quantity.GAS, Quantity.HEAT, Quantity.WATER}
)


def can_be_priced(point: Point) -> bool:
    """Return True if a point counts something that has a price."""
    return (
        point.kind in _COUNTING
        and point.quantity in PRICED_QUANTITIES
        and point.has_history
    )


def role_of(point: Point) -> TariffRole | None:
    """Return what a point counts of what a home buys or sells, if it does.

    A heat meter is one unless it is an individual consumer or part of another one.
    """
    if not can_be_priced(point):
        return None
    if point.role in _BY_ROLE:
        role, quantities = _BY_ROLE[point.role]
        return role if point.quantity in quantities else None
    if point.quantity is Quantity.HEAT and point.role is None and not point.sum_of:
        return None if point.included_in else TariffRole.HEAT
    return None


def tariffs_of(point: Point, tariffs: Iterable[Tariff]) -> list[Tariff]:
    """Return the tariffs that may price a point.

    One that was chosen for it keeps it when the point gets another kind, and key.
    """
    if not can_be_priced(point):
        return []
    role, keys = role_of(point), {point.key, *point.former_keys}
    return [
        each
        for each in tariffs
        if not each.points.isdisjoint(keys)
        or (role is not None and not each.points and each.role is role)
    ]
