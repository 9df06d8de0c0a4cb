"""What the user chose about the currency of a server's prices."""

from collections.abc import Mapping

CONF_OWN_CURRENCY = "own_currency"
"""The option to take the server's prices as being in Home Assistant's currency."""


def are_prices_own(options: Mapping[str, object]) -> bool:
    """Return True if the server's prices count as in Home Assistant's currency."""
    return options.get(CONF_OWN_CURRENCY) is True
