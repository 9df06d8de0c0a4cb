"""Aggregates of points per bucket, and their standard deviation."""

from zoneinfo import ZoneInfo

import pytest

from simulators.bemserver.aggregates import Tallies, Tally
from simulators.bemserver.buckets import Buckets

UTC = ZoneInfo("UTC")


def test_tallies() -> None:
    tallies = Tallies(Buckets(UTC, (0, 10, 20, 30, 40)))
    tallies.add(((1, 9, 31), (4, -2, 7)))
    tallies.add(((32, 39), (9, 8)))
    found = tallies.tallies
    assert [tally.result("count", 2) for tally in found] == [2, 0, 0, 3]
    assert [tally.result("sum", 2) for tally in found] == [1, None, None, 12]
    assert [tally.result("min", 2) for tally in found] == [-1, None, None, 3.5]
    assert [tally.result("max", 2) for tally in found] == [2, None, None, 4.5]
    assert [tally.result("avg", 2) for tally in found] == [0.5, None, None, 4]


def test_spread() -> None:
    tally = Tally()
    for values in ((2, 4, 4, 4), (5, 5, 7, 9)):
        tally.add(values)
        tally.add_squares(values)
    assert tally.spread(1) == pytest.approx((32 / 7) ** 0.5)
    assert tally.spread(2) == pytest.approx((32 / 7) ** 0.5 / 2)
    assert Tally().spread(1) is None
