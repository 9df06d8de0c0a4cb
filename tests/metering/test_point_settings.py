"""The settings that users make per point."""

import pytest

from custom_components.metering_hub.metering.point_settings import (
    PointSettings,
    trusted_keys,
    with_trusted,
)

OPTIONS = {
    "devices": ["meter"],
    "points": {
        "gas": {"trusted": True, "factor": 0.01},
        "gone": {"trusted": True},
        "water": {"factor": 10},
    },
}


def test_settings_of_a_point() -> None:
    """A point without settings is not trusted."""
    assert PointSettings.of(OPTIONS, "gas").is_trusted
    assert not PointSettings.of(OPTIONS, "water").is_trusted
    assert not PointSettings.of(OPTIONS, "heat").is_trusted
    assert trusted_keys(OPTIONS) == {"gas", "gone"}


@pytest.mark.parametrize(
    "points", [None, [], {"gas": None}, {"gas": {"trusted": "yes"}}]
)
def test_settings_of_another_shape(points: object) -> None:
    """What a later version may have stored is not taken for trust."""
    assert not PointSettings.of({"points": points}, "gas").is_trusted
    assert trusted_keys({"points": points}) == frozenset()


def test_other_settings_stay() -> None:
    """Other settings of a point, and those of points that are gone, stay."""
    changed = with_trusted(OPTIONS, ["gas", "water", "heat"], ["heat"])
    assert changed == {
        "devices": ["meter"],
        "points": {
            "gas": {"factor": 0.01},
            "gone": {"trusted": True},
            "water": {"factor": 10},
            "heat": {"trusted": True},
        },
    }
    assert OPTIONS["points"] == {
        "gas": {"trusted": True, "factor": 0.01},
        "gone": {"trusted": True},
        "water": {"factor": 10},
    }


def test_nothing_is_stored_for_nothing() -> None:
    """Options without a setting of a point are as before the first one."""
    trusting = with_trusted({"devices": []}, ["gas", "water"], ["gas"])
    assert trusting == {"devices": [], "points": {"gas": {"trusted": True}}}
    assert with_trusted(trusting, ["gas", "water"], []) == {"devices": []}
