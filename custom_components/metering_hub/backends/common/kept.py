"""Keep a result while what it was made of stays the same."""

from collections.abc import Callable
from operator import is_


class Kept[*Given, Result]:
    """A function that returns its last result again for the same objects.

    It is for what repeats from poll to poll: an answer that repeats the last one is the
    same object (`LastAnswer`). Nobody may change such an object, nor the result.
    """

    def __init__(self, function: Callable[[*Given], Result]) -> None:
        """Initialize with the function, which is not called yet."""
        self._function = function
        self._last: tuple[tuple[*Given], Result] | None = None

    def __call__(self, *given: *Given) -> Result:
        """Return the result for these objects; equal ones are not the same."""
        if self._last is not None:
            known, result = self._last
            is_same = len(known) == len(given)
            if is_same and all(map(is_, known, given, strict=True)):
                return result
        result = self._function(*given)
        self._last = given, result
        return result
