"""The readings of one register in a row."""

from collections.abc import Sequence
from math import inf

import pytest

from custom_components.metering_hub.metering.reading_columns import ReadingColumns
from custom_components.metering_hub.metering.register_marks import Mark
from custom_components.metering_hub.metering.register_run import WINDOW_SECONDS, Run
from custom_components.metering_hub.metering.register_tail import TAIL

HOUR = 3600.0


def run_of(*marks: tuple[float, float, bool]) -> Run:
    """Return a run of (hour, position, is it estimated)."""
    first, *others = (
        Mark(hour * HOUR, position, is_estimated=is_estimated)
        for hour, position, is_estimated in marks
    )
    run = Run(first)
    for mark in others:
        run.add(mark)
    return run


@pytest.mark.parametrize(
    ("position", "edges"),
    [
        (102, [(0, 100), (2, 102), (4, 104)]),
        (100, [(0, 100), (2, 100), (4, 104)]),
        (104, [(0, 100), (2, 104), (4, 104)]),
        (99.9, None),
        (104.1, None),
    ],
)
def test_an_anchor_lies_between_the_readings_around_it(
    position: float, edges: Sequence[tuple[float, float]] | None
) -> None:
    run = run_of((0, 100, False), (4, 104, False))
    assert run.anchor(2 * HOUR, position) is (edges is not None)
    expected = edges or [(0, 100), (4, 104)]
    assert run.edges == [(hour * HOUR, value) for hour, value in expected]


def test_an_anchor_drops_the_estimated_readings_that_contradict_it() -> None:
    run = run_of(
        (0, 100, False),
        (1, 100.5, True),
        (1.5, 102.5, True),
        (2, 102.6, True),
        (3, 102.7, True),
        (4, 104, False),
    )
    assert run.anchor(2 * HOUR, 102)
    kept = [(0, 100), (1, 100.5), (2, 102), (3, 102.7), (4, 104)]
    assert run.edges == [(hour * HOUR, value) for hour, value in kept]
    assert 2 * HOUR not in run.estimated


def test_an_anchor_is_never_above_the_last_reading() -> None:
    run = run_of((0, 100, False), (3, 103, True), (4, 104, True))
    assert not run.anchor(2 * HOUR, 104.5)
    assert run.anchor(2 * HOUR, 103.5)
    assert [position for _, position in run.edges] == [100, 103.5, 104]


def test_an_anchor_has_a_reading_on_both_sides() -> None:
    run = run_of((2, 100, False), (4, 104, False))
    assert not run.anchor(1 * HOUR, 100)
    assert not run.anchor(5 * HOUR, 104)


@pytest.mark.parametrize(
    ("marks", "position", "edges"),
    [
        # An estimated reading of the moment itself is replaced.
        (
            [(0, 100, False), (2, 101, True), (4, 104, False)],
            102,
            [(0, 100), (2, 102), (4, 104)],
        ),
        # Measured readings before and after it contradict it.
        ([(0, 100, False), (1, 101, False), (4, 104, False)], 100.5, None),
        (
            [(0, 100, False), (1, 101, False), (1.5, 101.5, True), (4, 104, False)],
            100.5,
            None,
        ),
        ([(0, 100, False), (3, 103, False), (4, 104, False)], 103.5, None),
        (
            [(0, 100, False), (3, 102, True), (3.5, 103, False), (4, 104, False)],
            103.5,
            None,
        ),
        # Estimated readings do not, of which the first and the last one stay.
        (
            [(0, 100, False), (1, 103, True), (3, 101, True), (4, 104, False)],
            102,
            [(0, 100), (2, 102), (4, 104)],
        ),
        (
            [(0, 100, True), (1, 101, True), (3, 103, True), (4, 104, True)],
            102,
            [(0, 100), (1, 101), (2, 102), (3, 103), (4, 104)],
        ),
        # What agrees with it stays, even if it has the same position.
        (
            [(0, 100, False), (1, 102, True), (3, 102, True), (4, 104, False)],
            102,
            [(0, 100), (1, 102), (2, 102), (3, 102), (4, 104)],
        ),
    ],
)
def test_measured_readings_contradict_an_anchor_and_estimated_ones_do_not(
    marks: list[tuple[float, float, bool]],
    position: float,
    edges: Sequence[tuple[float, float]] | None,
) -> None:
    run = run_of(*marks)
    assert run.anchor(2 * HOUR, position) is (edges is not None)
    expected = edges or [(hour, value) for hour, value, _ in marks]
    assert run.edges == [(hour * HOUR, value) for hour, value in expected]


def test_an_anchor_is_measured() -> None:
    run = run_of((0, 100, False), (2, 101, True), (4, 104, True))
    assert run.anchor(2 * HOUR, 102)
    assert run.estimated == {4 * HOUR}


def test_readings_added_at_once_are_as_if_added_one_by_one() -> None:
    marks = [Mark(number * HOUR / 2, 100 + number, number + 5) for number in range(9)]
    together, apart = Run(marks[0]), Run(marks[0])
    columns = ReadingColumns(
        [mark.at for mark in marks[1:]], [mark.position for mark in marks[1:]]
    )
    columns.stored = [6, 7, 8, 9, 10, 11, 12, 13]
    together.add_many(columns, [0, 1, 2, 3, 4, 5, 6, 7])
    for mark in marks[1:]:
        apart.add(mark)
    assert together.edges == apart.edges
    assert together.edges == [(mark.at, mark.position) for mark in marks]
    assert together.tail.latest(TAIL) == apart.tail.latest(TAIL)
    assert (together.position, together.measured) == (108, 108)
    assert (together.count, together.last_stored) == (9, 13)


def test_readings_below_the_rows_that_are_written_count_no_use() -> None:
    """The sum stands until the register has caught up."""
    run = Run(Mark(0, 100), is_resumed=True)
    run.add(Mark(HOUR, 98))
    times = [2 * HOUR, 3 * HOUR, 4 * HOUR]
    run.add_many(ReadingColumns(times, [99, 100.5, 101]), [0, 1, 2])
    assert [position for _, position in run.edges] == [100, 100, 100, 100.5, 101]
    assert run.position == 101


def test_readings_above_a_position_are_removed() -> None:
    run = run_of((0, 100, False), (1, 101, True), (2, 105, True), (3, 106, False))
    assert run.cut_above(101) == [(2 * HOUR, 105), (3 * HOUR, 106)]
    assert run.edges == [(0, 100), (HOUR, 101)]
    assert run.tail.latest(9) == [(0, 100), (HOUR, 101)]
    assert run.estimated == {HOUR}
    assert run.cut_above(100.5) == [(HOUR, 101)]
    assert run.edges == [(0, 100)]


def test_below_readings_that_are_removed_the_others_of_the_hour_are_known() -> None:
    run = run_of(*((3 + tenth / 10, 100 + tenth, False) for tenth in range(1, 6)))
    run.add(Mark(3.6 * HOUR, 900))
    assert [position for _, position in run.edges] == [101, 900]
    assert run.cut_above(104) == [(3.6 * HOUR, 900)]
    assert run.edges[-1] == (3.4 * HOUR, 104)
    assert run.position_at(3.3 * HOUR) == 103


def test_a_position_below_all_readings_leaves_the_oldest_one() -> None:
    """The rows before it are written, so nothing is counted below it."""
    run = run_of((0, 100, False), (1, 101, False), (2, 102, False))
    assert run.cut_above(99) == [(HOUR, 101), (2 * HOUR, 102)]
    assert run.edges == [(0, 100)]
    assert run.tail.latest(9) == [(0, 100)]
    run.add(Mark(3 * HOUR, 99.5))
    assert run.edges[-1] == (3 * HOUR, 100)


def test_a_position_far_below_is_looked_up_among_the_edges() -> None:
    """The latest readings are all above it."""
    run = run_of(*((hour, 100 + hour, hour == 50) for hour in range(300)))
    removed = run.cut_above(150)
    assert removed == [(hour * HOUR, 100 + hour) for hour in range(51, 300)]
    assert run.edges == [(hour * HOUR, 100 + hour) for hour in range(51)]
    assert run.tail.latest(9) == [(50 * HOUR, 150)]
    assert run.estimated == {50 * HOUR}


def test_a_measured_reading_replaces_an_estimated_one_of_its_moment() -> None:
    run = run_of((0, 100, False), (1, 101, True), (1, 101, False))
    assert run.estimated == set()


def test_few_estimated_times_are_remembered() -> None:
    run = Run(Mark(0, 100))
    for second in range(1, 20_000):
        run.add(Mark(float(second), 100, is_estimated=True))
    assert len(run.estimated) <= len(run.edges) + 4 * TAIL
    assert run.edges[-1][0] in run.estimated


def test_estimated_times_are_forgotten_with_their_readings() -> None:
    run = run_of((0, 100, False), (1, 101, True), (2, 102, True), (3, 103, False))
    run.settle(1.5 * HOUR, 101.5)
    assert run.estimated == {2 * HOUR}


@pytest.mark.parametrize(
    ("hour", "position"),
    [(-1, 100), (0, 100), (1, 102), (2, 104), (3, 104.333333), (5, 105), (9, 105)],
)
def test_a_position_is_on_the_line_between_two_readings(
    hour: float, position: float
) -> None:
    run = run_of((0, 100, False), (2, 104, False), (5, 105, False))
    assert run.position_at(hour * HOUR) == position


@pytest.mark.parametrize(
    ("first", "end", "positions"),
    [
        (0, 5, [100, 101, 103, 104, 104, 105]),
        (2, 3, [103, 104]),
        (4, 4, [104]),
        (-1, 0, [100, 100]),
        (6, 5, []),
    ],
)
def test_positions_are_those_of_each_whole_hour(
    first: int, end: int, positions: list[float]
) -> None:
    marks = [(0.5, 100), (2.5, 104), (4, 104), (4.5, 104.5), (5, 105)]
    run = run_of(*((hour, position, False) for hour, position in marks))
    assert run.positions(first * HOUR, end * HOUR) == positions


def test_positions_that_are_rounded_are_not_above_the_next_reading() -> None:
    run = run_of((0, 0, False), (3, 0.0000001, False))
    assert run.positions(HOUR, 2 * HOUR) == [0, 0]
    assert run.position_at(2.9 * HOUR) == 0
    rising = run_of((0, 0, False), (3, 1, False))
    assert rising.positions(HOUR, 2 * HOUR) == [0.333333, 0.666667]
    short = run_of((0, 0, False), (3, 0.0000006, False))
    assert short.position_at(2.9 * HOUR) == 0.0000006


def test_settled_readings_are_forgotten() -> None:
    run = run_of((0, 100, True), (1, 101, True), (2, 102, True), (3, 103, False))
    run.settle(-HOUR, 99)
    run.settle(0, 99)
    assert run.edges[0] == (0, 100)
    run.settle(HOUR, 101.5)
    assert run.edges == [(HOUR, 101.5), (2 * HOUR, 102), (3 * HOUR, 103)]
    assert run.estimated == {2 * HOUR}
    run.settle(2.5 * HOUR, 102.5)
    assert run.edges == [(2.5 * HOUR, 102.5), (3 * HOUR, 103)]
    assert run.estimated == set()
    high = run_of((0, 1e6, False), (1, 1e6 + 1, False))
    high.settle(HOUR / 2, 1e6)
    assert high.edges == [(HOUR / 2, 1e6), (HOUR, 1e6 + 1)]


@pytest.mark.parametrize(
    ("hour", "edge", "advance", "fastest"),
    [
        (-1, (0, 100), 7, 4),
        (0, (0, 100), 7, 4),
        (1, (1, 101), 6, 4),
        (1.5, (1, 101), 4, 4),
        (2, (2, 105), 2, 1),
        (3, (2, 105), 1, 1),
        (4, (4, 107), 0, 0),
        (9, (4, 107), 0, 0),
    ],
)
def test_an_advance_is_counted_since_a_moment(
    hour: float, edge: tuple[float, float], advance: float, fastest: float
) -> None:
    run = run_of((0, 100, False), (1, 101, False), (2, 105, False), (4, 107, False))
    assert run.edge_at(hour * HOUR) == (edge[0] * HOUR, edge[1])
    assert run.advance_since(hour * HOUR) == advance
    assert run.fastest_since(hour * HOUR) == fastest / HOUR


@pytest.mark.parametrize(
    ("positions", "usual"),
    [
        # One unit, or 1 % of the position, or the advance in the window.
        ((0, 0.5), 1),
        ((50, 50.5), 1),
        ((500, 501), 5.01),
        ((-500, -499), 4.99),
        ((10, 15), 5),
    ],
)
def test_an_advance_is_usual_up_to_the_largest_of_three(
    positions: tuple[float, float], usual: float
) -> None:
    run = run_of((0, positions[0], False), (1, positions[1], False))
    assert run.usual_advance(2 * HOUR) == pytest.approx(usual)


def test_what_advanced_before_the_window_is_not_usual() -> None:
    run = run_of((0, 10, False), (1, 30, False), (2, 35, False))
    assert run.usual_advance(HOUR + WINDOW_SECONDS) == 5
    assert run.usual_advance(WINDOW_SECONDS) == 25


def test_any_advance_of_a_vague_reading_is_usual() -> None:
    """It may have been read long ago, until there is another one."""
    run = run_of((0, 50, False))
    assert run.usual_advance(HOUR) == 1
    run.is_vague = True
    assert run.usual_advance(HOUR) == 50
    run.add(Mark(HOUR, 51))
    assert run.usual_advance(HOUR) == 1


def test_a_run_begins_with_its_first_reading() -> None:
    run = Run(Mark(0, 5, 7, is_new=True))
    assert run.edges == run.tail.latest(9) == [(0, 5)]
    assert (run.position, run.measured, run.floor) == (5, 5, -inf)
    assert (run.count, run.last_stored, run.estimated) == (1, 7, set())
    assert (run.is_certain, run.is_doubtful, run.is_vague) == (True, False, False)
    assert not run.is_resumed
    resumed = Run(Mark(0, 5, is_estimated=True), is_resumed=True)
    assert (resumed.measured, resumed.floor, resumed.estimated) == (-inf, 5, {0})
    assert (resumed.is_resumed, resumed.is_certain) == (True, False)


def test_a_reading_continues_a_run() -> None:
    run = Run(Mark(0, 5, 7))
    run.add(Mark(10, 6, is_estimated=True))
    assert (run.position, run.measured, run.count, run.last_stored) == (6, 5, 2, 7)
    run.add(Mark(20, 6.5, 4))
    assert (run.position, run.measured, run.count, run.last_stored) == (6.5, 6.5, 3, 7)
    run.add(Mark(30, 7, 9))
    assert (run.last_at, run.last_stored) == (30, 9)
    unknown = Run(Mark(0, 5))
    unknown.add(Mark(10, 6, 0))
    assert unknown.last_stored == 0


def test_only_the_ends_of_an_hour_are_edges() -> None:
    """An hour ends with the reading on it."""
    hours = [0, 0.5, 1, 1.2, 1.4, 1.6, 2, 2.5]
    run = run_of(*((hour, 100 + hour, False) for hour in hours))
    expected = [0, 0.5, 1, 1.2, 2, 2.5]
    assert [at / HOUR for at, _ in run.edges] == pytest.approx(expected)
    run.add(Mark(2.5 * HOUR, 110))
    assert run.edges[-2:] == [(2 * HOUR, 102), (2.5 * HOUR, 110)]


def test_a_later_run_is_merged() -> None:
    """Its readings count on from this one, estimated and measured ones alike."""
    run = Run(Mark(0, 100, 5))
    run.add(Mark(HOUR, 101, 6, is_estimated=True))
    run.add(Mark(3 * HOUR, 104, 8, is_estimated=True))
    other = Run(Mark(3 * HOUR, 102, 7))
    other.add(Mark(4 * HOUR, 103, is_estimated=True))
    run.merge(other)
    assert run.edges == [(0, 100), (HOUR, 101), (3 * HOUR, 102), (4 * HOUR, 103)]
    assert run.tail.latest(9)[-2:] == [(3 * HOUR, 102), (4 * HOUR, 103)]
    assert run.estimated == {HOUR, 4 * HOUR}
    assert (run.position, run.measured) == (103, 102)
    assert (run.count, run.last_stored) == (5, 8)
    later = Run(Mark(5 * HOUR, 101, 9, is_estimated=True))
    run.merge(later)
    assert (run.position, run.measured, run.last_stored) == (101, 101, 9)
    first_row = Run(Mark(0, 5))
    first_row.merge(Run(Mark(10, 6, 0)))
    assert first_row.last_stored == 0


def test_a_merged_run_counts_no_use_below_the_rows_that_are_written() -> None:
    run = Run(Mark(0, 100), is_resumed=True)
    other = Run(Mark(HOUR, 98))
    other.add(Mark(2 * HOUR, 100.5))
    run.merge(other)
    assert run.edges == [(0, 100), (HOUR, 100), (2 * HOUR, 100.5)]


def test_a_run_may_begin_before_its_readings() -> None:
    run = run_of((1, 5, False), (2, 6, False))
    run.begin_earlier(0, 0)
    assert run.edges == [(0, 0), (HOUR, 5), (2 * HOUR, 6)]
