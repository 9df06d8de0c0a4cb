"""The bars of the estimates of long gaps."""

from benchmarks.estimates import errors


def test_estimates_of_a_day_are_twice_as_good_as_a_straight_line() -> None:
    ours = errors(24, 40, comparing=True)
    plain = errors(24, 40, comparing=False)
    assert ours.hourly <= plain.hourly / 2
    assert ours.cost <= 6
    assert ours.total <= 0.001
