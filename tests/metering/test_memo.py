"""Results that are kept while their inputs are the same objects."""

from collections.abc import Callable

from custom_components.metering_hub.metering.memo import IdentityMemo


def counter() -> Callable[[], int]:
    """Return a function that returns how often it was called."""
    calls: list[None] = []

    def count() -> int:
        calls.append(None)
        return len(calls)

    return count


def test_result_is_kept_for_the_same_objects() -> None:
    memo, count = IdentityMemo[int](), counter()
    one, other = [1], [2]
    assert memo.get(count, one=one, other=other) == 1
    assert memo.get(count, one=one, other=other) == 1


def test_equal_objects_are_not_the_same() -> None:
    memo, count = IdentityMemo[int](), counter()
    assert memo.get(count, one=[1]) == 1
    assert memo.get(count, one=[1]) == 2


def test_only_the_latest_result_is_kept() -> None:
    memo, count = IdentityMemo[int](), counter()
    one, other = [1], [2]
    assert [memo.get(count, one=each) for each in (one, other, one)] == [1, 2, 3]


def test_forgotten_result_is_computed_again() -> None:
    memo, count = IdentityMemo[int](), counter()
    one = [1]
    assert memo.get(count, one=one) == 1
    memo.forget()
    assert memo.get(count, one=one) == 2
