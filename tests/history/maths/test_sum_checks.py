"""Meters that contradict what else says the same, to the last digit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from custom_components.metering_hub.history.maths.checked_hours import (
    NO_ROW,
    DataWarning,
    MeterHours,
)
from custom_components.metering_hub.history.maths.sum_checks import find_contradictions
from custom_components.metering_hub.metering.data_quality import WarningRule
from custom_components.metering_hub.metering.model import Quantity, Role

from .checked import at, meter, span_of

REST = [0.0] * 23


def daily(*amounts: float, key: str, **more: object) -> MeterHours:
    """Return a meter with all of a day's amount in its first hour."""
    hours = [hour for amount in amounts for hour in (amount, *REST)]
    return meter(hours, key, **more)  # type: ignore[arg-type]


def warning(
    key: str, day: int, seen: float, expected: float, unit: str = "kWh"
) -> DataWarning:
    return DataWarning(
        rule=WarningRule.SUM_CHECK,
        point=key,
        start=at(24 * day),
        end=at(24 * day + 24),
        seen=seen,
        expected=expected,
        unit=unit,
    )


@pytest.mark.parametrize(
    ("precision", "rounding"), [(None, 0.004), (3, 0.004), (4, 0.0004), (1, 0.4)]
)
@pytest.mark.parametrize(("above", "count"), [(-1e-5, 0), (1e-5, 1)])
def test_parts_may_be_more_than_the_whole_by_a_share_and_the_rounding(
    precision: int | None, rounding: float, above: float, count: int
) -> None:
    """The share is 1 %; each of the two meters is rounded at both ends of the day."""
    whole = daily(100.0, key="whole", precision=precision)
    limit = 100.0 * 1.01 + rounding
    part = daily(limit + above, key="part", included_in="whole", precision=precision)
    found = [*find_contradictions(span_of(whole, part))]
    assert found == [warning("whole", 0, round(limit + above, 3), 100.0)][:count]


def test_what_is_just_allowed_is_no_contradiction() -> None:
    whole = daily(100.0, key="whole")
    part = daily(100 * (1 + 0.01) + sum([2 * 10.0**-3] * 2), key="part")
    part = replace(part, point=replace(part.point, included_in="whole"))
    assert [*find_contradictions(span_of(whole, part))] == []


def test_buildings_and_uses_are_each_the_whole() -> None:
    """The uses are meters of the site itself. On a day, one of them is unknown."""
    whole = daily(10.0, 10.0, 10.0, key="whole", device_key="site")
    buildings = [
        daily(5.0, 5.0, 5.0, key=key, device_key=key, included_in="whole")
        for key in ("east", "west")
    ]
    use = daily(9.0, NO_ROW, 9.0, key="use", device_key="site", included_in="whole")
    assert [*find_contradictions(span_of(whole, *buildings, use))] == []
    more = daily(1.0, 99.0, 2.0, key="more", device_key="site", included_in="whole")
    assert [*find_contradictions(span_of(whole, *buildings, use, more))] == [
        warning("whole", 2, 11.0, 10.0)
    ]


def test_a_warning_is_in_the_unit_of_the_meter() -> None:
    whole = daily(1.0, key="whole", unit="MWh")
    part = daily(2000.0, key="part", included_in="whole")
    assert [*find_contradictions(span_of(whole, part))] == [
        warning("whole", 0, 2.0, 1.0, "MWh")
    ]


@pytest.mark.parametrize(
    ("ours", "count"), [(5.5, 0), (4.5, 0), (5.501, 1), (4.499, 1)]
)
def test_the_days_of_the_server_may_differ_a_little(ours: float, count: int) -> None:
    """By a quarter of a unit and 5 %; days of which one side is unknown are left."""
    span = span_of(
        daily(NO_ROW, 3.0, ours, key="main"),
        daily(1.0, 1.0, 1.0, key="pulses", unit=None),
    )
    totals = {date(2026, 1, 5): 1.0, date(2026, 1, 7): 5.0}
    span = replace(span, day_totals={"gone": totals, "pulses": totals, "main": totals})
    assert [*find_contradictions(span)] == [warning("main", 2, ours, 5.0)][:count]


def test_the_days_of_the_server_are_in_the_unit_of_the_meter() -> None:
    span = span_of(daily(0.002, key="main", unit="MWh"))
    span = replace(span, day_totals={"main": {date(2026, 1, 5): 0.003}})
    assert [*find_contradictions(span)] == [warning("main", 0, 0.002, 0.003, "MWh")]


def power(*means: float, device: str = "device") -> MeterHours:
    return daily(
        *means,
        key=f"power_{device}",
        quantity=Quantity.POWER,
        unit="kW",
        device_key=device,
        role=Role.GRID_POWER,
    )


def grid(delivered: Sequence[float], returned: Sequence[float]) -> list[MeterHours]:
    return [
        daily(*delivered, key="delivered", role=Role.GRID_DELIVERED),
        daily(*returned, key="returned", role=Role.GRID_RETURNED),
    ]


@pytest.mark.parametrize(
    ("delivered", "returned", "integral", "is_odd"),
    [
        # Half a unit, and a tenth of all that went through the registers, or of the
        # integral where that is more.
        (10.0, 10.0, 2.5, False),
        (10.0, 10.0, -2.5, False),
        (10.0, 10.0, 2.501, True),
        (10.0, 10.0, -2.501, True),
        (10.0, 0.0, 8.5, False),
        (10.0, 0.0, 8.499, True),
        (0.0, 10.0, -8.5, False),
        (0.0, 10.0, -8.499, True),
        (10.0, 0.0, 11.666, False),
        (10.0, 0.0, 11.668, True),
        (0.0, 0.0, 0.555, False),
        (0.0, 0.0, 0.556, True),
        (0.0, 0.0, -0.555, False),
    ],
)
def test_the_integral_of_the_power_may_differ_a_little(
    delivered: float, returned: float, integral: float, *, is_odd: bool
) -> None:
    span = span_of(*grid([delivered], [returned]), powers=[power(integral)])
    expected = warning("delivered", 0, delivered - returned, integral)
    assert [*find_contradictions(span)] == ([expected] if is_odd else [])


def test_the_power_is_compared_with_the_registers_of_its_device_for_six_days() -> None:
    """Another device has a power and no registers; two days are not known."""
    delivered = [5.0, 5.0, 5.0, 5.0, 5.0, 5.0, NO_ROW, 5.0, 5.0, 5.0]
    integral = [9.0, 5.0, 5.0, 9.0, 9.0, 9.0, 9.0, NO_ROW, 9.0, 5.0]
    span = span_of(
        *grid(delivered, [0.0] * 10),
        powers=[power(*[99.0] * 10, device="other"), power(*integral)],
    )
    found = [*find_contradictions(span)]
    assert found == [warning("delivered", day, 5.0, 9.0) for day in (4, 5, 8)]
