"""Tell many listeners, of which one that fails keeps no other from its news.

These are the only places that do not know which errors there may be. They run for each
entity that changes, so what they need for a failure is made after it.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import LOGGER


def _log_failure(subject: str) -> None:
    """Log what has failed, with the traceback of the error that is handled."""
    LOGGER.exception("%s failed; the others go on", subject)


def succeeds(job: Callable[[], object], subject: str, *, was_failing: bool) -> bool:
    """Do something that concerns one of many; return False if it failed.

    A failure is logged with its traceback, unless the last attempt failed, too.
    `subject` says what has failed.
    """
    try:
        job()
    # Whatever is wrong with one of many, the others must not suffer from it.
    except Exception:  # noqa: BLE001
        if not was_failing:
            _log_failure(subject)
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
        self._tell([*self._listeners])

    def _tell(self, numbers: Iterable[int]) -> None:
        """Tell the listeners with these numbers, except those that were removed.

        That one fails is logged once, until it works again.
        """
        for number in numbers:
            if (known := self._listeners.get(number)) is None:
                continue
            try:
                known[0]()
            # Whatever is wrong with one listener, the others must not suffer from it.
            except Exception:  # noqa: BLE001
                if number not in self._failing:
                    self._failing.add(number)
                    _log_failure(f"{self.name}: a listener")
            else:
                self._failing.discard(number)


class IsolatedEntity(Entity):
    """An entity that is unavailable while it cannot show what is known.

    Home Assistant would keep its former state, and not add one that fails at first.
    """

    _is_update_broken = False
    _is_state_broken = False

    @property
    @override
    def available(self) -> bool:
        """Return True if the entity works, and what it shows is up to date."""
        return self._works and super().available

    @property
    def _works(self) -> bool:
        """Return True unless an update or a state has failed."""
        return not (self._is_update_broken or self._is_state_broken)

    @callback
    @override
    def _async_write_ha_state(self) -> None:
        """Write the state, or that the entity is unavailable if that fails."""
        was_broken, self._is_state_broken = self._is_state_broken, False
        try:
            super()._async_write_ha_state()
        # A state that Home Assistant refuses must not keep others from being written.
        except Exception:  # noqa: BLE001
            self._is_state_broken = True
            if not was_broken:
                _log_failure(self._log_name)
            super()._async_write_ha_state()

    @property
    def _log_name(self) -> str:
        """Return what the log calls the entity."""
        return f"The entity {self.entity_id}"


class FollowingEntity(IsolatedEntity):
    """An isolated entity that takes over the news of its coordinator, if there are any.

    If that fails, it is unavailable until the next time that it works.
    """

    def _refresh(self) -> bool:
        """Set the attributes to what is known; return True if any has changed."""
        raise NotImplementedError

    @callback
    def _handle_coordinator_update(self) -> None:
        """Set the attributes, and write the state if any has changed."""
        worked = self._works
        if self._has_refreshed() or not worked or self._is_update_broken:
            self.async_write_ha_state()

    def _has_refreshed(self) -> bool:
        """Return what refreshing the attributes returns, or False if it fails."""
        try:
            is_changed = self._refresh()
        # Whatever is wrong with one entity, the others must not suffer from it.
        except Exception:  # noqa: BLE001
            if not self._is_update_broken:
                self._is_update_broken = True
                _log_failure(self._log_name)
            return False
        self._is_update_broken = False
        return is_changed
