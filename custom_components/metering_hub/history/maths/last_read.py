"""What is known of the readings up to the hour from which counting goes on."""

from dataclasses import dataclass, replace
from math import inf
from typing import Self

from ...metering.quality import COMPARABLE_DAYS, LINE, MEASURED, SERVER, UNKNOWN
from ...metering.register_marks import Mark
from .rows import HOUR_SECONDS, NEVER

ESTIMATES = frozenset({LINE, SERVER, COMPARABLE_DAYS})
"""The codes of an end whose position is estimated from the readings around it."""


@dataclass(frozen=True, slots=True)
class LastRead:
    """The last reading up to the hour from which counting goes on (epoch seconds).

    `code` is that of the beginning of the hour, if it is decided. `inherited` is the
    code of the hour before, where the reading `is_known` only from that code.
    `highest` is the position at the beginning of the hour, which bounds the reading.
    """

    at: float = NEVER
    is_estimated: bool = False
    is_known: bool = True
    code: int | None = None
    inherited: int = UNKNOWN
    highest: float = inf

    @classmethod
    def before(cls, hour: float, position: float, code: int) -> Self:
        """Return what the code of the hour that ends at a baseline says.

        Readings are requested from an hour before that end on. If none of them comes,
        the last one is older, unless the end was measured.
        """
        if code == MEASURED:
            return cls(hour, is_known=False, code=MEASURED, highest=position)
        return cls(
            hour - HOUR_SECONDS - 1,
            is_estimated=code == SERVER,
            is_known=False,
            inherited=code,
            highest=position,
        )

    def noting(self, mark: Mark) -> Self:
        """Return the same with a reading, if it is the last one up to the hour.

        Of the same moment, one that was measured counts.
        """
        order = (mark.at, not mark.is_estimated)
        if mark.position > self.highest or (
            self.is_known and order <= (self.at, not self.is_estimated)
        ):
            return self
        return replace(
            self,
            at=mark.at,
            is_estimated=mark.is_estimated,
            is_known=True,
            inherited=UNKNOWN,
        )

    def first_code(self, code: int) -> int:
        """Return the code of the beginning of the hour; `code` is what readings say."""
        if self.code is not None:
            return self.code
        if code in ESTIMATES and self.inherited in ESTIMATES:
            return self.inherited
        return code
