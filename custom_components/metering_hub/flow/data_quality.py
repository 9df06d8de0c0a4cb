"""The form for the quality of data: estimates, and the rules that warn."""

import voluptuous as vol

from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..metering.data_quality import (
    CONF_DISABLED_WARNINGS,
    CONF_ESTIMATES,
    RULE_NAMES,
    DataQuality,
    WarningRule,
)
from .forms import FormData
from .selection import Options


def data_quality_schema(options: Options) -> vol.Schema:
    """Return the form, with the current choices as default."""
    chosen = DataQuality.of(options)
    disabled = [rule.value for rule in WarningRule if rule in chosen.disabled]
    return vol.Schema(
        {
            vol.Required(
                CONF_ESTIMATES, default=chosen.has_estimates
            ): BooleanSelector(),
            vol.Required(CONF_DISABLED_WARNINGS, default=disabled): SelectSelector(
                SelectSelectorConfig(
                    options=[rule.value for rule in WarningRule],
                    translation_key=RULE_NAMES,
                    multiple=True,
                    mode=SelectSelectorMode.LIST,
                )
            ),
        }
    )


def with_data_quality(options: Options, user_input: FormData) -> dict[str, object]:
    """Return options with the choices of a submitted form."""
    chosen = DataQuality(
        has_estimates=user_input[CONF_ESTIMATES],
        disabled=frozenset(
            WarningRule(name) for name in user_input[CONF_DISABLED_WARNINGS]
        ),
    )
    return chosen.stored_in(options)
