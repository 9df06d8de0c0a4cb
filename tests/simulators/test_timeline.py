"""Timelines against plain lists of instants."""

from hypothesis import given, settings, strategies as st
import pytest

from simulators.timeline import Grid, Span, timeline
from simulators.times import HOUR

GRIDS = [Grid(30), Grid(60), Grid(300), Grid(300, 60), Grid(900), Grid(3600), Grid(1)]
END = 6 * HOUR


def expected(
    grid: Grid, start: int, end: int, gaps: list[Span], thin_before: int | None
) -> list[int]:
    """List the instants the slow way."""
    times = [
        when
        for when in range(grid.phase, END * 2 + 1, grid.step)
        if start <= when <= end and not any(low <= when < high for low, high in gaps)
    ]
    hours: dict[int, list[int]] = {}
    for when in times:
        hours.setdefault(when // HOUR, []).append(when)
    return [
        when
        for when in times
        if thin_before is None
        or when >= thin_before
        or when in (hours[when // HOUR][0], hours[when // HOUR][-1])
    ]


@given(
    st.sampled_from(GRIDS[:-1]),
    st.integers(0, END),
    st.integers(-100, END),
    st.lists(st.integers(0, END), max_size=6),
    st.none() | st.integers(0, 7).map(lambda hour: hour * HOUR),
)
@settings(deadline=None)
def test_is_like_a_list(
    grid: Grid, start: int, length: int, cuts: list[int], thin_before: int | None
) -> None:
    cuts.sort()
    gaps = list(zip(cuts[::2], cuts[1::2], strict=False))
    wanted = expected(grid, start, start + length, gaps, thin_before)
    times = timeline(grid, start, start + length, gaps, thin_before)
    assert list(times) == wanted
    assert len(times) == len(wanted)
    assert [times[index] for index in range(len(wanted))] == wanted
    for when in (start, start + length // 2, *cuts):
        rank = sum(other < when for other in wanted)
        assert times.rank(when) == rank
        assert times.before(when) == (wanted[rank - 1] if rank else None)
        assert times.since(when) == (wanted[rank] if rank < len(wanted) else None)


def test_ten_years_cost_nothing() -> None:
    times = timeline(Grid(10), 0, 10 * 365 * 86400, [(50, 71)], 9 * 365 * 86400)
    assert len(times._runs) <= 4
    assert times[-1] == 10 * 365 * 86400
    assert times[5] == times.since(7201)
    with pytest.raises(IndexError):
        times[len(times)]


def test_empty() -> None:
    times = timeline(Grid(10), 100, 50)
    assert not times
    assert list(times) == []
    assert times.before(10**9) is None
    assert list(times.between(0, 10**9)) == []
