"""The register guard holds back false meter readings."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.metering.model import Reading, Value
from custom_components.metering_hub.metering.register_guard import NOISE, RegisterGuard

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
POSITIONS = st.floats(min_value=0, max_value=1e9)
GROWING = st.lists(POSITIONS, min_size=1, max_size=30).map(sorted)


def at(second: float, value: Value) -> Reading:
    return Reading(time=START + timedelta(seconds=second), value=value)


def published(*readings: Reading, restored: float | None = None) -> list[float | None]:
    """Return what a guard publishes after each reading."""
    guard = RegisterGuard()
    if restored is not None:
        guard.restore(restored)
    return [guard.filter(reading) for reading in readings]


def published_of(*values: Value, restored: float | None = None) -> list[float | None]:
    """Return what a guard publishes after each value, one per second."""
    readings = [at(second, value) for second, value in enumerate(values)]
    return published(*readings, restored=restored)


@pytest.mark.parametrize(
    "positions",
    [(0.0,), (5.0,), (1.0, 1.0, 1.0), (0.0, 0.5, 100.0), (1.0, 1e9)],
)
def test_a_register_that_does_not_drop_passes(positions: tuple[float, ...]) -> None:
    assert published_of(*positions) == [*positions]


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        # A false 0, which meters and gateways send while they start.
        ((100.0, 0.0, 100.0), [100, 100, 100]),
        ((100.0, 0.0, 101.0, 102.0), [100, 100, 101, 102]),
        # A dip of less and of more than 10 % that recovers.
        ((100.0, 95.0, 100.5), [100, 100, 100.5]),
        ((100.0, 50.0, 100.5), [100, 100, 100.5]),
        ((100.0, 99.999, 100.0), [100, 100, 100]),
        # Repeated noise: suspects from before a recovery confirm nothing.
        ((100.0, 0.0, 100.0, 0.0, 101.0, 0.0), [100, 100, 100, 100, 101, 101]),
        # Two unrelated false values.
        ((100.0, 0.0, 60.0, 101.0), [100, 100, 100, 101]),
        ((100.0, 60.0, 0.0, 101.0), [100, 100, 100, 101]),
        # A negative position.
        ((0.0, -1.0, 0.0), [0, 0, 0]),
    ],
)
def test_noise_leaves_no_trace(
    positions: tuple[float, ...], expected: list[float]
) -> None:
    assert published_of(*positions) == expected


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        # A new meter, or one that restarted.
        ((100.0, 0.0, 0.0), [100, 100, 0]),
        ((100.0, 0.0, 0.5, 1.0), [100, 100, 0.5, 1]),
        ((100.0, 37.0, 37.2), [100, 100, 37.2]),
        # A correction by less than 10 % is confirmed like any other.
        ((100.0, 99.0, 99.0), [100, 100, 99]),
        # A second false value only delays it: the latest suspect counts.
        ((100.0, 0.0, 60.0, 60.1), [100, 100, 100, 60.1]),
        ((100.0, 60.0, 0.0, 0.1), [100, 100, 100, 0.1]),
        # Two resets in a row.
        ((100.0, 0.0, 0.0, 50.0, 10.0, 10.0), [100, 100, 0, 50, 50, 10]),
    ],
)
def test_a_confirmed_drop_passes(
    positions: tuple[float, ...], expected: list[float]
) -> None:
    assert published_of(*positions) == expected


@pytest.mark.parametrize(
    ("second", "confirms"),
    [(0.0, True), (9.9, True), (10.0, True), (10.1, False), (99.0, False)],
)
def test_how_far_apart_two_readings_may_be(second: float, confirms: bool) -> None:
    assert NOISE == 0.1
    expected = second if confirms else 100
    assert published_of(100.0, 0.0, second)[-1] == expected


def test_small_meter_that_is_read_rarely() -> None:
    # Its second reading is far from the first, but a third one continues to grow.
    assert published_of(10.0, 0.0, 1.5, 3.0, 4.5) == [10, 10, 10, 3, 4.5]


def test_a_further_drop_is_not_confirmed_yet() -> None:
    assert published_of(100.0, 50.0, 2.0, 3.0) == [100, 100, 100, 3]


def test_a_late_reading_does_not_affect_a_drop() -> None:
    late = [at(5, 20.0), at(6, 30.0)]
    assert published(at(10, 100.0), *late) == [100] * 3


def test_a_repeated_reading_confirms_nothing() -> None:
    # A server that is polled more often than it measures repeats readings.
    fell = at(1, 0.0)
    assert published(at(0, 100.0), fell, fell, fell) == [100] * 4


def test_another_value_of_the_same_moment_confirms_nothing() -> None:
    assert published(at(0, 100.0), at(1, 0.0), at(1, 0.1)) == [100] * 3


def test_an_older_reading_confirms_nothing() -> None:
    assert published(at(0, 100.0), at(5, 0.0), at(4, 0.0)) == [100] * 3


def test_an_older_reading_does_not_replace_the_suspect() -> None:
    got = published(at(0, 100.0), at(5, 0.0), at(4, 50.0), at(6, 0.0))
    assert got == [100, 100, 100, 0]


def test_a_reading_confirmed_by_the_source_confirms_no_drop() -> None:
    fell = at(1, 0.0)
    vouched = Reading(time=fell.time, value=0.0, confirmed=at(60, 0).time)
    assert published(at(0, 100.0), fell, vouched) == [100] * 3


@pytest.mark.parametrize("value", ["", "unknown", "100"])
def test_text_is_not_a_position(value: str) -> None:
    assert published_of(value, 5.0, value, 6.0) == [None, 5, 5, 6]


def test_text_does_not_clear_the_suspect() -> None:
    assert published_of(100.0, 0.0, "unknown", 0.0) == [100, 100, 100, 0]


def test_positions_are_published_as_floats() -> None:
    got = published_of(5)
    assert [type(position) for position in got] == [float]


def test_a_false_zero_after_a_restart_is_held_back() -> None:
    assert published_of(0.0, 101.0, restored=100) == [100, 101]


def test_a_reset_during_the_downtime_is_confirmed() -> None:
    assert published_of(0.0, 0.0, 1.0, restored=100) == [100, 0, 1]


def test_growth_during_the_downtime_passes() -> None:
    assert published_of(150.0, restored=100) == [150]


def test_text_after_a_restart_keeps_the_position() -> None:
    assert published_of("unknown", restored=100) == [100]


@settings(deadline=None)
@given(GROWING)
def test_a_growing_series_passes_unchanged(positions: list[float]) -> None:
    assert published_of(*positions) == positions


@settings(deadline=None)
@given(GROWING, GROWING)
def test_a_growing_series_passes_after_a_restart(
    before: list[float], growth: list[float]
) -> None:
    after = [before[-1] + step for step in growth]
    assert published_of(*after, restored=before[-1]) == after


@settings(deadline=None)
@given(
    st.lists(st.floats(1, 1e9), min_size=2, max_size=30).map(sorted),
    st.floats(0, 1, exclude_max=True),
    st.data(),
)
def test_a_single_false_low_reading_is_never_seen(
    positions: list[float], share: float, data: st.DataObject
) -> None:
    index = data.draw(st.integers(1, len(positions)))
    low = positions[index - 1] * share
    disturbed = [*positions[:index], low, *positions[index:]]
    held = [*positions[:index], positions[index - 1], *positions[index:]]
    assert published_of(*disturbed) == held


@settings(deadline=None)
@given(GROWING, st.lists(POSITIONS, max_size=10), st.data())
def test_no_single_reading_makes_it_drop(
    positions: list[float], noise: list[float], data: st.DataObject
) -> None:
    """Each published drop follows a reading that is not above it."""
    values = data.draw(st.permutations([*positions, *noise]))
    got = published_of(*values)
    for index in range(1, len(got)):
        now, before = got[index], got[index - 1]
        assert now is not None
        assert before is not None
        if now < before:
            first, second = values[index - 1], values[index]
            assert second == now
            assert first <= second


@settings(deadline=None)
@given(
    st.floats(10, 1e9),
    st.floats(0, 0.5),
    st.lists(st.floats(0, 0.01), min_size=1, max_size=20),
)
def test_a_confirmed_reset_is_followed_exactly(
    old: float, share: float, growth: list[float]
) -> None:
    new = [old * share]
    for step in growth:
        new.append(new[-1] + step * old)
    assert published_of(old, *new) == [old, old, *new[1:]]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), POSITIONS), min_size=1, max_size=30))
def test_only_positions_that_were_read_are_published(
    readings: list[tuple[int, float]],
) -> None:
    got = published(*(at(second, value) for second, value in readings))
    for index, position in enumerate(got):
        assert position in [value for _, value in readings[: index + 1]]
