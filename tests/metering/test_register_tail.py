"""The latest readings of a register."""

from custom_components.metering_hub.metering.register_tail import TAIL, Tail


def tail_of(*edges: tuple[float, float]) -> Tail:
    """Return a tail of these readings."""
    tail = Tail(*edges[0])
    for at, position in edges[1:]:
        tail.add(at, position)
    return tail


def test_a_reading_replaces_one_of_the_same_moment() -> None:
    tail = tail_of((1, 5), (2, 6), (3, 7), (3, 8))
    assert tail.latest(5) == [(1, 5), (2, 6), (3, 8)]
    assert tail.latest(1) == [(3, 8)]
    assert tail.last_at == 3


def test_only_the_latest_readings_are_kept() -> None:
    """They are dropped many at a time, so up to twice as many are there."""
    tail = Tail(0, 0)
    for number in range(1, 2 * TAIL):
        tail.add(number, number)
    assert len(tail.latest(3 * TAIL)) == 2 * TAIL
    tail.add(2 * TAIL, 2 * TAIL)
    latest = [(number, number) for number in range(TAIL + 1, 2 * TAIL + 1)]
    assert tail.latest(3 * TAIL) == latest


def test_of_many_readings_the_last_ones_are_added() -> None:
    tail = Tail(0, 0)
    numbers = [float(number) for number in range(1, 3 * TAIL)]
    tail.extend(numbers, numbers)
    latest = [(number, number) for number in numbers[-TAIL:]]
    assert tail.latest(3 * TAIL) == [(0, 0), *latest]


def test_positions_are_rounded() -> None:
    assert tail_of((1, 5.12345678)).latest(1) == [(1, 5.123457)]


def test_readings_above_a_position_are_cut() -> None:
    tail = tail_of((1, 5), (2, 9), (3, 6), (4, 6.5))
    assert tail.cut_above(6) == [(1, 5), (3, 6)]
    assert tail.latest(9) == [(1, 5), (3, 6)]


def test_a_tail_that_is_all_above_stays_until_it_begins_again() -> None:
    tail = tail_of((1, 5), (2, 9))
    assert tail.cut_above(4) == []
    assert tail.latest(9) == [(1, 5), (2, 9)]
    tail.begin_again(3, 4)
    assert tail.latest(9) == [(3, 4)]


def test_a_later_tail_is_added() -> None:
    tail = tail_of((1, 5), (2, 6))
    tail.merge(tail_of((3, 7), (4, 8)))
    assert tail.latest(9) == [(1, 5), (2, 6), (3, 7), (4, 8)]
