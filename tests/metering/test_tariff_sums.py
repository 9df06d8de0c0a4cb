"""Which registers are added up to a sum."""

from dataclasses import replace

import pytest

from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.metering.tariff_sums import TariffSum, tariff_sums

LOW = Point(
    key="low",
    device_key="main-meter",
    quantity=Quantity.ENERGY,
    kind=Kind.REGISTER,
    unit="kWh",
    role=Role.GRID_DELIVERED,
    has_history=True,
)
HIGH = replace(LOW, key="high")
SUM = TariffSum(
    key="main_meter_import_total",
    device_key="main-meter",
    name="import_total",
    parts=("high", "low"),
)


def test_registers_of_one_role_and_device_have_a_sum() -> None:
    """Each direction has one of its own, whatever else the device measures."""
    exported = [
        replace(LOW, key=f"out_{number}", role=Role.GRID_RETURNED) for number in (1, 2)
    ]
    power = replace(LOW, key="power", quantity=Quantity.POWER, kind=Kind.INSTANT)
    elsewhere = replace(LOW, key="elsewhere", device_key="other")
    assert tariff_sums([LOW, HIGH, *exported, power, elsewhere]) == [
        SUM,
        TariffSum(
            key="main_meter_export_total",
            device_key="main-meter",
            name="export_total",
            parts=("out_1", "out_2"),
        ),
    ]


@pytest.mark.parametrize(
    "other",
    [
        replace(HIGH, role=Role.DEVICE),
        replace(HIGH, role=None),
        replace(HIGH, device_key="other"),
        replace(HIGH, kind=Kind.INTERVAL),
        replace(HIGH, included_in="low"),
        replace(HIGH, sum_of=("low", "third")),
    ],
    ids=["consumer", "no role", "device", "kind", "included", "sum"],
)
def test_what_does_not_add_up_has_no_sum(other: Point) -> None:
    """The same energy is never counted twice, nor that of another device."""
    assert tariff_sums([LOW, other]) == []


def test_a_sum_of_the_backend_is_not_made_again() -> None:
    """Its statistic is there already."""
    total = replace(LOW, key="total", role=None, sum_of=("low", "high"))
    assert tariff_sums([LOW, HIGH, total]) == []


def test_a_sum_never_has_the_key_of_a_point_or_of_another_device() -> None:
    """Both would be written to one statistic."""
    assert tariff_sums([LOW, HIGH, replace(LOW, key=SUM.key, device_key="x")]) == []
    other = [
        replace(each, device_key="(Other)", key=f"other_{each.key}")
        for each in (LOW, HIGH)
    ]
    (found,) = tariff_sums([LOW, HIGH, replace(LOW, key=SUM.key), *other])
    assert found.key == "other_import_total"
    twins = [
        replace(each, device_key="Main Meter", key=f"{each.key}_twin")
        for each in (LOW, HIGH)
    ]
    assert tariff_sums([LOW, HIGH, *twins]) == []
