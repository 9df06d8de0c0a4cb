"""Find the API of a Beaver IoT, and set up everything that talks to it.

Source: docs/wire/milesight.md, Addresses and Errors.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from aiohttp import ClientSession
from yarl import URL

from ..common.auth import Authenticator, TokenAuth
from ..common.http import HttpClient
from ..common.messages import Answer, Request
from ..common.parse import as_object, as_objects, as_text
from ..errors import (
    ONE_ENDPOINT_ERRORS,
    AuthenticationError,
    BackendError,
    Reason,
    RejectedError,
    UnreachableError,
    UnsupportedError,
)
from .auth import Credentials, Login, classify_login
from .client import MilesightClient, MissingEndpointError, unwrap
from .latest_requests import MAX_PARALLEL

API_PREFIXES = ("/api/v1", "")
"""The path of the API behind nginx, and on the server's own port 9200."""

MAX_PATH_PARTS = 4
"""How many parts of an address's path may belong to the root of the server."""

RENEW_BEFORE = timedelta(minutes=30)
"""Tokens are valid for a day."""

_MISSING_ENDPOINT = ("No static resource", "is not supported")
_REFUSALS = frozenset(
    {
        "eventbus_execution_error",
        "multiple_error",
        "parameter_syntax_error",
        "parameter_validation_failed",
    }
)


@dataclass(frozen=True, slots=True)
class Server:
    """A Beaver IoT that answered, and the objects that talk to it.

    `url` is the root of the server, below which the web page has its paths. `has_proxy`
    is True if the API is behind nginx, which also serves the WebSocket.
    """

    session: ClientSession
    url: str
    has_proxy: bool
    login: Login
    auth: Authenticator
    client: MilesightClient


async def find_server(
    session: ClientSession,
    url: str,
    credentials: Credentials,
    clock: Callable[[], datetime],
) -> Server:
    """Return the server at an address; the login follows with the first request.

    Raises the errors of `find_api`.
    """
    url, prefix = await find_api(session, url)
    base_url = f"{url}{prefix}"
    login = Login(
        HttpClient(
            session,
            base_url,
            headers={"TENANT-ID": credentials.tenant},
            classify=classify_login,
        ),
        credentials,
        clock,
    )
    auth = TokenAuth(login.log_in, renew_before=RENEW_BEFORE, clock=clock)
    client = MilesightClient(
        reading=HttpClient(
            session,
            base_url,
            auth=auth,
            max_parallel=MAX_PARALLEL,
            classify=classify_error,
        ),
        history=HttpClient(session, base_url, auth=auth, classify=classify_error),
        writing=HttpClient(session, base_url, auth=auth, classify=classify_write_error),
    )
    return Server(session, url, bool(prefix), login, auth, client)


async def find_api(session: ClientSession, url: str) -> tuple[str, str]:
    """Return the root of the server at an address, and the path of the API below it.

    The address may be that of any page of the web client. As a proxy may serve all of
    it below a path, the longest path with an API is the root.

    Raises UnsupportedError (NOT_INITIALISED) if no user has registered yet,
    ProtocolError and the like if something else answers, and UnreachableError if
    nothing does.
    """
    failures: list[BackendError] = []
    for root, prefix in product(_possible_roots(url), API_PREFIXES):
        request = Request(path=f"{prefix}/user/status")
        http = HttpClient(session, root, classify=classify_error)
        try:
            data = as_object(unwrap(request, (await http.request(request)).body))
        except (*ONE_ENDPOINT_ERRORS, AuthenticationError) as err:
            failures.append(err)
            continue
        if data.get("init") is False:
            raise UnsupportedError(
                f"{request}: no user has registered yet", reason=Reason.NOT_INITIALISED
            )
        return root, prefix
    # A failing server explains more than a path that does not exist.
    raise min(failures, key=lambda err: not isinstance(err, UnreachableError))


def _possible_roots(url: str) -> Iterator[str]:
    """Yield an address without its last parts, the longest one first."""
    parts = [part for part in URL(url).raw_path.split("/") if part]
    origin = url.removesuffix("".join(f"/{part}" for part in parts))
    for length in range(min(len(parts), MAX_PATH_PARTS), -1, -1):
        yield "/".join([origin, *parts[:length]])


def classify_error(answer: Answer) -> BackendError | None:
    """Return MissingEndpointError for what the server's release does not have.

    Otherwise this would look like a failing server: both are HTTP 500 server_error.
    """
    body = as_object(answer.body)
    if answer.status != 500 or body.get("error_code") != "server_error":
        return None
    message = as_text(body.get("error_message")) or ""
    if any(part in message for part in _MISSING_ENDPOINT):
        return MissingEndpointError(
            "this release of the server does not have the endpoint"
        )
    return None


def classify_write_error(answer: Answer) -> BackendError | None:
    """Return RejectedError, in the server's own words, for a value that it refuses."""
    body = as_object(answer.body)
    if answer.status not in (400, 500) or body.get("error_code") not in _REFUSALS:
        return classify_error(answer)
    details = [
        text
        for error in as_objects(body.get("data"))
        if (text := as_text(error.get("error_message"))) is not None
    ]
    message = "; ".join(details) or as_text(body.get("error_message")) or ""
    # The server says nothing about keys that it does not know, or cannot set.
    return RejectedError(message, reason=None if message else Reason.NOTHING_ACCEPTED)
