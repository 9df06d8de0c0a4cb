"""Wait for the first readings of points that have no entity yet."""

from collections.abc import Callable, Set as AbstractSet

from homeassistant.core import CALLBACK_TYPE, callback

from .coordinator import ReadingsCoordinator


class FirstValues:
    """Polls points that never had a value, until there is something to show.

    `hand_over` is called once for all that arrives with the same reading, and decides
    what to wait for next.
    """

    def __init__(
        self, coordinator: ReadingsCoordinator, hand_over: Callable[[], None]
    ) -> None:
        """Initialize without any points."""
        self._coordinator = coordinator
        self._hand_over = hand_over
        self._waiting: dict[str, CALLBACK_TYPE] = {}
        self._is_scheduled = False

    @callback
    def wait_for(self, keys: AbstractSet[str]) -> None:
        """Wait for the points with these keys, and no longer for any others."""
        for key in self._waiting.keys() - keys:
            self._waiting.pop(key)()
        for key in sorted(keys - self._waiting.keys()):
            self._waiting[key] = self._coordinator.async_add_listener(
                self._note_change, key
            )

    @callback
    def close(self) -> None:
        """Stop waiting."""
        self.wait_for(frozenset())

    @callback
    def _note_change(self) -> None:
        """Hand over what has a value, after all listeners have been notified."""
        if self._is_scheduled:
            return
        self._is_scheduled = True
        self._coordinator.hass.loop.call_soon(self._hand_over_if_any)

    @callback
    def _hand_over_if_any(self) -> None:
        """Hand over the points that have a value by now."""
        self._is_scheduled = False
        if not self._waiting.keys().isdisjoint(self._coordinator.data.readings):
            self._hand_over()
