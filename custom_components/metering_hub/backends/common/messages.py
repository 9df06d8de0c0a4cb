"""Requests to a server, and the answers to them, which are read and parsed here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import ClientResponse

from ..errors import AnswerTooLargeError, ProtocolError
from .json_text import Json, decode_long_json

type QueryValue = str | int | Sequence[str | int]

JSON_TYPE = "application/json"
TOTAL_TIMEOUT = 15.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024


@dataclass(slots=True)
class LastAnswer:
    """The last JSON answer to a request that is sent again and again.

    An answer that repeats it is not parsed again, so its body is the same object, which
    nobody may change. `essence` returns the part of an answer that is compared.
    """

    essence: Callable[[bytes], bytes] = bytes
    _text: bytes | None = None
    _body: Json = None

    async def parsed(self, text: bytes) -> Json:
        """Return the JSON of an answer; raises ValueError."""
        essence = self.essence(text)
        if essence != self._text:
            self._body = await decode_long_json(text)
            self._text = essence
        return self._body


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `path` starts with a slash and is used unchanged.

    `timeout` is in seconds and covers the whole exchange. `idempotent` allows a retry
    of any method; GET and HEAD are always retried. `text` is a plain text to send
    instead of JSON. A different `accept` than JSON
    returns the body as text. With the `etag` of an earlier answer, the server may
    answer 304 without a body. With `if_match`, it changes only what still has that
    ETag, and answers 412 otherwise. `last` is kept from one sending to the next.
    """

    method: str = "GET"
    path: str
    params: Mapping[str, QueryValue] | None = field(default=None, repr=False)
    json: Json = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    timeout: float = TOTAL_TIMEOUT
    max_bytes: int = MAX_ANSWER_BYTES
    idempotent: bool = False
    accept: str = JSON_TYPE
    etag: str | None = None
    if_match: str | None = None
    last: LastAnswer | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        """Return the endpoint without its query, which may be private."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a server.

    `body` is the parsed JSON if `is_json`, else `None`. `text` is the body of an
    answer in the other format that the request accepts. `size` is that of the body in
    bytes.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Json = field(default=None, repr=False)
    is_json: bool = False
    text: str | None = field(default=None, repr=False)
    size: int = 0


async def read_answer(request: Request, response: ClientResponse) -> Answer:
    """Read an answer up to its size limit, and parse it if it is JSON.

    The body of an error is optional: if it is too large or broken, it is dropped.
    """
    status, headers = response.status, response.headers
    is_error = status >= 400
    limit = MAX_ERROR_BYTES if is_error else request.max_bytes
    if (body := await _read_body(response, limit)) is None:
        if is_error:
            return Answer(status, headers)
        raise AnswerTooLargeError(f"{request}: the answer is larger than {limit} bytes")
    content_type = response.content_type.lower()
    if content_type == request.accept != JSON_TYPE:
        text = body.decode(errors="replace")
        return Answer(status, headers, text=text, size=len(body))
    if content_type != JSON_TYPE or not body:
        return Answer(status, headers, size=len(body))
    try:
        # Errors must not displace what the next answer is compared with.
        if is_error or request.last is None:
            parsed = await decode_long_json(body)
        else:
            parsed = await request.last.parsed(body)
    except ValueError as err:
        if is_error:
            return Answer(status, headers, size=len(body))
        raise ProtocolError(f"{request}: broken JSON") from err
    return Answer(status, headers, parsed, is_json=True, size=len(body))


async def _read_body(response: ClientResponse, limit: int) -> bytes | None:
    """Read the body of an answer; `None` if it is larger than `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(_READ_BYTES):
        parts.append(part)
        size += len(part)
        if size > limit:
            # Otherwise aiohttp would read the rest to reuse the connection.
            response.close()
            return None
    return b"".join(parts)
