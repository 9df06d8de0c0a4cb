"""The JSON-over-HTTP client that all backends share."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
import errno
import random

import aiohttp
from aiohttp import ClientSession, ClientTimeout
from yarl import URL

from ..errors import (
    AuthenticationError,
    BackendError,
    HttpsRequiredError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitedError,
    Reason,
    ServerFaultError,
    TlsError,
    UnreachableError,
)
from .auth import Authenticator, StaticAuth
from .json_text import Json as Json  # noqa: PLC0414 -- the parsers have it from here
from .messages import JSON_TYPE, Answer, QueryValue, Request, read_answer
from .server_clock import clock_offset, http_date

CONNECT_TIMEOUT = ClientTimeout(sock_connect=5.0)
"""That of the whole exchange is the request's own."""

MAX_REDIRECTS = 3
RETRY_DELAY = (0.2, 1.0)
"""Bounds in seconds of the random delay that keeps clients from retrying in step."""
MAX_RETRY_AFTER = 3600.0
"""Limit in seconds for `Retry-After`, so that one bad header cannot stop polling."""
_IDEMPOTENT = frozenset({"GET", "HEAD"})
_RETRY_STATUSES = frozenset({500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ERRORS: Mapping[int, type[BackendError]] = {
    401: AuthenticationError,
    # A contract that has to be paid first.
    402: PermissionDeniedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: NotFoundError,
    410: NotFoundError,
    429: RateLimitedError,
    500: ServerFaultError,
}


type Classifier = Callable[[Answer], BackendError | None]
"""Maps a backend's own error answers; `None` leaves an answer to the general rules."""


class _RetryableError(Exception):
    """A failure that may be gone a moment later."""

    def __init__(self, failure: BackendError) -> None:
        """Initialize with the error to raise if the retry fails, too."""
        super().__init__()
        self.failure = failure


class _RefusedError(Exception):
    """Credentials that the server refused; `headers` are those that were sent."""

    def __init__(
        self, failure: AuthenticationError, headers: Mapping[str, str]
    ) -> None:
        """Initialize with the error to raise if the credentials stay refused."""
        super().__init__()
        self.failure = failure
        self.headers = headers


class HttpClient:
    """A client for one server that raises only BackendError.

    At most `max_parallel` requests run at a time.
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
        """Initialize the client; `base_url` has no trailing slash."""
        self._session = session
        self._base_url = base_url
        self._auth: Authenticator = auth or StaticAuth({})
        self._headers = dict(headers or {})
        self._slots = asyncio.Semaphore(max_parallel)
        self._classify = classify
        self._clock_offset = timedelta()

    @property
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead, by its newest `Date` header.

        The header has whole seconds. Without a usable one, there is no offset.
        """
        return self._clock_offset

    async def get(
        self, path: str, params: Mapping[str, QueryValue] | None = None
    ) -> Json:
        """Return the JSON of a GET request; raises the errors of `request`."""
        return (await self.request(Request(path=path, params=params))).body

    async def request(self, request: Request) -> Answer:
        """Send a request and return its successful (2xx or 304) answer.

        Lost connections and answers with status 500, 502, 503 or 504 are retried
        once if the request is idempotent. Rejected credentials are retried once if
        the authenticator could renew them.

        Raises AuthenticationError (401), PermissionDeniedError (402, 403),
        NotFoundError (404, 405, 410), RateLimitedError (429), ServerFaultError (500),
        UnreachableError (no connection, timeout, other 5xx), ProtocolError (other
        statuses, redirects to another origin, not the accepted format), its subclass
        AnswerTooLargeError,
        or the error that the classifier returns.
        """
        try:
            return await self._send_with_retry(request)
        except _RefusedError as refused:
            if not await self._auth.rejected(refused.headers):
                raise refused.failure from None
        try:
            return await self._send_with_retry(request)
        except _RefusedError as refused:
            raise refused.failure from None

    async def _send_with_retry(self, request: Request) -> Answer:
        """Send a request, and once more after a passing failure if that is safe."""
        try:
            return await self._send(request)
        except _RetryableError as first:
            is_safe = request.idempotent or request.method in _IDEMPOTENT
            if not is_safe or first.failure.retry_after is not None:
                raise first.failure from first.__cause__
        await asyncio.sleep(random.uniform(*RETRY_DELAY))
        try:
            return await self._send(request)
        except _RetryableError as second:
            raise second.failure from second.__cause__

    async def _send(self, request: Request) -> Answer:
        """Send a request once, as soon as there is a slot.

        The headers are those of that moment: after the first refusal of a token, none
        of the requests that were waiting is sent with it.
        """
        async with self._slots:
            headers = await self._auth.headers()
            answer = await self._exchange_in_time(request, headers)
        try:
            return self._checked(request, answer)
        except AuthenticationError as err:
            raise _RefusedError(err, headers) from None

    async def _exchange_in_time(
        self, request: Request, headers: Mapping[str, str]
    ) -> Answer:
        """Send a request, with aiohttp's errors mapped to BackendError."""
        try:
            async with asyncio.timeout(request.timeout):
                return await self._exchange(request, headers)
        except TimeoutError as err:
            raise UnreachableError(
                f"{request}: no answer in time", reason=Reason.NO_ANSWER
            ) from err
        except aiohttp.ClientConnectorCertificateError as err:
            raise UnreachableError(
                f"{request}: certificate not trusted",
                reason=Reason.UNTRUSTED_CERTIFICATE,
            ) from err
        except aiohttp.ClientConnectorSSLError as err:
            raise TlsError(f"{request}: no https") from err
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as err:
            # Only the type, because the text of aiohttp's errors contains the address.
            lost = UnreachableError(
                f"{request}: {type(err).__name__}", reason=_reason_of(err)
            )
            raise _RetryableError(lost) from err
        except (aiohttp.ClientError, ValueError) as err:
            # aiohttp raises ValueError for invalid host names and header values.
            raise ProtocolError(f"{request}: {type(err).__name__}") from err

    async def _exchange(self, request: Request, headers: Mapping[str, str]) -> Answer:
        """Send a request, follow redirects on the same server, and read the answer."""
        url = URL(f"{self._base_url}{request.path}")
        if request.params:
            url = url.with_query(request.params)
        headers = {**self._headers, **headers, "Accept": request.accept}
        if request.etag is not None:
            headers["If-None-Match"] = request.etag
        if request.if_match is not None:
            headers["If-Match"] = request.if_match
        for _ in range(MAX_REDIRECTS + 1):
            async with self._session.request(
                request.method,
                url,
                json=request.json,
                data=request.form if request.text is None else request.text,
                headers=headers,
                allow_redirects=False,
                timeout=CONNECT_TIMEOUT,
            ) as response:
                if response.status not in _REDIRECTS:
                    self._clock_offset = clock_offset(response.headers)
                    return await read_answer(request, response)
                url = _redirect_target(request, response)
        raise ProtocolError(f"{request}: redirects without end")

    def _checked(self, request: Request, answer: Answer) -> Answer:
        """Return a successful answer in the accepted format, or raise its error."""
        if answer.status == 304 and request.etag is not None:
            return answer
        if 200 <= answer.status < 300:
            if not answer.is_json and answer.text is None:
                accepted = "JSON" if request.accept == JSON_TYPE else request.accept
                raise ProtocolError(f"{request}: the answer is not {accepted}")
            return answer
        if self._classify and (classified := self._classify(answer)):
            raise classified
        default = UnreachableError if answer.status >= 500 else ProtocolError
        error = _ERRORS.get(answer.status, default)(
            f"{request}: HTTP {answer.status}",
            reason=Reason.SERVER_ERROR if answer.status >= 500 else None,
            status=answer.status,
            retry_after=retry_after(answer.headers),
        )
        if answer.status in _RETRY_STATUSES:
            raise _RetryableError(error)
        raise error


def _reason_of(err: aiohttp.ClientError) -> Reason:
    """Return why there is no connection, as far as aiohttp knows."""
    if isinstance(err, aiohttp.ClientConnectorDNSError):
        return Reason.UNKNOWN_HOST
    if not isinstance(err, aiohttp.ClientConnectorError):
        return Reason.CANNOT_CONNECT
    is_refused = err.os_error.errno == errno.ECONNREFUSED
    return Reason.CONNECTION_REFUSED if is_refused else Reason.CANNOT_CONNECT


def _redirect_target(request: Request, response: aiohttp.ClientResponse) -> URL:
    """Return the target of a redirect; raises ProtocolError unless it is safe."""
    try:
        target = response.url.join(URL(response.headers["Location"]))
        is_same_server = target.origin() == response.url.origin()
    except (KeyError, ValueError) as err:
        raise ProtocolError(f"{request}: redirects to no address") from err
    is_upgrade = (response.url.scheme, target.scheme) == ("http", "https")
    if is_upgrade and target.host == response.url.host:
        raise HttpsRequiredError(f"{request}: redirects to https")
    # Credentials must not reach another server, and a POST must not become a GET.
    if not is_same_server or request.method not in _IDEMPOTENT:
        raise ProtocolError(f"{request}: redirects to another place")
    return target


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a `Retry-After` header asks to wait, if it is valid."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return min(float(text), MAX_RETRY_AFTER)
    if (moment := http_date(text)) is None:
        return None
    seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(0.0, seconds), MAX_RETRY_AFTER)
