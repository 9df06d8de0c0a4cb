"""The one JSON-over-HTTP client that all backends use."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
import json
import json.scanner
import random
from typing import cast

import aiohttp
from aiohttp import ClientSession, ClientTimeout
import orjson
from yarl import URL

from ..errors import (
    AuthenticationError,
    BackendError,
    HttpsRequiredError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitedError,
    ServerFaultError,
    TlsError,
    UnreachableError,
)
from .auth import Authenticator, StaticAuth

__all__ = (
    "MAX_ANSWER_BYTES",
    "TOTAL_TIMEOUT",
    "Answer",
    "HttpClient",
    "Json",
    "QueryValue",
    "Request",
)

CONNECT_TIMEOUT = 5.0
MAX_ERROR_BYTES = 64 * 1024
MAX_REDIRECTS = 3
RETRY_DELAY = (0.2, 1.0)
"""Seconds; a random wait in this span keeps many clients from retrying in step."""
MAX_RETRY_AFTER = 3600.0
"""The longest wait in seconds that a server can ask for, lest a slip silence us."""

_READ_BYTES = 64 * 1024
_NO_NUMBERS = (b"Infinity", b"NaN")
_IDEMPOTENT = frozenset({"GET", "HEAD"})
_RETRY_STATUSES = frozenset({500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ERRORS: Mapping[int, type[BackendError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: NotFoundError,
    410: NotFoundError,
    429: RateLimitedError,
    500: ServerFaultError,
}


type Classifier = Callable[[Answer], BackendError | None]
"""A backend's own reading of an error answer; `None` leaves it to the general rules."""


class _RetryableError(Exception):
    """A failure that may be gone a moment later."""

    def __init__(self, failure: BackendError) -> None:
        super().__init__()
        self.failure = failure


class HttpClient:
    """Requests to one server, on the session that it is given.

    At most `max_parallel` requests run at a time, and each ends within its timeout.
    Raises nothing but BackendError: see `request`.
    """

    def __init__(
        self,
        session: ClientSession,
        base_url: str,
        *,
        auth: Authenticator | None = None,
        headers: Mapping[str, str] | None = None,
        max_parallel: int = 2,
        classify: Classifier | None = None,
    ) -> None:
        """Keep the session; `base_url` has no trailing slash."""
        self._session = session
        self._base_url = base_url
        self._auth: Authenticator = auth or StaticAuth({})
        self._headers = dict(headers or {})
        self._slots = asyncio.Semaphore(max_parallel)
        self._classify = classify

    async def get(
        self, path: str, params: Mapping[str, QueryValue] | None = None
    ) -> Json:
        """Return the JSON that a path answers a GET with; errors as in `request`."""
        return (await self.request(Request(path=path, params=params))).body

    async def request(self, request: Request) -> Answer:
        """Send a request and return its successful (2xx) answer, JSON unless it says.

        A connection that was lost and an answer of 500, 502, 503 or 504 are tried
        once more where that does no harm; refused credentials once more where the
        authenticator could renew them.

        Raises AuthenticationError (401), PermissionDeniedError (403), NotFoundError
        (404, 405, 410), RateLimitedError (429), ServerFaultError (500 twice),
        UnreachableError (no connection, timeout, other 5xx), ProtocolError (other
        statuses, other origins, no JSON, too large), or what the classifier says.
        """
        headers = await self._auth.headers()
        try:
            return await self._send_twice(request, headers)
        except AuthenticationError:
            if not await self._auth.rejected(headers):
                raise
        return await self._send_twice(request, await self._auth.headers())

    async def _send_twice(self, request: Request, headers: Mapping[str, str]) -> Answer:
        try:
            return await self._send(request, headers)
        except _RetryableError as first:
            harmless = request.idempotent or request.method in _IDEMPOTENT
            # A server that says when to come back is not asked again before.
            if not harmless or first.failure.retry_after is not None:
                raise first.failure from first.__cause__
        await asyncio.sleep(random.uniform(*RETRY_DELAY))
        try:
            return await self._send(request, headers)
        except _RetryableError as second:
            raise second.failure from second.__cause__

    async def _send(self, request: Request, headers: Mapping[str, str]) -> Answer:
        try:
            async with self._slots, asyncio.timeout(request.timeout):
                answer = await self._exchange(request, headers)
        except TimeoutError as err:
            raise UnreachableError(f"{request}: no answer in time") from err
        except aiohttp.ClientConnectorCertificateError as err:
            raise UnreachableError(f"{request}: certificate not trusted") from err
        except aiohttp.ClientConnectorSSLError as err:
            raise TlsError(f"{request}: no https") from err
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as err:
            # The type alone, because the text of aiohttp's errors names the address.
            lost = UnreachableError(f"{request}: {type(err).__name__}")
            raise _RetryableError(lost) from err
        except (aiohttp.ClientError, ValueError) as err:
            # A ValueError is a header or a host name that cannot be put on the wire.
            raise ProtocolError(f"{request}: {type(err).__name__}") from err
        return self._checked(request, answer)

    async def _exchange(self, request: Request, headers: Mapping[str, str]) -> Answer:
        url = URL(f"{self._base_url}{request.path}")
        if request.params:
            url = url.with_query(_query(request.params))
        headers = {**self._headers, **headers, "Accept": request.accept}
        if request.etag is not None:
            headers["If-None-Match"] = request.etag
        for _ in range(MAX_REDIRECTS + 1):
            async with self._session.request(
                request.method,
                url,
                json=request.json,
                data=request.form,
                headers=headers,
                allow_redirects=False,
                timeout=ClientTimeout(sock_connect=CONNECT_TIMEOUT),
            ) as response:
                if response.status not in _REDIRECTS:
                    return await _read(request, response)
                url = _redirect_target(request, response)
        raise ProtocolError(f"{request}: redirects without end")

    def _checked(self, request: Request, answer: Answer) -> Answer:
        if answer.status == 304 and request.etag is not None:
            return answer
        if 200 <= answer.status < 300:
            if not answer.is_json and answer.text is None:
                what = "JSON" if request.accept == JSON_TYPE else request.accept
                raise ProtocolError(f"{request}: the answer is not {what}")
            return answer
        if self._classify and (own := self._classify(answer)):
            raise own
        error = _error_for(request, answer)
        if answer.status in _RETRY_STATUSES:
            raise _RetryableError(error)
        raise error


def _query(params: Mapping[str, QueryValue]) -> dict[str, str | list[str]]:
    return {
        name: str(value) if isinstance(value, str | int) else [str(v) for v in value]
        for name, value in params.items()
    }


async def _read(request: Request, response: aiohttp.ClientResponse) -> Answer:
    """Read an answer of bounded size, and parse it if it says that it is JSON."""
    is_error = response.status >= 400
    limit = MAX_ERROR_BYTES if is_error else request.max_bytes
    body = bytearray()
    async for part in response.content.iter_chunked(_READ_BYTES):
        body += part
        if len(body) > limit:
            # Closing drops the rest, which would otherwise be read to reuse the line.
            response.close()
            if is_error:
                return Answer(response.status, response.headers, None, is_json=False)
            raise ProtocolError(f"{request}: the answer is larger than {limit} bytes")
    content_type = response.content_type.lower()
    if not is_error and content_type == request.accept != JSON_TYPE:
        text = body.decode(errors="replace")
        return Answer(response.status, response.headers, None, is_json=False, text=text)
    if content_type != JSON_TYPE or not body:
        return Answer(response.status, response.headers, None, is_json=False)
    try:
        parsed = await _parse_anywhere(bytes(body))
    except ValueError as err:
        if is_error:
            return Answer(response.status, response.headers, None, is_json=False)
        raise ProtocolError(f"{request}: broken JSON") from err
    return Answer(response.status, response.headers, parsed, is_json=True)


async def _parse_anywhere(body: bytes) -> Json:
    """Return the value of a JSON text, however long it is; raises ValueError."""
    if len(body) < LONG_BYTES:
        return _parse(body)
    return cast("Json", await asyncio.to_thread(parse_slowly, body))


def _parse(body: bytes) -> Json:
    """Return the value of a JSON text; raises ValueError.

    Some servers write a bare `Infinity` or `NaN`, which is no JSON. Python's own parser
    takes it, so that one bad number does not cost the whole answer.
    """
    parsed: Json
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        if not any(word in body for word in _NO_NUMBERS):
            raise
        try:
            parsed = json.loads(body)
        except RecursionError as err:
            raise ValueError("nested too deep") from err
    return parsed


def _redirect_target(request: Request, response: aiohttp.ClientResponse) -> URL:
    """Return where a redirect leads, if that is the same server and does no harm."""
    try:
        target = response.url.join(URL(response.headers["Location"]))
        same_server = target.origin() == response.url.origin()
    except (KeyError, ValueError) as err:
        raise ProtocolError(f"{request}: redirects to no address") from err
    became_https = (response.url.scheme, target.scheme) == ("http", "https")
    if became_https and target.host == response.url.host:
        raise HttpsRequiredError(f"{request}: redirects to https")
    # Credentials must never reach another server, and a POST must not become a GET.
    if not same_server or request.method not in _IDEMPOTENT:
        raise ProtocolError(f"{request}: redirects to another place")
    return target


def _error_for(request: Request, answer: Answer) -> BackendError:
    status = answer.status
    default = UnreachableError if status >= 500 else ProtocolError
    return _ERRORS.get(status, default)(
        f"{request}: HTTP {status}", retry_after=_retry_after(answer.headers)
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the wait in seconds that a `Retry-After` header asks for."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return min(float(text), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(0.0, seconds), MAX_RETRY_AFTER)


JSON_TYPE = "application/json"

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None
type QueryValue = str | int | Sequence[str | int]

TOTAL_TIMEOUT = 15.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `path` starts with a slash and is used exactly as it stands.

    `timeout` is in seconds for the whole exchange. `idempotent` says that sending it
    twice does no harm; GET and HEAD always are. `accept` asks for another format than
    JSON, whose text the answer then has. With the `etag` of an answer that is kept, the
    server may say that it still stands (304, without a body).
    """

    method: str = "GET"
    path: str
    params: Mapping[str, QueryValue] | None = field(default=None, repr=False)
    json: Json = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    timeout: float = TOTAL_TIMEOUT
    max_bytes: int = MAX_ANSWER_BYTES
    idempotent: bool = False
    accept: str = JSON_TYPE
    etag: str | None = None

    def __str__(self) -> str:
        """Name the endpoint, without the query, which may say too much for a log."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer; `body` is its JSON, or `None` where it is none.

    `text` is the body where another format was asked for and came.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Json = field(repr=False)
    is_json: bool
    text: str | None = field(default=None, repr=False)


LONG_BYTES = 512 * 1024
"""From this size on, parsing in one go would hold the event loop for over 5 ms."""


class _YieldingDecoder(json.JSONDecoder):
    """Python's own parser without its fast part, which gives way to nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # Typeshed knows the fast one only.


def parse_slowly(body: bytes) -> object:
    """Return the value of a JSON text; meant for a thread, which gives way to others.

    A thread alone would not do: a fast parser keeps all others waiting until it is
    done, whichever thread it runs in. A bare `Infinity` or `NaN` is taken.
    Raises ValueError.
    """
    try:
        value: object = _YieldingDecoder().decode(body.decode())
    except RecursionError as err:
        raise ValueError("nested too deep") from err
    return value
