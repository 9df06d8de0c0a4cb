"""Tell which statistics were written, so that what is made of them can follow."""

from collections.abc import Callable, Collection

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import (
    async_dispatcher_connect,
    async_dispatcher_send,
)
from homeassistant.util.signal_type import SignalType

from ...const import DOMAIN

_WRITTEN = SignalType[Collection[str]](f"{DOMAIN}_statistics_written")


@callback
def tell_written(hass: HomeAssistant, statistic_ids: Collection[str]) -> None:
    """Tell that rows of these statistics were stored or deleted."""
    async_dispatcher_send(hass, _WRITTEN, statistic_ids)


@callback
def follow_writes(
    hass: HomeAssistant, prefix: str, action: Callable[[], None]
) -> CALLBACK_TYPE:
    """Call an action when statistics with a prefix were written, until that is undone.

    An import writes many batches, so the action is called often.
    """

    @callback
    def follow(statistic_ids: Collection[str]) -> None:
        """Call the action if a statistic has the prefix."""
        if any(each.startswith(prefix) for each in statistic_ids):
            action()

    return async_dispatcher_connect(hass, _WRITTEN, follow)
