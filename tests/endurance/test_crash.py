"""How kills are spread over the phases."""

from endurance.crash import Phase, phases


def test_ten_kills_are_in_all_phases() -> None:
    """The phases follow each other, and each has its share."""
    order = phases(10)
    assert len(order) == 10
    assert sorted(order, key=[*Phase].index) == order
    assert {phase: order.count(phase) for phase in Phase} == {
        Phase.IMPORT: 3,
        Phase.TOP_UP: 2,
        Phase.RE_IMPORT: 3,
        Phase.AUDIT: 2,
    }


def test_one_kill_is_in_the_import() -> None:
    """A single kill interrupts what comes first."""
    assert phases(1) == [Phase.IMPORT]
