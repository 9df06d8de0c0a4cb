"""The identity of an account, and the sensors that the user enters."""

import pytest

from .conftest import HOUSE_TEXT, Bench, both_editions


@both_editions
@pytest.mark.parametrize(
    ("texts", "error"),
    [
        (["x"], "invalid_sensor"),
        (["263429"], "unknown_sensor"),
        (["263429."], "invalid_sensor"),
        ([".582029"], "invalid_sensor"),
        (["263429.582029.32"], "invalid_sensor"),
        (["263429.58²"], "unknown_sensor"),
        (["-1.5"], "invalid_sensor"),
        (["1" * 30 + ".1"], "invalid_sensor"),
        ([HOUSE_TEXT, "x"], "invalid_sensor"),
        (["263429.1"], "unknown_sensor"),
        ([HOUSE_TEXT, "1.582029"], "unknown_sensor"),
        ([f" {HOUSE_TEXT} "], None),
        ([], None),
    ],
)
async def test_sensors_that_the_user_enters_are_checked(
    bench: Bench, texts: list[str], error: str | None
) -> None:
    """They have to be well-formed, and exist on the server."""
    bench.options["sensors"] = texts
    expected = {"sensors": error} if error else {}
    assert await bench.backend().check_setup() == expected


@both_editions
async def test_identity_is_the_account(bench: Bench) -> None:
    """It does not depend on the case of the login, and does not reveal it."""
    first = await bench.backend().connect()
    bench.simulator.login = bench.simulator.login.upper()
    second = await bench.backend().connect()
    assert first.unique_id == second.unique_id
    assert first.unique_id is not None
    assert "anna" not in f"{first}{second}"
