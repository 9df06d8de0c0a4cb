"""The line of a register: which of its readings are believed."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
import pytest

from custom_components.metering_hub.metering import register_line
from custom_components.metering_hub.metering.reading_columns import ReadingColumns
from custom_components.metering_hub.metering.register_line import RegisterLine
from custom_components.metering_hub.metering.register_marks import Mark
from custom_components.metering_hub.metering.register_rules import Rejected, Rule
from custom_components.metering_hub.metering.register_run import WINDOW_SECONDS

from .registers import DirtyRegister, corrected_registers, dirty_registers

any_register = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def line_of(
    marks: Sequence[Mark],
    *,
    capacity: float | None = None,
    may_restart: bool = False,
) -> RegisterLine:
    """Return the line of readings in order of time."""
    line = RegisterLine(capacity=capacity, may_restart=may_restart)
    for mark in marks:
        line.add(mark)
    return line


def total_of(line: RegisterLine) -> float:
    """Return how far all registers of a line have advanced together."""
    return sum(run.edges[-1][1] - run.edges[0][1] for run in line.runs)


@any_register
@given(dirty_registers())
def test_excursions_and_exchanges_count_nothing(register: DirtyRegister) -> None:
    line = line_of([*register.marks])
    assert total_of(line) == pytest.approx(register.total, abs=1e-4)
    assert not line.held
    assert bool(line.take_rejected()) == bool(register.false)


def test_of_two_registers_that_may_be_back_it_is_the_one_without_a_leap() -> None:
    """Both replaced ones were noise, the first of them a little lower."""
    positions = [304, 304.01, 301, 301, 301.01, 0, 0, 0.01, 304.02, 304.03, 304.04]
    line = line_of([Mark(600.0 * n, each, n) for n, each in enumerate(positions)])
    assert total_of(line) == pytest.approx(0.04)


def test_of_two_registers_that_may_be_back_it_is_the_last_one() -> None:
    """It was exchanged for one that stood lower, and then it stepped up for a while."""
    before = [0.0, 0.016, 0.02, 0.024, 0.012, 0.017, 0.02]
    positions = [*before, 3.02, 3.025, 3.03, 0.03, 0.031, 0.036]
    line = line_of([Mark(600.0 * n, each, n) for n, each in enumerate(positions)])
    assert total_of(line) == pytest.approx(0.024 + 0.036 - 0.012)


@any_register
@given(corrected_registers())
def test_after_a_correction_the_total_is_the_difference_of_the_positions(
    marks: list[Mark],
) -> None:
    line = line_of(marks)
    difference = marks[-1].position - marks[0].position
    assert total_of(line) == pytest.approx(difference, abs=1e-4)
    assert not line.held


def test_readings_of_two_meters_are_told_apart_by_their_order_of_arrival() -> None:
    """The new meter's clock is an hour behind, so its readings lie among the others."""
    old = [Mark(number * 600, 12_000 + number / 10, number) for number in range(13)]
    new = [
        Mark(number * 600 + 3900, number / 10, 13 + number, is_new=number == 0)
        for number in range(13)
    ]
    line = line_of(sorted([*old, *new]))
    assert total_of(line) == pytest.approx(2.4)
    assert not line.take_rejected()


def test_a_few_false_readings_do_not_bring_an_earlier_register_back() -> None:
    """Without its decimal point, the new meter stands a little above the old one."""
    old = [Mark(number * 60, 500 + number / 10) for number in range(300)]
    new = [Mark((300 + number) * 60, round(number / 10, 6)) for number in range(600)]
    for number in range(540, 560):
        new[number] = new[number]._replace(position=float(number))
    line = line_of([*old, *new])
    assert total_of(line) == pytest.approx(29.9 + 59.9)
    assert len(line.take_rejected()) == 20


def test_a_register_returns_after_many_false_readings() -> None:
    marks = [Mark(number * 60, 500 + number / 10) for number in range(1000)]
    for number in range(300, 900):
        marks[number] = marks[number]._replace(position=round((number - 300) / 10, 6))
    line = line_of(marks)
    assert total_of(line) == pytest.approx(99.9)
    assert len(line.runs) == 1


def test_a_dip_of_a_count_that_has_restarted_does_not_bring_it_back() -> None:
    """The dip is held, but it has not leapt to where the count was before."""
    positions = [1010, 0, 100, 50, 1010]
    marks = [Mark(600.0 * number, each) for number, each in enumerate(positions)]
    line = line_of(marks, may_restart=True)
    assert [run.position for run in line.runs] == [1010, 1010]
    assert line.take_rejected() == [Rejected(1800, 50, Rule.EXCURSION)]


def test_a_held_reading_is_named_until_it_is_decided() -> None:
    line = line_of([Mark(0, 1000), Mark(600, 1000.1), Mark(1200, 0)])
    assert line.held == [Rejected(1200, 0, Rule.UNDECIDED)]
    line.add(Mark(1800, 1000.2))
    assert not line.held
    assert line.take_rejected() == [Rejected(1200, 0, Rule.EXCURSION)]
    assert not line.take_rejected()


def test_more_than_the_meter_can_measure_is_named_so() -> None:
    line = RegisterLine(capacity=10)
    for mark in (Mark(0, 1000), Mark(600, 1003), Mark(1200, 1001)):
        line.add(mark)
    assert line.take_rejected() == [Rejected(600, 1003, Rule.CAPACITY)]


def test_a_register_returns_from_a_dip_that_grew_with_a_step() -> None:
    """The readings after the first one that leapt back are held with it."""
    before = [Mark(300.0 * n, 59.0 + 0.03 * n) for n in range(28)]
    dip = [Mark(8_400.0, 40.0), *(Mark(8_700.0 + 300 * n, 48.0) for n in range(8))]
    after = [Mark(11_100.0 + 300 * n, 60.36 + 0.05 * n) for n in range(8)]
    line = line_of([*before, *dip, *after])
    assert total_of(line) == pytest.approx(60.71 - 59.0)
    assert len(line.runs) == 1


MINUTE = 60.0
HOUR = 3600.0


def every_ten_minutes(*positions: float, first: int = 0) -> list[Mark]:
    """Return readings ten minutes apart, from a number of them on."""
    return [
        Mark((first + number) * 10 * MINUTE, position)
        for number, position in enumerate(positions)
    ]


def test_a_correction_below_the_rows_that_are_written_counts_no_use() -> None:
    line = RegisterLine()
    line.resume(0, 1000)
    for mark in every_ten_minutes(1000.1, 999.5, 999.5, 999.5, 1000.5, first=1):
        line.add(mark)
    assert line.current is not None
    assert line.current.position == 1000.5
    assert [position for _, position in line.current.edges] == [1000, 1000, 1000.5]


def test_a_restored_position_was_read_at_any_time_before() -> None:
    line = RegisterLine()
    line.restore(0, 100)
    line.add(Mark(0, 150))
    assert line.current is not None
    assert line.current.edges == [(-WINDOW_SECONDS, 100), (0, 150)]


def test_replaced_registers_are_forgotten_by_their_last_reading() -> None:
    marks = every_ten_minutes(5, 6, 0, 1, 0, 1)
    for number in (2, 4):
        marks[number] = marks[number]._replace(is_new=True)
    line = line_of(marks)
    first, second, third = line.runs
    line.forget_before(first.last_at)
    assert line.runs == [first, second, third]
    line.forget_before(second.last_at)
    assert line.runs == [second, third]
    line.forget_before(1e9)
    assert line.runs == [third]


STEP_UP = every_ten_minutes(100, 100.1, 100.2, 110, 110.1, 110.2)
"""A register that steps up by more than is usual, so that it may be another one."""


def test_a_step_up_is_doubtful_while_the_register_before_it_is_known() -> None:
    line = line_of(
        [
            Mark(-20 * MINUTE, 7),
            Mark(-10 * MINUTE, 7),
            STEP_UP[0]._replace(is_new=True),
            *STEP_UP[1:],
        ]
    )
    assert len(line.runs) == 3
    for moment, is_doubtful in ((-HOUR, True), (0, True), (30 * MINUTE, False)):
        line.forget_before(moment)
        assert line.runs[-1].is_doubtful is is_doubtful
    assert len(line.runs) == 1


@pytest.mark.parametrize("start", [0, 1.8e9])
def test_a_step_up_is_counted_when_as_much_has_followed(start: float) -> None:
    more = every_ten_minutes(*(110.2 + number for number in range(1, 11)), first=6)
    marks = [mark._replace(at=start + mark.at) for mark in (*STEP_UP, *more)]
    assert len(line_of(marks[:6]).runs) == 2
    assert total_of(line_of(marks[:6])) == pytest.approx(0.4)
    line = line_of(marks)
    assert len(line.runs) == 1
    assert total_of(line) == pytest.approx(20.2)


def test_a_step_up_is_doubtful_for_the_whole_window() -> None:
    line = line_of(STEP_UP)
    began = STEP_UP[3].at
    assert line.settled_until == STEP_UP[2].at
    line.add(Mark(began + WINDOW_SECONDS, 110.3))
    assert line.settled_until == STEP_UP[2].at
    line.add(Mark(began + WINDOW_SECONDS + 1, 110.3))
    assert line.settled_until == began + WINDOW_SECONDS + 1


def test_a_step_up_that_the_capacity_forbids_is_not_doubtful() -> None:
    """No later reading can show that the meter measured it."""
    line = line_of(STEP_UP, capacity=5)
    assert len(line.runs) == 2
    assert not line.runs[-1].is_doubtful


KNOWN = [Mark(0, 1000, 1), Mark(600, 1000.1, 2), Mark(1200, 1000.2, 3)]


@pytest.mark.parametrize(
    ("times", "values", "stored", "are_added"),
    [
        ([], [], [], True),
        ([1800, 2400], [1000.2, 1000.3], [], True),
        ([1800, 2400], [1000.3, 1000.4], [4, 5], True),
        # One that is not later than the last one, lower, or stored before it.
        ([1200, 2400], [1000.3, 1000.4], [], False),
        ([1800, 2400], [1000.1, 1000.3], [], False),
        ([1800, 2400], [1000.3, 1000.4], [2, 5], False),
        # Two of one moment, and more than is usual.
        ([1800, 1800], [1000.3, 1000.4], [], False),
        ([1800, 2400], [1000.3, 1050], [], False),
    ],
)
def test_readings_that_continue_the_line_are_added_at_once(
    times: list[float], values: list[float], stored: list[int], *, are_added: bool
) -> None:
    line = line_of(KNOWN)
    assert line.current is not None
    columns = ReadingColumns(times, values)
    columns.stored = stored
    assert line.add_many(columns, [*range(len(times))]) is are_added
    is_longer = bool(times) and are_added
    assert (line.latest == 2400) is is_longer
    assert line.current.position == (values[-1] if is_longer else 1000.2)


def test_the_first_row_of_a_table_may_have_the_number_0() -> None:
    columns = ReadingColumns([1800, 2400], [1000.2, 1000.3])
    columns.stored = [0, 1]
    unknown = [mark._replace(stored=None) for mark in KNOWN]
    assert line_of(unknown).add_many(columns, [0, 1])


def test_a_line_without_a_reading_takes_the_first_one_alone() -> None:
    assert not RegisterLine().add_many(ReadingColumns([0], [5]), [0])


@pytest.mark.parametrize(
    "marks", [STEP_UP, [*KNOWN, Mark(1800, 0, 4)]], ids=["doubtful", "held"]
)
def test_readings_are_added_one_by_one_while_something_is_open(
    marks: list[Mark],
) -> None:
    line = line_of(marks)
    assert line.current is not None
    columns = ReadingColumns([7200, 7800], [line.current.position] * 2)
    assert not line.add_many(columns, [0, 1])


@pytest.mark.parametrize(
    ("values", "are_added"),
    [
        ([0.5, 80, 99], True),
        # The register of before may be back.
        ([0.5, 80, 100], False),
        ([0.5, 99, 101], False),
    ],
)
@pytest.mark.parametrize("others", [[], [Mark(-1200, 1e6), Mark(-600, 1e6)]])
def test_readings_are_added_one_by_one_if_they_pass_an_earlier_register(
    values: list[float], others: list[Mark], *, are_added: bool
) -> None:
    fallen = every_ten_minutes(100, 100, 0, 0.1, 0.5)
    fallen[0] = fallen[0]._replace(is_new=True)
    line = line_of([*others, *fallen], capacity=1000)
    assert len(line.runs) == 2 + bool(others)
    columns = ReadingColumns([HOUR, 2 * HOUR, 3 * HOUR], values)
    assert line.add_many(columns, [0, 1, 2]) is are_added


def test_an_exchange_for_a_register_of_the_same_position_is_no_obstacle() -> None:
    line = line_of([Mark(0, 5), Mark(600, 5, is_new=True), Mark(1200, 5)])
    assert line.add_many(ReadingColumns([1800], [5.5]), [0])


OLD_AND_NEW = [
    *KNOWN,
    Mark(1800, 1000, 10, is_new=True),
    Mark(2400, 1000.1, 11),
]
"""A register, and another one whose rows were stored later."""


def test_a_late_row_belongs_to_the_last_register_that_it_continues() -> None:
    line = line_of([*OLD_AND_NEW, Mark(3000, 0, 20, is_new=True)])
    line.add(Mark(3600, 1000.5, 12))
    assert [run.position for run in line.runs] == [1000.2, 1000.5, 0]
    line.add(Mark(3600, 1000.6, 13))
    assert [run.position for run in line.runs] == [1000.2, 1000.6, 0]
    assert not line.held
    assert not line.take_rejected()


def test_a_late_row_that_no_register_continues_is_an_excursion() -> None:
    line = line_of(OLD_AND_NEW)
    line.add(Mark(3000, 50, 5))
    assert [run.position for run in line.runs] == [1000.2, 1000.1]
    assert line.take_rejected() == [Rejected(3000, 50, Rule.EXCURSION)]
    assert not line.held


def test_a_row_of_the_only_register_is_held_whenever_it_was_stored() -> None:
    line = line_of([Mark(7200, 16, 5), Mark(7800, 21, 3)])
    assert line.held == [Rejected(7800, 21, Rule.UNDECIDED)]


def test_rows_of_unknown_order_belong_to_the_newest_register() -> None:
    line = line_of([mark._replace(stored=None) for mark in OLD_AND_NEW])
    line.add(Mark(3000, 50, 5))
    assert line.held == [Rejected(3000, 50, Rule.UNDECIDED)]


@pytest.mark.parametrize("position", [100, 102])
def test_a_measured_reading_rejects_the_estimated_ones_above_it(
    position: float,
) -> None:
    line = line_of([Mark(0, 99), Mark(600, 100), Mark(1200, 103, is_estimated=True)])
    line.add(Mark(1800, position))
    assert line.current is not None
    assert line.current.position == position
    assert line.take_rejected() == [Rejected(1200, 103, Rule.CORRECTION)]
    assert not line.held


def test_a_correction_may_begin_at_the_moment_of_the_last_reading() -> None:
    marks = [Mark(0, 1000), Mark(600, 1001), Mark(600, 1000.5)]
    line = line_of([*marks, Mark(1200, 1000.5), Mark(1800, 1000.5)])
    assert line.current is not None
    assert len(line.runs) == 1
    assert line.current.position == 1000.5
    assert line.take_rejected() == [Rejected(600, 1001, Rule.CORRECTION)]


def test_a_count_that_restarts_at_the_moment_of_its_last_reading() -> None:
    """It can have counted nothing between the two."""
    line = line_of(
        [Mark(0, 100), Mark(600, 100), Mark(600, 0), Mark(1200, 1)], may_restart=True
    )
    assert line.runs[-1].edges == [(600, 0), (1200, 1)]


def test_a_register_is_not_back_behind_one_that_is_certain() -> None:
    """Another serial was read, so what looks like the old one is a third one."""
    new = every_ten_minutes(5, 5.1, 5.2, first=3)
    new[0] = new[0]._replace(is_new=True)
    line = line_of(
        [
            *every_ten_minutes(100, 100.1, 100.2),
            *new,
            *every_ten_minutes(100.3, 100.4, 100.5, first=6),
        ]
    )
    assert len(line.runs) == 3
    assert line.take_rejected() == []


@pytest.mark.parametrize(("seconds", "registers"), [(0, 1), (1, 3)])
def test_a_register_is_back_if_it_was_read_within_the_window(
    seconds: float, registers: int
) -> None:
    old = [Mark(0, 100), Mark(600, 100.1), Mark(1200, 100.2)]
    noise = [Mark(1800, 5), Mark(2400, 5.0001), Mark(3600, 5.0001)]
    last = 1200 + WINDOW_SECONDS + seconds
    back = [Mark(last - before, 100.3001) for before in (600, 0)]
    back = [Mark(last - 1200, 100.3), *back]
    line = line_of([*old, *noise, *back])
    assert len(line.runs) == registers


def test_what_replaced_a_register_that_is_back_was_an_excursion() -> None:
    hours = [90, 100, 100.1, 50, 50.1, 50.2, 100.3, 100.4, 100.5]
    marks = [Mark(number * HOUR, each) for number, each in enumerate(hours)]
    line = line_of([marks[0], marks[1]._replace(is_new=True), *marks[2:]])
    assert [run.position for run in line.runs] == [90, 100.5]
    assert line.take_rejected() == [
        Rejected(mark.at, mark.position, Rule.EXCURSION) for mark in marks[3:6]
    ]


def test_a_return_outweighs_all_registers_that_it_replaces() -> None:
    """Of 100 readings before the last exchange, a tenth is ten."""
    old = every_ten_minutes(*(500 + number / 10 for number in range(30)))
    first = every_ten_minutes(*(100 + number / 10 for number in range(100)), first=30)
    last = every_ten_minutes(*(number / 10 for number in range(5)), first=130)
    back = every_ten_minutes(*(503 + number / 10 for number in range(12)), first=135)
    before = [*old, *first, *last]
    assert len(line_of(before).runs) == 3
    assert len(line_of([*before, *back[:10]]).runs) == 3
    line = line_of([*before, *back])
    assert len(line.runs) == 1
    assert total_of(line) == pytest.approx(4.1)


@pytest.mark.parametrize(
    ("capacity", "position", "rule"),
    [
        (None, 5000, Rule.EXCURSION),
        (None, 0, Rule.EXCURSION),
        (10, 5000, Rule.CAPACITY),
        (10, 0, Rule.EXCURSION),
    ],
)
def test_only_what_is_too_high_exceeds_the_capacity(
    capacity: float | None, position: float, rule: Rule
) -> None:
    marks = [Mark(0, 100), Mark(600, position), Mark(1200, 100.1)]
    line = line_of(marks, capacity=capacity)
    assert line.take_rejected() == [Rejected(600, position, rule)]


def test_so_many_rejected_readings_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_line, "MAX_REJECTED", 2)
    line = line_of(every_ten_minutes(100, 0, 100, 0, 100, 0, 100))
    assert [each.time for each in line.take_rejected()] == [600, 1800]


@pytest.mark.parametrize("older", [[], [Mark(-600, 50)]])
def test_a_leap_to_an_earlier_count_is_held_whatever_was_before_it(
    older: list[Mark],
) -> None:
    first, *others = every_ten_minutes(100, 101, 102, 103, 100.5, 102, 202)
    line = line_of([*older, first._replace(is_new=True), *others], may_restart=True)
    assert [run.position for run in line.runs][-2:] == [103, 102]
    assert line.held == [Rejected(3600, 202, Rule.UNDECIDED)]


def test_a_held_row_that_the_register_has_reached_has_not_leapt() -> None:
    """It was stored last, so nothing has rejected it yet."""
    line = line_of(
        [
            *[Mark(0, 104), Mark(4200, 156), Mark(7800, 157), Mark(8400, 158)],
            Mark(12_000, 156, 13),
            *[Mark(13_800, 0, 9), Mark(15_600, 0), Mark(16_200, 1)],
            *[Mark(18_000, 156, 12), Mark(24_000, 162)],
        ]
    )
    assert [run.position for run in line.runs] == [158, 162]
    assert line.take_rejected() == [Rejected(12_000, 156, Rule.EXCURSION)]


def test_a_row_that_is_no_higher_than_the_line_does_not_exceed_the_capacity() -> None:
    """It was held while the register was corrected to its position."""
    line = line_of(
        [
            *[Mark(0, 0), Mark(300, 10), Mark(600, 0, 9), Mark(900, 9.5)],
            *[Mark(2400, 0, 8), Mark(4500, 0), Mark(5700, 0), Mark(6000, 10)],
        ],
        capacity=1000,
    )
    assert line.take_rejected()[-2:] == [
        Rejected(600, 0, Rule.EXCURSION),
        Rejected(900, 9.5, Rule.EXCURSION),
    ]
