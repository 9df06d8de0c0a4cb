"""JSON values are parsed correctly or are `None`, and never raise."""

from decimal import Decimal
from math import isfinite
from time import process_time

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.backends.common.http import Json
from custom_components.metering_hub.backends.common.parse import (
    as_decimal,
    as_integer,
    as_number,
    as_object,
    as_objects,
    as_text,
    as_whole_text,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
NEARLY_NUMBERS = st.from_regex(
    r"[-+]?[0-9.,_]{0,9}(e[-+]?[0-9]{0,12})?", fullmatch=True
)
ANY_JSON: st.SearchStrategy[Json] = st.recursive(
    SCALARS | NEARLY_NUMBERS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NO_TEXT: list[Json] = [None, True, 0, 1.5, [], {}, ["a"], {"a": "b"}]


@pytest.mark.parametrize("value", [{}, {"a": 1}, {"a": {"b": None}}])
def test_object(value: Json) -> None:
    assert as_object(value) == value


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "", "{}", [], [{"a": 1}]])
def test_no_object(value: Json) -> None:
    assert as_object(value) == {}


@pytest.mark.parametrize(
    ("value", "objects"),
    [
        ([], []),
        ([{"a": 1}, {}], [{"a": 1}, {}]),
        ([1, {"a": 1}, None, "x", [{}]], [{"a": 1}]),
        ({"a": 1}, []),
        ("[{}]", []),
        (None, []),
    ],
)
def test_objects(value: Json, objects: list[Json]) -> None:
    assert as_objects(value) == objects


@pytest.mark.parametrize("value", ["a", " a ", "0", "é"])
def test_text(value: str) -> None:
    assert as_text(value) == value


@pytest.mark.parametrize("value", ["", " ", "\r\n\t", *NO_TEXT])
def test_no_text(value: Json) -> None:
    assert as_text(value) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, "0"),
        (5, "5"),
        (-5, "-5"),
        (2**64 - 1, "18446744073709551615"),
        (0.1, "0.1"),
        (1e99, "1E+99"),
        ("0.07", "0.07"),
        ("11662.140", "11662.140"),
        (" 5 ", "5"),
        ("-3.5", "-3.5"),
        ("+3", "3"),
        ("1e3", "1E+3"),
        (".5", "0.5"),
        ("0,07", "0.07"),
        ("-0,07", "-0.07"),
        (",5", "0.5"),
        ("1.234,56", "1234.56"),
        ("1.234.567,8", "1234567.8"),
    ],
)
def test_decimal(value: Json, number: str) -> None:
    assert as_decimal(value) == Decimal(number)


@pytest.mark.parametrize("text", ["0.070", "11662.140", "0,070"])
def test_decimal_keeps_its_digits(text: str) -> None:
    assert str(as_decimal(text)) == text.replace(",", ".")


@pytest.mark.parametrize(
    "value",
    [
        *(value for value in NO_TEXT if not isinstance(value, int | float)),
        True,
        False,
        "",
        " ",
        ".",
        ",",
        "abc",
        "5 kWh",
        "1 234",
        "--5",
        "1.2.3",
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "1e400",
        "-1e400",
        "1e999999999",
        "1e99999999999999999999",
    ],
)
def test_no_decimal(value: Json) -> None:
    assert as_decimal(value) is None


@pytest.mark.parametrize("text", ["1,234.56", "1,234,567", "1,234,567.8", "1,2,3"])
def test_comma_between_thousands_is_not_a_decimal_comma(text: str) -> None:
    assert as_decimal(text) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), (5, 5), ("5", 5), (5.0, 5), ("5.0", 5), ("5,0", 5), ("-1e3", -1000)],
)
def test_integer(value: Json, number: int) -> None:
    got = as_integer(value)
    assert (got, type(got)) == (number, int)


@pytest.mark.parametrize("value", [5.5, "5.5", "0,1", "1e-9", True, None, "", "x", []])
def test_no_integer(value: Json) -> None:
    assert as_integer(value) is None


@pytest.mark.parametrize("text", ["1e999999999", "-1e999999999", "1e-999999999"])
def test_huge_exponents_take_no_time(text: str) -> None:
    before = process_time()
    assert as_integer(text) is None
    assert process_time() - before < 1


@settings(deadline=None)
@given(ANY_JSON)
def test_containers_accept_any_value(value: Json) -> None:
    assert isinstance(as_object(value), dict)
    assert all(isinstance(item, dict) for item in as_objects(value))
    assert isinstance(as_text(value), str | None)


@settings(deadline=None)
@given(ANY_JSON | NEARLY_NUMBERS)
def test_numbers_accept_any_value(value: Json) -> None:
    number = as_decimal(value)
    assert number is None or isfinite(float(number))
    assert as_integer(value) in (None, number)


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), (-0.5, -0.5), ("1.5", 1.5), (" 2 ", 2.0), ("1.234,5", 1234.5)],
)
def test_number(value: Json, number: float) -> None:
    assert as_number(value) == number


@pytest.mark.parametrize(
    "value", [None, True, [], {}, "", "x", "nan", float("inf"), "1e999", 10**400]
)
def test_no_number(value: Json) -> None:
    assert as_number(value) is None


@settings(deadline=None)
@given(st.floats(-1e100, 1e100))
def test_floats_do_not_change(value: float) -> None:
    number = as_decimal(value)
    assert number is not None
    assert float(number) == value


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_localized_text_has_the_same_value(number: Decimal) -> None:
    english = f"{number:,.3f}"
    dutch = english.translate(str.maketrans(",.", ".,"))
    assert as_decimal(dutch) == number


@pytest.mark.parametrize(
    "text",
    ["1_000", "\u0663", "1\u0660", "\uff11", "9" * 5000, "0." + "1" * 5000, "1e400"],
)
def test_other_digits_and_endless_ones_are_no_numbers(text: str) -> None:
    assert as_number(text) is None
    assert as_decimal(text) is None
    assert as_integer(text) is None


@pytest.mark.parametrize("value", [10**300, 1e101, -1e308, "1e200", float("inf")])
def test_numbers_that_no_meter_shows(value: Json) -> None:
    """Sums and products of what is left are finite."""
    assert as_number(value) is None
    assert as_decimal(value) is None


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**64, "1e30", 1e20])
def test_integers_that_no_file_can_hold(value: Json) -> None:
    assert as_integer(value) is None


def test_long_names_are_cut() -> None:
    cut = as_text("x" * 1_000_000)
    assert cut == "x" * 254 + "\N{HORIZONTAL ELLIPSIS}"
    assert as_text("x" * 255) == "x" * 255


def test_names_have_one_line() -> None:
    assert as_text("Heat\r\npump\u2028\u00b2") == "Heat pump \u00b2"


def test_whole_texts_are_unchanged_or_none() -> None:
    assert as_whole_text("/ISK5\r\n1-0:1.8.1\r\n") == "/ISK5\r\n1-0:1.8.1\r\n"
    assert as_whole_text("x" * 100_000) is None
    assert as_whole_text(" ") is None
    assert as_whole_text(1) is None
