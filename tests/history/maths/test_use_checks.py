"""Hours with far more use than usual, and hours without any, to the last digit."""

from collections.abc import Sequence

import pytest

from custom_components.metering_hub.history.maths.checked_hours import (
    NO_ROW,
    DataWarning,
    MeterHours,
)
from custom_components.metering_hub.history.maths.use_checks import (
    find_spikes,
    find_zero_runs,
)
from custom_components.metering_hub.metering.data_quality import WarningRule
from custom_components.metering_hub.metering.model import Quantity, Role
from custom_components.metering_hub.metering.quality import HELD, MEASURED

from .checked import at, days, meter, span_of

# Spikes


def with_day(usual: Sequence[float], *highest: float, rest: float = 0.0) -> list[float]:
    """Return hours of days with these amounts, and of one with the highest given."""
    return [*days(*usual), *highest, *[rest] * (24 - len(highest))]


def spikes(*meters: MeterHours) -> list[tuple[int, float, float]]:
    """Return the hour of each spike, what it is and the limit."""
    found = [*find_spikes(span_of(*meters))]
    for each in found:
        assert (each.rule, each.point) == (WarningRule.SPIKE, "meter")
        assert each.end == at(1 + round((each.start - at(0)) / (at(1) - at(0))))
    hour = at(1) - at(0)
    return [(round((e.start - at(0)) / hour), e.seen, e.expected) for e in found]


@pytest.mark.parametrize(
    ("usual", "highest", "limit"),
    [
        # What a home may use in any case.
        ([1.0] * 5, (18.0,), None),
        ([1.0] * 5, (18.1,), 18.0),
        # Five times the median of the highest hours of the days before.
        ([5.0] * 5, (25.0,), None),
        ([5.0] * 5, (25.1,), 25.0),
        # Twice the highest of them all.
        ([5.0] * 4 + [15.0], (30.0,), None),
        ([5.0] * 4 + [15.0], (30.1,), 30.0),
        # 2.8 times the third highest of the day.
        ([1.0] * 5, (28.0, 10.0, 10.0), None),
        ([1.0] * 5, (28.1, 10.0, 10.0), 28.0),
        # Four days are too few, and so are days without use.
        ([1.0] * 4, (99.0,), None),
        ([0.0001] * 5, (99.0,), None),
        ([0.0002] * 5, (99.0,), 18.0),
        # Four weeks before are compared.
        ([15.0] + [1.0] * 27, (29.0,), None),
        ([15.0] + [1.0] * 28, (29.0,), 18.0),
    ],
)
def test_a_spike_is_above_all_limits(
    usual: Sequence[float], highest: Sequence[float], limit: float | None
) -> None:
    found = spikes(meter(with_day(usual, *highest)))
    first = 24 * len(usual)
    assert found == ([] if limit is None else [(first, highest[0], limit)])


@pytest.mark.parametrize(
    ("quantity", "unit", "limit"),
    [
        (Quantity.ENERGY, "kWh", 18.0),
        (Quantity.ENERGY, "Wh", 18_000.0),
        (Quantity.HEAT, "MWh", 0.04),
        (Quantity.GAS, "kWh", 40.0),
        (Quantity.GAS, "m³", 6.0),
        (Quantity.WATER, "L", 3000.0),
        (Quantity.WATER, "kWh", None),
        (Quantity.ENERGY, "pulses", None),
        (Quantity.COST, "kWh", None),
        (Quantity.COST, "EUR", None),
    ],
)
def test_a_home_may_use_so_much_in_an_hour(
    quantity: Quantity, unit: str, limit: float | None
) -> None:
    size = limit or 1.0
    usual = [size / 20] * 5
    high = meter(with_day(usual, size * 1.1), quantity=quantity, unit=unit)
    assert spikes(high) == (
        [] if limit is None else [(120, round(size * 1.1, 3), limit)]
    )
    low = meter(with_day(usual, size * 0.99), quantity=quantity, unit=unit)
    assert spikes(low) == []


def test_only_known_hours_of_days_with_enough_of_them_are_compared() -> None:
    """A meter without a limit, and a day with two known hours, are left out."""
    other = meter(days(*[1.0] * 7), "other", quantity=Quantity.COST)
    amounts = [*days(*[1.0] * 5), 99.0, 99.0, *[NO_ROW] * 22, 50.0, *[0.0] * 22, 70.0]
    codes = bytearray([MEASURED] * len(amounts))
    codes[-1] = HELD
    assert spikes(other, meter(amounts, codes=bytes(codes))) == [(144, 50.0, 18.0)]


# Hours without use


def heating(
    used: Sequence[int],
    hours: int = 48,
    *,
    of: int,
    before: float = 0.0,
) -> MeterHours:
    """Return a gas meter of some days, and hours at their end in which it rested.

    The days are counted back from there; on those that were not used, its first hour
    stood at nearly nothing, which is no use.
    """
    amounts: list[float] = []
    for back in range(of, 0, -1):
        amounts += days(1.0) if back in used else [0.0001, *[before] * 23]
    return meter(amounts + [0.0] * hours + [1.0] * 24, quantity=Quantity.GAS, unit="m³")


def zero_run(
    start: int, hours: int, expected: float, key: str = "meter"
) -> DataWarning:
    return DataWarning(
        rule=WarningRule.ZERO_RUN,
        point=key,
        start=at(start),
        end=at(start + hours),
        seen=hours,
        expected=expected,
        unit="h",
    )


@pytest.mark.parametrize(
    ("of", "unused", "is_odd"),
    [
        # At least seven days are known, of which four of five were used.
        (7, [], True),
        (6, [], False),
        (10, [2, 3], True),
        (10, [2, 3, 4], False),
        # Two weeks are looked at.
        (14, [2, 3], True),
        (14, [2, 3, 4], False),
        (14, [12, 13, 14], False),
        (15, [2, 3, 4], False),
        (15, [2, 15], True),
        (16, [2, 3, 15, 16], True),
    ],
)
def test_heating_that_was_used_on_nearly_all_days_does_not_rest(
    of: int, unused: Sequence[int], *, is_odd: bool
) -> None:
    used = [back for back in range(1, of + 1) if back not in unused]
    found = [*find_zero_runs(span_of(heating(used, of=of)))]
    assert found == ([zero_run(24 * of, 48, 48)] if is_odd else [])


def test_the_first_hour_of_all_is_use_of_its_day() -> None:
    """Of seven days, six were used, one of them only then."""
    gas = heating([1, 2, 3, 4, 5], of=7)
    for amounts, count in (([*gas.amounts], 0), ([1.0, *gas.amounts[1:]], 1)):
        first = meter(amounts, quantity=Quantity.GAS, unit="m³")
        assert len([*find_zero_runs(span_of(first))]) == count


@pytest.mark.parametrize(
    ("latitude", "count"), [(52.0, 1), (0.5, 1), (0.0, 1), (-0.5, 0)]
)
def test_the_heating_season_is_that_of_the_hemisphere(
    latitude: float, count: int
) -> None:
    span = span_of(heating(range(1, 15), of=14), latitude=latitude)
    assert len([*find_zero_runs(span)]) == count


DAYS = 12
BEGIN = 24 * 10


def grid(
    key: str,
    role: Role,
    *zeros: range,
    device: str = "device",
    quantity: Quantity = Quantity.ENERGY,
    at_rest: float = 0.0,
) -> MeterHours:
    """Return a register of a grid connection that stood still in some hours."""
    amounts = days(*[1.0] * DAYS)
    for hours in zeros:
        for hour in hours:
            amounts[hour] = at_rest
    return meter(amounts, key, role=role, device_key=device, quantity=quantity)


def hour(number: int, day: int = 10) -> range:
    first = 24 * day + number
    return range(first, first + 1)


IMPORT, EXPORT = Role.GRID_DELIVERED, Role.GRID_RETURNED


@pytest.mark.parametrize(("at_rest", "count"), [(0.0, 1), (0.00009, 1), (0.0001, 0)])
def test_less_than_what_rounding_hides_is_no_use(at_rest: float, count: int) -> None:
    found = find_zero_runs(span_of(grid("a", IMPORT, hour(5), at_rest=at_rest)))
    assert [*found] == [zero_run(BEGIN + 5, 1, 1, "a")][:count]


def test_an_hour_without_use_is_one_of_all_registers_of_a_connection() -> None:
    """Its own export counts, and where it has none, that of any other device."""
    span = span_of(
        grid("a_in", IMPORT, hour(5), hour(8), device="a"),
        grid("a_out", EXPORT, hour(5), device="a"),
        grid("b_in", IMPORT, hour(11), device="b"),
        grid("b_out", EXPORT, hour(11), hour(8), device="b"),
    )
    assert [*find_zero_runs(span)] == [
        zero_run(BEGIN + 5, 1, 1, "a_in"),
        zero_run(BEGIN + 11, 1, 1, "b_in"),
    ]
    span = span_of(
        grid("in", IMPORT, hour(5), hour(8), device="a"),
        grid("out", EXPORT, hour(5), device="b"),
    )
    assert [*find_zero_runs(span)] == [zero_run(BEGIN + 5, 1, 1, "in")]


def test_only_registers_of_energy_are_those_of_a_connection() -> None:
    span = span_of(
        grid("in", IMPORT, hour(5)),
        grid("cost", EXPORT, quantity=Quantity.COST),
        grid("gas", IMPORT, hour(7), quantity=Quantity.COST),
        grid("device", Role.DEVICE, hour(5), hour(9)),
    )
    assert [*find_zero_runs(span)] == [zero_run(BEGIN + 5, 1, 1, "in")]


@pytest.mark.parametrize(
    ("zeros", "found"),
    [
        ([hour(5), hour(8), hour(11)], [hour(5), hour(8), hour(11)]),
        ([hour(5, 9), hour(5)], [hour(5, 9), hour(5)]),
        # On three days it is a habit, but half a day is none.
        ([hour(5, 8), hour(5, 9), hour(5)], []),
        (
            [hour(5, 8), hour(5, 9), range(BEGIN, BEGIN + 11)],
            [],
        ),
        (
            [hour(5, 8), hour(5, 9), hour(20), range(BEGIN, BEGIN + 12)],
            [range(BEGIN, BEGIN + 12)],
        ),
        (
            [hour(5, 8), hour(5, 9), range(BEGIN, BEGIN + 12)],
            [hour(5, 8), hour(5, 9), range(BEGIN, BEGIN + 12)],
        ),
    ],
)
def test_hours_without_use_on_three_days_are_a_habit(
    zeros: Sequence[range], found: Sequence[range]
) -> None:
    span = span_of(grid("in", IMPORT, *zeros))
    assert [*find_zero_runs(span)] == [
        zero_run(run.start, len(run), 1, "in") for run in found
    ]
