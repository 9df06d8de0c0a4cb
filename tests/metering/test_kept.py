"""Results that are kept while what they are made of stays the same."""

from collections.abc import Sequence

import pytest

from custom_components.metering_hub.metering.memo import Kept


def total(*lists: Sequence[int]) -> list[int]:
    """Return a new list with the sum of each list."""
    return [sum(each) for each in lists]


def test_the_same_objects_have_the_same_result() -> None:
    """Nothing is computed again for them."""
    kept, first, second = Kept(total), [1, 2], [3]
    assert kept(first, second) is kept(first, second)


def test_equal_objects_are_not_the_same() -> None:
    """1, 1.0 and True are equal, but mean different things in an answer."""
    kept = Kept(total)
    result = kept([1, 2])
    assert kept([1, 2]) is not result


def test_any_other_object_is_computed() -> None:
    """One of two that differs is enough, and only the last result is kept."""
    kept, first, second = Kept(total), [1, 2], [3]
    assert kept(first, second) == [3, 3]
    assert kept(first, [4]) == [3, 4]
    assert kept([5], [4]) == [5, 4]
    assert kept(first) == [3]
    assert kept(first, second) == [3, 3]


def test_what_fails_is_not_kept() -> None:
    """The next call tries it again."""
    broken: list[int] = []

    def first_of(numbers: list[int]) -> int:
        """Return the first number."""
        return numbers[0]

    kept = Kept(first_of)
    with pytest.raises(IndexError):
        kept(broken)
    broken.append(7)
    assert kept(broken) == 7
