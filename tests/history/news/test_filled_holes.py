"""Holes that are filled, and hours that only come in order of time."""

import pytest

from custom_components.metering_hub.history.news.filled_holes import (
    FilledHoles,
    filled_hours,
    find_filled,
)
from custom_components.metering_hub.metering.quality import HOUR_QUALITIES

HOUR = 3600.0
CODES = {each.letter: code for code, each in enumerate(HOUR_QUALITIES)}


def codes(letters: str) -> bytes:
    """Return the codes of hours by their letters."""
    return bytes(CODES[letter] for letter in letters)


@pytest.mark.parametrize(
    ("before", "after", "is_late", "filled"),
    [
        pytest.param("MXXM", "MMMM", False, [1, 2], id="missing"),
        pytest.param("MLSDPM", "MMMMMM", False, [1, 2, 3, 4], id="estimated"),
        pytest.param("MXXM", "MMXM", False, [1], id="in part"),
        pytest.param("MHUM", "MMMM", False, [], id="held or unknown"),
        pytest.param("MMXU", "MMMM", False, [], id="in order of time"),
        pytest.param("MMXU", "MMMM", True, [2, 3], id="late"),
        pytest.param("UUUU", "MMMM", False, [], id="first import"),
        pytest.param("UUUU", "MMMM", True, [], id="first import of late data"),
        pytest.param("XXXX", "MMMM", False, [], id="nothing measured before"),
        pytest.param("MXM", "MLM", False, [], id="estimated now"),
        pytest.param("MMM", "MXM", False, [], id="got worse"),
    ],
)
def test_filled_hours(
    before: str, after: str, is_late: bool, filled: list[int]
) -> None:
    assert filled_hours(codes(before), codes(after), is_late=is_late) == filled


def test_an_hour_counts_once_for_all_points() -> None:
    before = {"low": codes("MXXXM"), "gas": codes("MMXXM"), "high": codes("MMMMM")}
    after = {"low": codes("MMMXM"), "gas": codes("MMMXM"), "high": codes("MMMMM")}
    assert find_filled(HOUR, before, after, frozenset()) == FilledHoles(
        ["low", "gas"], 2, 2 * HOUR, 4 * HOUR
    )


def test_nothing_is_filled() -> None:
    """A point that is no longer imported fills nothing."""
    before = {"low": codes("MXM"), "gas": codes("MXM")}
    after = {"low": codes("MXM")}
    assert find_filled(0.0, before, after, frozenset()) is None
