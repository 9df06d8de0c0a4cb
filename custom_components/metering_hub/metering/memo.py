"""Keep a result for as long as the objects that it was computed from stay the same."""

from collections.abc import Callable


class IdentityMemo[Result]:
    """The last result of a computation, with the named inputs that gave it.

    Inputs are compared by identity: a poll that brings nothing new hands on the same
    objects, and comparing thousands of readings by value costs as much as the work.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        """Start without a result."""
        self._kept: tuple[dict[str, object], Result] | None = None

    def get(self, compute: Callable[[], Result], **inputs: object) -> Result:
        """Return the kept result; compute it anew where any input is another object."""
        if self._kept is not None:
            known, result = self._kept
            if all(known[name] is value for name, value in inputs.items()):
                return result
        result = compute()
        self._kept = inputs, result
        return result

    def forget(self) -> None:
        """Drop the kept result."""
        self._kept = None
