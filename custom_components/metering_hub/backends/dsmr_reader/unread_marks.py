"""The registers of a new meter whose first reading nobody has asked for yet.

Power is read from more telegrams than registers are, so the telegram in which a new
meter was recognized may be one of which no register is shown.
"""

from collections.abc import Iterable
from dataclasses import replace

from ...metering.model import NEW_REGISTER
from .models import StoredTelegram
from .readings import Readings


class UnreadMarks:
    """Keeps the mark of each new register until its reading is passed on."""

    def __init__(self) -> None:
        """Initialize without any new register."""
        self._telegram: StoredTelegram | None = None
        self._keys: set[str] = set()

    def marked(self, telegram: StoredTelegram, found: Readings) -> Readings:
        """Return the readings of a telegram, also marked by the telegrams before it."""
        if telegram is not self._telegram:
            self._telegram = telegram
            self._keys.update(
                key for key, each in found.items() if each.quality == NEW_REGISTER
            )
        if not (late := self._keys & found.keys()):
            return found
        return found | {key: replace(found[key], quality=NEW_REGISTER) for key in late}

    def pass_on(self, keys: Iterable[str]) -> None:
        """Forget the marks of registers whose readings were passed on."""
        self._keys.difference_update(keys)
