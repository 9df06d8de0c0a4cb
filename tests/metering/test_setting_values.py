"""The values that a user gives to the fields of a group."""

from math import inf, nan

import pytest

from custom_components.metering_hub.metering.inventory import SettingField, SettingGroup
from custom_components.metering_hub.metering.model import (
    Kind,
    Limits,
    TextLimits,
    Value,
)
from custom_components.metering_hub.metering.setting_values import (
    SettingProblem,
    find_field,
    missing_fields,
    read_setting,
)

FLAG = SettingField(key="flag", name="Child lock", kind=Kind.FLAG)
NUMBER = SettingField(key="number", name="Target", kind=Kind.INSTANT)
LIMITED = SettingField(
    key="limited",
    name="Limited",
    kind=Kind.INSTANT,
    limits=Limits(lowest=5, highest=30, step=0.5),
)
OPTION = SettingField(
    key="option",
    name="Mode",
    kind=Kind.STATE,
    options=("heat", "1"),
    is_required=False,
)
TEXT = SettingField(key="text", name="Label", kind=Kind.STATE)
SHORT = SettingField(
    key="short",
    name="Code",
    kind=Kind.STATE,
    text=TextLimits(shortest=2, longest=4),
)
GROUP = SettingGroup(
    key="group",
    device_key="thermostat",
    name="Settings",
    fields=(FLAG, NUMBER, OPTION),
)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("flag", FLAG),
        ("number", NUMBER),
        ("Target", NUMBER),
        ("child LOCK", FLAG),
        # Only names may be in any case of letters.
        ("NUMBER", None),
        ("other", None),
    ],
)
def test_a_field_is_found_by_its_key_or_name(
    name: str, field: SettingField | None
) -> None:
    assert find_field(GROUP, name) is field


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ([], (FLAG, NUMBER)),
        (["number", "option"], (FLAG,)),
        (["flag", "number"], ()),
    ],
)
def test_required_fields_must_be_given(
    given: list[str], missing: tuple[SettingField, ...]
) -> None:
    assert missing_fields(GROUP, given) == missing


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        *[(FLAG, given, True) for given in (True, "on", " On ", "true")],
        *[(FLAG, given, False) for given in (False, "off", "FALSE")],
        *[(FLAG, given, SettingProblem.NO_FLAG) for given in ("yes", "", 1, None)],
        *[(NUMBER, given, 21.5) for given in (21.5, "21.5")],
        (NUMBER, 7, 7.0),
        *[
            (NUMBER, given, SettingProblem.NO_NUMBER)
            for given in (True, None, "warm", inf, nan, "nan", 10**400)
        ],
        *[(LIMITED, given, float(given)) for given in (5, 5.1, 30)],
        *[(LIMITED, given, SettingProblem.OUT_OF_RANGE) for given in (4.9, 30.1)],
        (OPTION, "heat", "heat"),
        # YAML reads the name of an option as a number.
        (OPTION, 1, "1"),
        *[(OPTION, given, SettingProblem.NO_OPTION) for given in ("cool", None)],
        (TEXT, "", ""),
        (TEXT, "any text", "any text"),
        (TEXT, 5, SettingProblem.NO_TEXT),
        *[(SHORT, given, given) for given in ("ab", "abc", "abcd")],
        *[(SHORT, given, SettingProblem.WRONG_LENGTH) for given in ("a", "abcde")],
    ],
)
def test_a_value_is_read_as_its_field_needs_it(
    field: SettingField, given: object, expected: Value | SettingProblem
) -> None:
    found = read_setting(field, given)
    assert found == expected
    assert type(found) is type(expected)
