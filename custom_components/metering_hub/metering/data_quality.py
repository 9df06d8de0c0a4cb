"""What the user chose about the quality of data, as the options of an entry store it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

CONF_DATA_QUALITY = "data_quality"
"""The option that holds the choices below."""

CONF_ESTIMATES = "estimates"
"""Whether long gaps are estimated by comparable days, and not by a straight line."""

CONF_DISABLED_WARNINGS = "disabled_warnings"
"""The rules that the user does not want to be warned by."""

RULE_NAMES = "warning_rule"
"""The translation key of the names of the rules, in forms and on cards."""


class WarningRule(StrEnum):
    """The rules that warn of odd hours and reject nothing, by name."""

    SPIKE = "spike"
    ZERO_RUN = "zero_run"
    STALE = "stale"
    SUM_CHECK = "sum_check"
    UNIT_CHANGED = "unit_changed"
    PROLONGED_ESTIMATION = "prolonged_estimation"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataQuality:
    """The choices of a user: how gaps are estimated, and which rules do not run.

    `has_estimates` is False if gaps are always filled by a straight line.
    """

    has_estimates: bool = True
    disabled: frozenset[WarningRule] = frozenset()

    @classmethod
    def of(cls, options: Mapping[str, object]) -> DataQuality:
        """Return the choices in the options of a config entry.

        A rule that does not exist, or no longer does, is ignored.
        """
        stored = options.get(CONF_DATA_QUALITY)
        if not isinstance(stored, Mapping):
            return cls()
        names = stored.get(CONF_DISABLED_WARNINGS)
        disabled = names if isinstance(names, list | tuple) else ()
        return cls(
            has_estimates=stored.get(CONF_ESTIMATES) is not False,
            disabled=frozenset(rule for rule in WarningRule if rule in disabled),
        )

    def stored_in(self, options: Mapping[str, object]) -> dict[str, object]:
        """Return options with these choices, and everything else as it was."""
        chosen = {
            CONF_ESTIMATES: self.has_estimates,
            CONF_DISABLED_WARNINGS: [
                rule.value for rule in WarningRule if rule in self.disabled
            ],
        }
        return {**options, CONF_DATA_QUALITY: chosen}
