"""What counts as flat over a long run."""

import pytest

from endurance.flatness import Limit, course

LIMIT = Limit(growth=6.0, peak=50.0)


def test_a_start_that_fills_caches_is_no_growth() -> None:
    """Only the second half decides."""
    went = course([100 + minute * 5 for minute in range(30)] + [250.0] * 40)
    assert went.faults(LIMIT) == []
    assert went.usual == 250


def test_a_leak_grows() -> None:
    """A slope below the noise of single samples is found in an hour."""
    noise = (0.0, 3.0, -2.0, 1.0)
    values = [300 + minute * 0.2 + noise[minute % 4] for minute in range(120)]
    went = course(values)
    assert went.growth == pytest.approx(12.0, abs=0.5)
    assert went.faults(LIMIT) == [f"grows by {went.growth:.2f} an hour"]


def test_a_few_outliers_are_no_growth() -> None:
    """A single step at the end does not turn into a slope."""
    went = course([300.0] * 58 + [340.0, 340.0])
    assert went.growth == 0
    assert went.faults(LIMIT) == []


def test_a_peak_is_found() -> None:
    """The maximum counts beside the slope."""
    went = course([300.0] * 50 + [360.0] + [300.0] * 20)
    assert went.faults(LIMIT) == ["peak 60.0 above the usual"]


def test_samples_may_be_further_apart() -> None:
    """The slope is per hour, however often samples are taken."""
    went = course([300 + number for number in range(60)], minutes=2)
    assert went.growth == pytest.approx(30)


def test_few_samples_have_no_slope() -> None:
    """A short run cannot tell growth from noise."""
    assert course([1, 2, 3, 4, 5, 6]).growth == 0


def test_nothing_sampled_is_no_success() -> None:
    """A run without samples has shown nothing."""
    with pytest.raises(ValueError, match="nothing"):
        course([])
