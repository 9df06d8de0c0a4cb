"""The form for the currency of a server's prices."""

import voluptuous as vol

from homeassistant.helpers.selector import BooleanSelector

from ..metering.own_currency import CONF_OWN_CURRENCY, are_prices_own
from .selection import Options


def own_currency_schema(options: Options) -> vol.Schema:
    """Return the form, with the current choice as default."""
    is_own = are_prices_own(options)
    return vol.Schema(
        {vol.Required(CONF_OWN_CURRENCY, default=is_own): BooleanSelector()}
    )
