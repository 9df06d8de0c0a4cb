"""Logging in, and the life of tokens."""

import asyncio
from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitedError,
)
from simulators.faults import Answer, Fault, busy, html_error, set_fields

from .conftest import Bench, both_editions

LOGIN = "/api/users/token"


@both_editions
async def test_login_is_json_without_a_key(bench: Bench) -> None:
    """X-Auth is not sent without a workspace key."""
    await bench.client().log_in()
    (request,) = bench.simulator.faults.requests
    assert (request.method, request.path) == ("POST", LOGIN)
    assert request.headers["Content-Type"] == "application/json"
    assert "X-Auth" not in request.headers
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("style", ["problem", "text", "detail"])
@pytest.mark.parametrize("status", [401, 404, 422])
async def test_a_wrong_password_is_refused_in_every_form(
    bench: Bench, style: str, status: int
) -> None:
    """The status is 401, or 404 or 422 in newer editions; the body does not matter."""
    if (style, status) == ("problem", 422):
        pytest.skip("the edition with this form answers 400")
    bench.simulator.errors = style  # type: ignore[assignment]  # One of its words.
    bench.simulator.bad_login_status = status  # type: ignore[assignment]
    client = bench.client()
    bench.simulator.password = "another"
    with pytest.raises(AuthenticationError) as error:
        await client.workspaces()
    assert bench.asked("") == 1
    for secret in (bench.simulator.login, "simulated-password"):
        assert secret not in f"{error.value!r}{error.value.__cause__!r}"


async def test_a_web_page_is_not_a_refusal(bench: Bench) -> None:
    """A 404 from something else does not mean that the password is wrong."""
    bench.simulator.faults.add(Fault(html_error(404)))
    with pytest.raises(NotFoundError):
        await bench.client().log_in()


@pytest.mark.parametrize("body", ["[]", "{}", "null", '"token"', '{"token": 5}'])
async def test_an_answer_without_a_token(bench: Bench, body: str) -> None:
    """An answer without a token is a ProtocolError."""
    bench.simulator.faults.add(Fault(Answer(200, body, "application/json")))
    with pytest.raises(ProtocolError):
        await bench.client().log_in()


@pytest.mark.parametrize("unit", ["ms", "s"])
@both_editions
async def test_a_token_is_renewed_five_minutes_early(bench: Bench, unit: str) -> None:
    """Expirations in seconds and milliseconds both work."""
    bench.simulator.expiration_unit = unit  # type: ignore[assignment]  # Either.
    client = bench.client()
    for minutes, logins in ((0, 1), (114, 1), (2, 2), (114, 2), (2, 3)):
        bench.clock.pass_(minutes=minutes)
        await client.signal_types()
        assert bench.simulator.tokens.logins == logins


@pytest.mark.parametrize(
    "expiration",
    [None, 5, 0, -1, 1586861098825, "soon", [], True, 1e300, "1e400", 9e15],
)
async def test_an_implausible_expiration_is_two_hours(
    bench: Bench, expiration: object
) -> None:
    """If it is missing, past or unreadable, the documented life is used."""
    mutated = set_fields(expiration=expiration)  # type: ignore[arg-type]  # JSON.
    bench.simulator.faults.add(Fault(mutated, path=LOGIN))
    client = bench.client()
    for minutes, logins in ((0, 1), (114, 1), (2, 2)):
        bench.clock.pass_(minutes=minutes)
        await client.signal_types()
        assert bench.simulator.tokens.logins == logins


@pytest.mark.parametrize("kind", [int, float, str])
async def test_an_expiration_may_be_of_any_type(
    bench: Bench, kind: type[int | float | str]
) -> None:
    """It can be an integer, a number or text."""
    end = bench.clock() + timedelta(minutes=30)
    mutated = set_fields(expiration=kind(int(end.timestamp())))
    bench.simulator.faults.add(Fault(mutated, path=LOGIN))
    client = bench.client()
    for minutes, logins in ((0, 1), (24, 1), (2, 2)):
        bench.clock.pass_(minutes=minutes)
        await client.signal_types()
        assert bench.simulator.tokens.logins == logins


async def test_a_refused_token_is_renewed_once_by_one_of_many(bench: Bench) -> None:
    """If many requests have an expired token, one logs in and the others wait."""
    client = bench.client()
    await client.log_in()
    bench.simulator.tokens.expire()
    await asyncio.gather(*(client.signal_types() for _ in range(8)))
    assert bench.simulator.tokens.logins == 2


async def test_an_endpoint_that_refuses_a_fresh_token(bench: Bench) -> None:
    """After one new login, the error is about rights, not about the password."""
    bench.simulator.faults.add(Fault(html_error(401), path="/api/workspaces"))
    with pytest.raises(PermissionDeniedError):
        await bench.client().workspaces()
    assert bench.simulator.tokens.logins == 2


async def test_a_changed_password_is_refused_later(bench: Bench) -> None:
    """A refused token followed by a refused login means wrong credentials."""
    client = bench.client()
    await client.log_in()
    bench.simulator.tokens.expire()
    bench.simulator.password = "another"
    with pytest.raises(AuthenticationError):
        await client.signal_types()


async def test_a_rate_limited_login(bench: Bench) -> None:
    """The wait that the server asks for is in the error."""
    bench.simulator.faults.add(Fault(busy(429, 90), path=LOGIN))
    with pytest.raises(RateLimitedError) as error:
        await bench.client().log_in()
    assert error.value.retry_after == 90


async def test_a_key_with_unusable_characters(bench: Bench) -> None:
    """A badly pasted key is refused without a request."""
    with pytest.raises(AuthenticationError):
        await bench.client("klucz\nżółty").log_in()
    assert bench.asked("") == 0


async def test_a_missing_workspace_key_is_said_so(bench: Bench) -> None:
    """The complaint of a 422 names the header, so the person is asked for the key."""
    bench.simulator.key_required = True
    bench.simulator.key_missing_status = 422
    with pytest.raises(AuthenticationError) as error:
        await bench.client().log_in()
    assert error.value.reason == "workspace_key"


async def test_a_login_in_a_form_that_is_refused(bench: Bench) -> None:
    """A 422 without a word about the key is about the login or the password."""
    bench.simulator.bad_login_status = 422
    bench.simulator.login = "another"
    client = bench.client()
    bench.simulator.login = "anna@example.org"
    with pytest.raises(AuthenticationError) as error:
        await client.log_in()
    assert error.value.reason == "invalid_auth"


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_server_that_takes_no_json_gets_text(bench: Bench) -> None:
    """The form of the first description; JSON is not tried again at each login."""
    bench.simulator.text_login = True
    client = bench.client()
    await client.log_in()
    types = [r.headers["Content-Type"] for r in bench.simulator.faults.requests]
    assert types == ["application/json", "text/plain; charset=utf-8"]
    bench.simulator.faults.clear_requests()
    bench.clock.pass_(hours=3)
    assert await client.workspaces()
    assert bench.count(LOGIN) == 1
    bench.simulator.password = "another"
    bench.clock.pass_(hours=3)
    with pytest.raises(AuthenticationError):
        await client.workspaces()


async def test_a_line_break_does_not_leave_its_field(bench: Bench) -> None:
    """Text has a line for each field, so such a password cannot be sent."""
    bench.simulator.text_login = True
    bench.simulator.password = "a\nlogin: b"
    with pytest.raises(AuthenticationError):
        await bench.client().log_in()
    assert bench.count(LOGIN) == 1


async def test_a_server_that_refuses_every_token_gets_one_login(bench: Bench) -> None:
    """A new token that is refused, too, is not replaced within a minute."""
    client = bench.client()
    bench.simulator.faults.add(Fault(html_error(401), path="/api/sensors"))
    for _ in range(5):
        with pytest.raises(PermissionDeniedError):
            await client.signal_types()
    assert bench.simulator.tokens.logins == 2
    bench.clock.pass_(minutes=2)
    with pytest.raises(PermissionDeniedError):
        await client.signal_types()
    assert bench.simulator.tokens.logins == 3
