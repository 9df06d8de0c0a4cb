"""Which points a tariff is for, and which tariffs are for the same."""

import pytest

from custom_components.metering_hub.metering.model import Kind, Quantity, Role
from custom_components.metering_hub.prices.maths.conflicts import find_conflict
from custom_components.metering_hub.prices.maths.targets import (
    can_be_priced,
    role_of,
    tariffs_of,
)
from custom_components.metering_hub.prices.maths.tariff import TariffRole

from .tariffs import NOON, point, tariff

HEAT = {"quantity": Quantity.HEAT, "unit": "GJ", "role": None}


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({}, TariffRole.IMPORT),
        ({"role": Role.GRID_RETURNED}, TariffRole.EXPORT),
        ({"role": Role.GAS, "quantity": Quantity.GAS}, TariffRole.GAS),
        ({"role": Role.GAS, "quantity": Quantity.ENERGY}, TariffRole.GAS),
        ({"role": Role.WATER, "quantity": Quantity.WATER}, TariffRole.WATER),
        ({"role": Role.WATER, "quantity": Quantity.GAS}, None),
        (HEAT, TariffRole.HEAT),
        (HEAT | {"included_in": "all"}, None),
        (HEAT | {"sum_of": ("a", "b")}, None),
        (HEAT | {"role": Role.DEVICE}, None),
        ({"role": Role.SOLAR}, None),
        ({"role": Role.GRID_POWER, "quantity": Quantity.POWER}, None),
        ({"kind": Kind.INSTANT}, None),
        ({"has_history": False}, None),
    ],
)
def test_the_role_of_a_point_is_what_a_home_buys_or_sells(
    changes: dict, role: TariffRole | None
) -> None:
    assert role_of(point(**changes)) is role


def test_a_tariff_is_for_its_role_or_for_its_points() -> None:
    by_role = tariff("role")
    own = tariff("own", role=None, points=frozenset({"import", "car"}))
    other = tariff("other", role=None, points=frozenset({"car"}))
    all_of_them = [by_role, own, other]
    assert tariffs_of(point(), all_of_them) == [by_role, own]
    car = point("car", role=Role.DEVICE)
    assert can_be_priced(car)
    assert tariffs_of(car, all_of_them) == [own, other]
    assert tariffs_of(point("car", quantity=Quantity.POWER), all_of_them) == []


def test_a_tariff_for_a_point_stays_with_it_when_its_kind_and_key_change() -> None:
    own = tariff("own", role=None, points=frozenset({"car_register"}))
    renamed = point("car", role=Role.DEVICE, former_keys=("car_register",))
    assert tariffs_of(renamed, [own]) == [own]


def test_a_tariff_without_a_role_and_points_is_for_nothing() -> None:
    assert tariffs_of(point("car", role=Role.DEVICE), [tariff(role=None)]) == []


def test_two_tariffs_for_the_same_that_begin_together_are_a_conflict() -> None:
    own = {"role": None, "start": NOON}
    both = tariff("both", **own, points=frozenset({"a", "b"}))
    one = tariff("one", **own, points=frozenset({"b", "c"}))
    other = tariff("other", **own, points=frozenset({"c"}))
    by_role = tariff("role", start=NOON)
    assert find_conflict(both, [both, other, by_role, one]) is one
    assert find_conflict(other, [both, by_role]) is None
    assert find_conflict(by_role, [tariff("again", start=NOON)]) is not None
    assert find_conflict(by_role, [tariff("older"), both]) is None
    gas = tariff("gas", role=TariffRole.GAS, start=NOON)
    assert find_conflict(by_role, [gas]) is None
