"""The settings that users make per point."""

import pytest

from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.metering.point_settings import (
    PointSettings,
    settings_by_key,
    trusted_keys,
    with_kind,
    with_present_keys,
    with_settings,
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


POINT = Point(
    key="series_1_register",
    device_key="site",
    quantity=Quantity.ENERGY,
    kind=Kind.REGISTER,
    former_keys=("series_1", "series_1_amount"),
)


@pytest.mark.parametrize(
    "settings",
    [
        PointSettings(),
        PointSettings(is_trusted=True, kind=Kind.INTERVAL, unit="kWh"),
        PointSettings(quantity=Quantity.GAS, role=Role.GAS),
        PointSettings(is_roleless=True),
        PointSettings(factor=0.01, has_sensor=True),
    ],
)
def test_settings_are_read_as_they_were_stored(settings: PointSettings) -> None:
    """No role is another setting than the role that the backend says."""
    options = with_settings({"devices": []}, POINT, settings)
    assert PointSettings.of_point(options, POINT) == settings
    assert ("points" in options) is (settings != PointSettings())


def test_settings_of_a_later_version_are_not_taken_for_a_choice() -> None:
    stored = {"kind": "forecast", "quantity": 1, "role": ["solar"], "unit": ""}
    assert PointSettings.of({"points": {"a": stored}}, "a") == PointSettings()


@pytest.mark.parametrize("factor", [0, -1, True, "2", None])
def test_a_factor_is_a_number_above_zero(factor: object) -> None:
    options = {"points": {"a": {"factor": factor}}}
    assert PointSettings.of(options, "a").factor is None


def test_all_settings_by_key() -> None:
    """Those of points that are gone are among them."""
    assert settings_by_key(OPTIONS) == {
        "gas": PointSettings(is_trusted=True, factor=0.01),
        "gone": PointSettings(is_trusted=True),
        "water": PointSettings(factor=10),
    }


def test_a_kind_is_said_beside_the_other_settings() -> None:
    options = {"devices": [], "points": {"series_1": {"unit": "Wh", "later": 5}}}
    assert with_kind(options, POINT, Kind.INTERVAL) == {
        "devices": [],
        "points": {POINT.key: {"unit": "Wh", "later": 5, "kind": "interval"}},
    }


def test_settings_are_found_under_a_former_key() -> None:
    """The present key goes before the former ones."""
    options: dict[str, object] = {"points": {"series_1": {"kind": "register"}}}
    assert PointSettings.of_point(options, POINT).kind is Kind.REGISTER
    options = {"points": {"series_1": {"kind": "interval"}, POINT.key: {"unit": "Wh"}}}
    assert PointSettings.of_point(options, POINT) == PointSettings(unit="Wh")


def test_settings_move_to_the_present_key() -> None:
    """Trust moves with all others, and what a later version stored stays."""
    former = {"kind": "register", "trusted": True, "later": 0.1}
    options = {"points": {"series_1": former, "gas": {"trusted": True}}}
    moved = with_present_keys(options, [POINT])
    assert moved == {"points": {POINT.key: former, "gas": {"trusted": True}}}
    assert trusted_keys(moved) == {POINT.key, "gas"}
    changed = with_settings(options, POINT, PointSettings(is_roleless=True))
    assert changed["points"] == {
        POINT.key: {"later": 0.1, "role": "none"},
        "gas": {"trusted": True},
    }
    assert options["points"] == {"series_1": former, "gas": {"trusted": True}}
