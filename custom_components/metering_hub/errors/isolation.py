"""Tell many listeners, of which one that fails keeps no other from its news."""

from collections.abc import Callable
from functools import cached_property
from typing import override

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import LOGGER


def succeeds(job: Callable[[], object], subject: str, *, was_failing: bool) -> bool:
    """Do something that concerns one of many; return False if it failed.

    A failure is logged with its traceback, unless the last attempt failed, too.
    `subject` says what has failed.
    """
    try:
        job()
    # Whatever is wrong with one entity, the others must not suffer from it. This is the
    # only place that does not know which errors there may be.
    except Exception:  # noqa: BLE001
        if not was_failing:
            LOGGER.exception("%s failed; the others go on", subject)
        return False
    return True


class IsolatingCoordinator[Data](DataUpdateCoordinator[Data]):
    """A coordinator whose listeners do not depend on each other.

    Home Assistant logs a listener that fails at every update.
    """

    @cached_property
    def _failing(self) -> set[int]:
        """Return the numbers of the listeners whose last call failed."""
        return set()

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell all listeners."""
        for number, (listener, _) in list(self._listeners.items()):
            self._tell(number, listener)

    def _tell(self, number: int, listener: CALLBACK_TYPE) -> None:
        """Tell one listener; that it fails is logged once, until it works again."""
        subject = f"{self.name}: a listener"
        if succeeds(listener, subject, was_failing=number in self._failing):
            self._failing.discard(number)
        else:
            self._failing.add(number)
