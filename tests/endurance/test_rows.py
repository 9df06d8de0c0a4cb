"""What differs between the rows of two runs."""

import pytest

from endurance.rows import Difference, differences

HOUR = 3600
CLEAN = {
    "a": {0: {"change": 1.0, "sum": 1.0}, HOUR: {"change": 2.0, "sum": 3.0}},
    "b": {0: {"mean": 5.0}},
}


def test_the_same_rows_do_not_differ() -> None:
    """A missing field is a field without value."""
    again = {**CLEAN, "b": {0: {"mean": 5.0, "sum": None}}}
    assert differences(CLEAN, again) == []


def test_additions_in_another_order_are_no_difference() -> None:
    """Sums are equal but for the last bits."""
    found = {**CLEAN, "b": {0: {"mean": 5.0 + 1e-9}}}
    assert differences(CLEAN, found) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({**CLEAN, "b": {}}, [Difference("b", 0, "row", 1.0, 0.0)]),
        ({"a": CLEAN["a"]}, [Difference("b", 0, "row", 1.0, 0.0)]),
        (
            {**CLEAN, "c": {HOUR: {"sum": 1.0}}},
            [Difference("c", HOUR, "row", 0.0, 1.0)],
        ),
        (
            {**CLEAN, "b": {0: {"mean": None}}},
            [Difference("b", 0, "mean", 5.0, None)],
        ),
        (
            {**CLEAN, "a": {**CLEAN["a"], HOUR: {"change": 4.0, "sum": 5.0}}},
            [
                Difference("a", HOUR, "change", 2.0, 4.0),
                Difference("a", HOUR, "sum", 3.0, 5.0),
            ],
        ),
    ],
    ids=["lost hour", "lost statistic", "invented statistic", "no value", "doubled"],
)
def test_what_differs_is_named(
    found: dict[str, dict[int, dict[str, float | None]]], expected: list[Difference]
) -> None:
    """A lost, an invented and a doubled hour are differences."""
    assert differences(CLEAN, found) == expected
