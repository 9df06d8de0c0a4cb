"""The register guard shows only the positions that are believed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, permutations

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.metering_hub.metering import register_guard
from custom_components.metering_hub.metering.model import (
    ESTIMATED,
    NEW_REGISTER,
    Kind,
    Point,
    Quantity,
    Reading,
    Value,
)
from custom_components.metering_hub.metering.register_guard import (
    MAX_MARKS,
    RegisterGuard,
)
from custom_components.metering_hub.metering.register_line import RegisterLine
from custom_components.metering_hub.metering.register_marks import Mark

from .registers import DirtyRegister, dirty_registers, reading as reading_of

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
POINT = Point(
    key="register",
    device_key="meter",
    quantity=Quantity.ENERGY,
    kind=Kind.REGISTER,
    unit="kWh",
)
LIMITED = Point(
    key="register",
    device_key="meter",
    quantity=Quantity.ENERGY,
    kind=Kind.REGISTER,
    unit="kWh",
    capacity=10,
)
COUNT = Point(
    key="visitors",
    device_key="meter",
    quantity=Quantity.COUNT,
    kind=Kind.REGISTER,
    may_restart=True,
)
any_register = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def at(
    minute: float,
    value: Value,
    quality: str | None = None,
    *,
    stored: int | None = None,
) -> Reading:
    """Return the reading of a minute after START."""
    time = START + timedelta(minutes=minute)
    return Reading(time=time, value=value, quality=quality, stored=stored)


def shown(
    *readings: Reading,
    point: Point = POINT,
    is_trusted: bool = False,
    restored: float | None = None,
) -> list[float | None]:
    """Return what a guard shows after each reading."""
    guard = RegisterGuard(point, is_trusted=is_trusted)
    if restored is not None:
        guard.restore(restored)
    return [guard.filter(reading) for reading in readings]


def shown_of(
    *values: Value, point: Point = POINT, restored: float | None = None
) -> list[float | None]:
    """Return what a guard shows after each value, one every ten minutes."""
    readings = [at(10 * number, value) for number, value in enumerate(values)]
    return shown(*readings, point=point, restored=restored)


@pytest.mark.parametrize(
    "positions", [(0.0,), (5.0,), (1.0, 1.0, 1.0), (0.0, 0.5, 1.0), (500.0, 505.0)]
)
def test_a_register_that_grows_is_shown(positions: tuple[float, ...]) -> None:
    assert shown_of(*positions) == [*positions]


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        # A false 0, which meters and gateways send while they start.
        ((100.0, 0.0, 100.0), [100, 100, 100]),
        ((100.0, 0.0, 0.0, 0.0, 101.0), [100, 100, 100, 100, 101]),
        # A dip of less and of more than 1 % that recovers.
        ((100.0, 99.5, 100.5), [100, 100, 100.5]),
        ((100.0, 50.0, 100.5), [100, 100, 100.5]),
        # A false high reading, with and without a lost decimal point.
        ((100.0, 100.1, 1001.0, 100.2), [100, 100.1, 100.1, 100.2]),
        ((100.0, 100.1, 65636.0, 65636.0, 100.2), [100, 100.1, 100.1, 100.1, 100.2]),
        # Repeated noise: a recovery rejects all that was suspected before it.
        ((100.0, 0.0, 100.0, 0.0, 101.0, 0.0), [100, 100, 100, 100, 101, 101]),
        # Two unrelated false values.
        ((100.0, 0.0, 60.0, 101.0), [100, 100, 100, 101]),
        # A negative position.
        ((0.0, -1.0, 0.0), [0, 0, 0]),
    ],
)
def test_noise_leaves_no_trace(
    positions: tuple[float, ...], expected: list[float]
) -> None:
    assert shown_of(*positions) == expected


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        # A new meter, after three readings over more than 15 minutes.
        ((100.0, 0.0, 0.5, 1.0), [100, 100, 100, 1]),
        ((100.0, 37.0, 37.1, 37.2), [100, 100, 100, 37.2]),
        # A register that does not grow may be a fault.
        ((100.0, 0.0, 0.0, 0.0, 0.0), [100, 100, 100, 100, 100]),
        # A correction is no new meter, and need not grow.
        ((99.0, 100.0, 99.5, 99.5, 99.5), [99, 100, 100, 100, 99.5]),
        # Two meters in a row.
        (
            (100.0, 0.0, 0.5, 1.0, 1.5, 0.1, 0.2, 0.3),
            [100, 100, 100, 1, 1.5, 1.5, 1.5, 0.3],
        ),
    ],
)
def test_a_fall_is_shown_when_it_is_evident(
    positions: tuple[float, ...], expected: list[float]
) -> None:
    assert shown_of(*positions) == expected


def test_three_readings_within_seconds_are_no_evidence() -> None:
    readings = [at(0, 100.0), at(1, 0.0), at(1.1, 0.1), at(1.2, 0.2)]
    assert shown(*readings) == [100] * 4
    assert shown(*readings, at(16, 0.3))[-1] == 0.3


def test_a_count_may_restart_after_one_more_reading() -> None:
    assert shown_of(100.0, 0.0, 1.0, point=COUNT) == [100, 100, 1]
    assert shown_of(100.0, 0.0, 0.0, point=COUNT) == [100, 100, 100]


@pytest.mark.parametrize("point", [POINT, COUNT])
@pytest.mark.parametrize("uplinks", [*permutations([102.0, 103.0, 104.0])])
@pytest.mark.parametrize("seconds", [(36.1, 36.4, 36.7), (36.1, 36.1, 36.1)])
def test_uplinks_of_a_second_are_no_restart_in_any_order(
    seconds: tuple[float, ...], uplinks: tuple[float, ...], point: Point
) -> None:
    before = [at(number * 10, 98.0 + number) for number in range(3)]
    readings = [
        at(60 + second / 60, value)
        for second, value in zip(seconds, uplinks, strict=True)
    ]
    expected = [98.0, 99.0, 100.0, *accumulate(uplinks, max), 105.0]
    assert shown(*before, *readings, at(120, 105.0), point=point) == expected


def test_uplinks_of_different_seconds_may_be_a_restart() -> None:
    readings = [at(0, 1.0), at(600.1, 4.0), at(600.7, 2.0), at(600.8, 3.0)]
    assert shown(*readings, at(1200, 5.0), point=COUNT) == [1, 4, 4, 3, 5]


def test_another_meter_is_shown_at_once() -> None:
    readings = [at(0, 100.0), at(10, 100.1), at(20, 6000.0, NEW_REGISTER)]
    assert shown(*readings) == [100, 100.1, 6000]


def test_what_a_meter_cannot_measure_is_not_shown() -> None:
    readings = [at(0, 100.0), at(60, 112.1), at(120, 112.1)]
    assert shown(*readings, point=LIMITED) == [100, 100, 112.1]
    assert shown(at(0, 100.0), at(60, 111.9), point=LIMITED) == [100, 111.9]


def test_trusted_readings_are_shown_as_they_are() -> None:
    readings = [at(0, 100.0), at(1, 0.0), at(2, 5000.0)]
    assert shown(*readings, is_trusted=True, point=LIMITED) == [100, 0, 5000]


def test_a_measured_reading_replaces_estimated_ones() -> None:
    before = [at(0, 99.6), at(10, 100.0)]
    readings = [*before, at(20, 103.0, ESTIMATED), at(30, 100.2)]
    assert shown(*readings) == [99.6, 100, 103, 100.2]


def test_a_repeated_reading_confirms_nothing() -> None:
    # A server that is polled more often than it measures repeats readings.
    fell = at(1, 0.0)
    assert shown(at(0, 100.0), *[fell] * 5, at(20, 0.1)) == [100] * 7


def test_a_reading_confirmed_by_the_source_confirms_no_fall() -> None:
    fell = at(1, 0.0)
    vouched = Reading(time=fell.time, value=0.0, confirmed=at(60, 0).time)
    assert shown(at(0, 100.0), fell, vouched) == [100] * 3


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_readings_of_a_moment_the_one_stored_later_is_shown(order: int) -> None:
    both = [at(10, 104.0, stored=2), at(10, 100.1, stored=3)][::order]
    assert shown(at(0, 100.0, stored=1), *both)[-1] == 100.1


def test_a_measured_reading_precedes_an_estimated_one_of_the_moment() -> None:
    both = [at(10, 100.4, ESTIMATED), at(10, 100.1)]
    assert shown(at(0, 100.0), *both) == [100, 100.4, 100.1]
    assert shown(at(0, 100.0), *both[::-1]) == [100, 100.1, 100.1]


def test_of_two_readings_of_a_moment_in_unknown_order_the_higher_one_is_shown() -> None:
    assert shown(at(0, 100.0), at(0, 0.0), at(1, 100.5)) == [100, 100, 100.5]
    assert shown(at(0, 100.0), at(1, 100.1), at(1, 100.2)) == [100, 100.1, 100.2]
    assert shown(at(0, 100.0), at(1, 100.1), at(1, 9000.0)) == [100, 100.1, 100.1]


def test_a_late_reading_is_judged_among_the_others() -> None:
    # The high reading looks like a meter that was read rarely until the others arrive.
    before = [at(0, 100.0), at(10, 100.1)]
    after = [at(5000, 180.0), at(4990, 102.0), at(5010, 102.1)]
    assert shown(*before, *after) == [100, 100.1, 180, 102, 102.1]


@pytest.mark.parametrize("value", ["", "unknown", "100", True, float("nan")])
def test_text_is_not_a_position(value: Value) -> None:
    assert shown_of(value, 5.0, value, 6.0) == [None, 5, 5, 6]


def test_positions_are_shown_as_floats() -> None:
    assert [type(position) for position in shown_of(5)] == [float]


def test_a_false_zero_after_a_restart_is_held_back() -> None:
    assert shown_of(0.0, 101.0, restored=100) == [100, 101]


def test_an_exchange_during_the_downtime_is_found() -> None:
    assert shown_of(0.0, 0.1, 1.0, restored=100) == [100, 100, 1]


def test_growth_during_the_downtime_is_shown() -> None:
    assert shown_of(150.0, restored=100) == [150]


def test_text_after_a_restart_keeps_the_position() -> None:
    assert shown_of("unknown", restored=100) == [100]


def believed(marks: Sequence[Mark]) -> float:
    """Return what the rules believe of readings that have arrived."""
    line = RegisterLine.of(POINT, is_trusted=False)
    for mark in sorted(marks):
        line.add(mark)
    assert line.current is not None
    return line.current.position


@any_register
@given(dirty_registers(), st.booleans(), st.data())
def test_only_what_the_rules_believe_is_shown(
    register: DirtyRegister, is_late: bool, data: st.DataObject
) -> None:
    delivered = [*register.marks]
    if is_late:
        delivered = data.draw(st.permutations(delivered))
    guard = RegisterGuard(POINT)
    for count, mark in enumerate(delivered, start=1):
        assert guard.filter(reading_of(mark)) == believed(delivered[:count])
    assert len(delivered) < MAX_MARKS


@any_register
@given(dirty_registers(), st.sampled_from([0, 3]), st.data())
def test_a_guard_that_forgets_still_knows_the_line(
    register: DirtyRegister, lateness: int, data: st.DataObject
) -> None:
    order = [
        number + data.draw(st.integers(0, lateness))
        for number in range(len(register.marks))
    ]
    delivered = sorted(register.marks, key=lambda mark: order[mark.stored or 0])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(register_guard, "MAX_MARKS", 32)
        guard = RegisterGuard(POINT)
        for count, mark in enumerate(delivered, start=1):
            assert guard.filter(reading_of(mark)) == believed(delivered[:count])


def test_a_guard_goes_on_long_after_a_step_up_to_another_register() -> None:
    """The register before the step is forgotten, and the step is still unusual."""
    guard = RegisterGuard(POINT)
    positions = [100 + number / 10 for number in range(20)]
    positions += [5000 + number / 100 for number in range(3 * MAX_MARKS)]
    shown = [
        guard.filter(at(10 * number, each)) for number, each in enumerate(positions)
    ]
    assert shown[:20] == positions[:20]
    assert shown[20:22] == [101.9, 101.9]
    assert shown[22:] == positions[22:]


@pytest.mark.parametrize(
    "positions",
    [
        # All four of them are kept, or the last three of five.
        [1000.0, 1009.0, 1009.0, 1009.0],
        [1000.0, 1000.0, 1000.0, 1009.0, 1009.0],
    ],
)
def test_a_guard_that_forgets_knows_how_fast_the_kept_readings_were(
    positions: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten times as fast is still usual."""
    monkeypatch.setattr(register_guard, "MAX_MARKS", 4)
    positions = [*positions, positions[-1] + 90]
    readings = [at(60 * number, each) for number, each in enumerate(positions)]
    assert shown(*readings) == positions


def test_a_guard_that_forgets_knows_that_a_register_was_lower(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes on a little lower than the kept readings: they were too high."""
    monkeypatch.setattr(register_guard, "MAX_MARKS", 8)
    before = [at(60 * number, 1000.0 + number) for number in range(9)]
    late = at(450, 1007.5)
    lower = [at(60 * number, 1001.5) for number in range(9, 12)]
    assert shown(*before, late, *lower)[-3:] == [1008, 1008, 1001.5]
