"""Find a Beaver IoT at an address, and log in to it.

Source: ../shared/wire/milesight.md §1 to §3.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import ClientSession

from ..common.auth import TokenAuth
from ..common.http import Answer, HttpClient, Request
from ..common.parse import as_object, as_objects, as_text
from ..errors import (
    ONE_ENDPOINT_ERRORS,
    AuthenticationError,
    BackendError,
    NotFoundError,
    RejectedError,
    UnreachableError,
    UnsupportedError,
)
from .auth import Credentials, Login, classify_login
from .client import MilesightClient, unwrap

PREFIXES = ("/api/v1", "")
"""What nginx puts in front of all paths; the server itself, on port 9200, nothing."""

MAX_PARALLEL = 5
RENEW_BEFORE = timedelta(minutes=30)
"""Tokens live for a day, and the web page renews them every hour."""

_NO_ENDPOINT = ("No static resource", "is not supported")
_REFUSALS = frozenset(
    {
        "eventbus_execution_error",
        "multiple_error",
        "parameter_syntax_error",
        "parameter_validation_failed",
    }
)


class Server:
    """A Beaver IoT that answers: where its API is, and what proves who we are."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        prefix: str,
        credentials: Credentials,
        clock: Callable[[], datetime],
    ) -> None:
        """Prepare; nothing is sent yet."""
        base = f"{url}{prefix}"
        login = Login(
            HttpClient(
                session,
                base,
                headers={"TENANT-ID": credentials.tenant},
                classify=classify_login,
            ),
            credentials,
            clock,
        )
        self.session = session
        self.url = url
        self.has_proxy = bool(prefix)
        self.auth = TokenAuth(
            login.log_in, login.refresh, renew_before=RENEW_BEFORE, clock=clock
        )
        self.client = MilesightClient(
            reading=HttpClient(
                session,
                base,
                auth=self.auth,
                max_parallel=MAX_PARALLEL,
                classify=classify,
            ),
            past=HttpClient(session, base, auth=self.auth, classify=classify),
            writing=HttpClient(session, base, auth=self.auth, classify=classify_write),
        )


async def find_prefix(session: ClientSession, url: str) -> str:
    """Return the prefix behind which the server at `url` answers.

    Raises UnsupportedError("not_initialised") where nobody has registered as the first
    user yet; ProtocolError and the like where no Beaver IoT answers; UnreachableError
    where nothing does.
    """
    failures: list[BackendError] = []
    for prefix in PREFIXES:
        request = Request(path=f"{prefix}/user/status")
        http = HttpClient(session, url, classify=classify)
        try:
            data = as_object(unwrap(request, (await http.request(request)).body))
        except (*ONE_ENDPOINT_ERRORS, AuthenticationError) as err:
            failures.append(err)
            continue
        if data.get("init") is False:
            raise UnsupportedError(
                f"{request}: nobody has registered", reason="not_initialised"
            )
        return prefix
    # A server that fails says more than one that does not know a path.
    raise min(failures, key=lambda err: not isinstance(err, UnreachableError))


def classify(answer: Answer) -> BackendError | None:
    """Tell an endpoint that this release does not have from a server that fails.

    Both are HTTP 500 with the code server_error.
    """
    body = as_object(answer.body)
    if answer.status != 500 or body.get("error_code") != "server_error":
        return None
    message = as_text(body.get("error_message")) or ""
    if any(mark in message for mark in _NO_ENDPOINT):
        return NotFoundError("this release of the server has no such endpoint")
    return None


def classify_write(answer: Answer) -> BackendError | None:
    """Return what the server has against a value, in its own words."""
    body = as_object(answer.body)
    if answer.status not in (400, 500) or body.get("error_code") not in _REFUSALS:
        return classify(answer)
    details = [
        text
        for error in as_objects(body.get("data"))
        if (text := as_text(error.get("error_message"))) is not None
    ]
    message = as_text(body.get("error_message")) or str(body["error_code"])
    return RejectedError("; ".join(details) or message)
