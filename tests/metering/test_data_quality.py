"""What users choose about the quality of data."""

import pytest

from custom_components.metering_hub.metering.data_quality import (
    DataQuality,
    WarningRule,
)
from custom_components.metering_hub.metering.point_settings import with_settings_of

CHOSEN = DataQuality(
    has_estimates=False, disabled=frozenset({WarningRule.STALE, WarningRule.SPIKE})
)


def test_choices_are_stored() -> None:
    """In the order of the rules, and beside all other options."""
    stored = CHOSEN.stored_in({"devices": ["meter"]})
    assert stored == {
        "devices": ["meter"],
        "data_quality": {"estimates": False, "disabled_warnings": ["spike", "stale"]},
    }
    assert DataQuality.of(stored) == CHOSEN


@pytest.mark.parametrize(
    "stored", [None, [], {}, {"estimates": None}, {"disabled_warnings": "spike"}]
)
def test_options_of_another_shape(stored: object) -> None:
    """Nothing is off that was not turned off."""
    assert DataQuality.of({"data_quality": stored}) == DataQuality()
    assert DataQuality.of({}) == DataQuality()


def test_unknown_rules_are_ignored() -> None:
    """A later version may have had more of them."""
    options = {"data_quality": {"disabled_warnings": ["tilt", "stale", 7]}}
    assert DataQuality.of(options).disabled == {WarningRule.STALE}


def test_another_selection_keeps_the_choices() -> None:
    """As it does with the settings of points."""
    options = CHOSEN.stored_in({"devices": ["meter"], "points": {"gas": {}}})
    changed = with_settings_of(options, {"devices": []})
    assert changed == {**options, "devices": []}
