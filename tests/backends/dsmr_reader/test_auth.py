"""Refused keys, as a real DSMR-reader refuses them."""

import json

import pytest

from custom_components.metering_hub.backends.common.messages import Answer
from custom_components.metering_hub.backends.dsmr_reader.auth import (
    classify_login,
    make_auth,
)
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    PermissionDeniedError,
    UnsupportedError,
)
from tests.captures import FIXTURES, parse


def captured(name: str) -> Answer:
    """Return a recorded answer as the client sees it."""
    capture = parse(name, (FIXTURES / "dsmr_reader" / f"{name}.http").read_bytes())
    return Answer(capture.status, {}, json.loads(capture.body), is_json=True)


async def test_key_is_sent_in_its_header() -> None:
    assert await make_auth("key").headers() == {"X-AUTHKEY": "key"}


@pytest.mark.parametrize("name", ["err_wrong_key", "err_missing_key", "err_empty_key"])
def test_wrong_key(name: str) -> None:
    assert isinstance(classify_login(captured(name)), AuthenticationError)


@pytest.mark.parametrize("name", ["err_api_disabled_v2", "err_api_disabled_wrong_key"])
def test_api_that_is_switched_off(name: str) -> None:
    error = classify_login(captured(name))
    assert isinstance(error, UnsupportedError)
    assert error.reason == "api_disabled"


def test_other_refusals() -> None:
    answer = Answer(403, {}, {"detail": "something else"}, is_json=True)
    assert type(classify_login(answer)) is PermissionDeniedError


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, {}, None, is_json=False),
        Answer(400, {}, {"detail": "Invalid auth key"}, is_json=True),
    ],
)
def test_answers_that_say_nothing_about_the_key(answer: Answer) -> None:
    assert classify_login(answer) is None
