"""Recorded responses of real servers, and a server that replays them byte for byte.

A capture file has one comment line, `# METHOD /path?query -H name: value -d body`, with
the arguments of curl, followed by the exact response.

Captures of BEMServer have a comment line per header and one for the body, followed by
the relevant headers of the response, with bare newlines, and its whole body. Tokens are
replaced by `<jwt>` in responses, and cut to the first 18 characters of the header in
requests.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
import json
from pathlib import Path
import re
from urllib.parse import parse_qsl, urlsplit

from multidict import CIMultiDict

FIXTURES = Path(__file__).parent / "fixtures"

# Parameters whose value is a time, which differs between a test and the capture.
TIME_FILTER = re.compile(r".+__(gte|lte)|(start|end)_(time|date)|timestamp_(min|max)")
# The headers that distinguish captures of the same URL.
AUTH_HEADERS = ("X-AUTHKEY", "Authorization")
CONDITIONS = ("If-None-Match", "If-Match")
_CUT = 18
_OPTION = re.compile(r" (-H|-d|--data-urlencode|--max-time) ")


@dataclass(frozen=True, slots=True)
class Capture:
    """One recorded exchange; `raw` is the whole response, and `body` its body."""

    name: str
    method: str
    target: str
    request_headers: CIMultiDict[str]
    request_body: str | None
    raw: bytes
    status: int
    reason: str
    headers: CIMultiDict[str]
    body: bytes

    @property
    def path(self) -> str:
        """Return the path without the query."""
        return urlsplit(self.target).path


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """A request to the replay server."""

    method: str
    target: str
    headers: CIMultiDict[str]
    body: bytes


@dataclass(slots=True)
class ReplayServer:
    """A running replay server: its base URL, and the requests it received."""

    url: str
    requests: list[ReplayRequest] = field(default_factory=list)


type Query = list[tuple[str, str]]
type Loosen = Callable[[Query], Query]
type Fallback = Callable[[ReplayRequest], bytes | None]
"""Returns the raw response to a request that matches no capture."""


def parse(name: str, content: bytes) -> Capture:
    """Parse the content of a capture file."""
    comment, _, raw = content.partition(b"\n")
    if b"\r\n" in raw:
        method, target, headers, body = _parse_comment(comment.decode())
    else:
        method, target, headers, body, raw = _parse_lines(content)
    head, _, answer = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    _, status, reason = first.split(" ", 2)
    answer_headers = CIMultiDict(_header(line) for line in lines)
    return Capture(
        name,
        method,
        target,
        headers,
        body,
        raw,
        int(status),
        reason,
        answer_headers,
        answer,
    )


def load(folder: Path) -> list[Capture]:
    """Return the captures of a folder, by name."""
    files = sorted(folder.glob("*.http"))
    return [parse(file.stem, file.read_bytes()) for file in files]


def dsmr_reader() -> list[Capture]:
    """Return the captures of DSMR-reader v5.11.0."""
    return load(FIXTURES / "dsmr_reader")


def bemserver() -> list[Capture]:
    """Return the captures of bemserver-api 0.27.0."""
    return load(FIXTURES / "bemserver")


@asynccontextmanager
async def replay_app(
    captures: Sequence[Capture],
    *,
    fallback: Fallback | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[ReplayServer]:
    """Respond to each recorded request with exactly the recorded bytes.

    A request matches by method, path, query (in any order) and credentials. The values
    of time filters (`timestamp__gte`, `start_time`...) are ignored if they are times.
    The best match wins: first one with the same values and body, then one with the same
    filters, then one without the time filters. Among those, the same conditions
    (`If-None-Match`...) and Accept header win, and then the first. A capture with a
    condition only matches requests with it. Without a match, `fallback` decides, and
    the default is 404.
    """
    replay = ReplayServer("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read_request(reader)
            replay.requests.append(request)
            writer.write(_find(captures, request, fallback))
            await writer.drain()
        except asyncio.IncompleteReadError, ConnectionError:
            return  # The client has disconnected.
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, port)
    async with server:
        replay.url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
        yield replay


def _parse_comment(line: str) -> tuple[str, str, CIMultiDict[str], str | None]:
    call, *options = _OPTION.split(line.removeprefix("# ").rstrip())
    method, target = call.strip().split(" ", 1)
    headers: CIMultiDict[str] = CIMultiDict()
    body = None
    for option, value in zip(options[::2], options[1::2], strict=True):
        if option == "-H":
            headers.add(*_header(value))
        elif option in ("-d", "--data-urlencode"):
            body = value
    return method, target, headers, body


def _parse_lines(
    content: bytes,
) -> tuple[str, str, CIMultiDict[str], str | None, bytes]:
    """Return the request, and the response as it is sent over the wire."""
    asked, _, kept = content.partition(b"HTTP/1.1 ")
    first, *rest = (line.removeprefix("# ") for line in asked.decode().splitlines())
    method, target = first.split(" ", 1)
    headers: CIMultiDict[str] = CIMultiDict()
    body = None
    for line in rest:
        if line.startswith("{"):
            body = line
        else:
            headers.add(*_header(line))
    head, _, answer = kept.removesuffix(b"\n").partition(b"\n\n")
    status, *lines = head.decode("latin-1").split("\n")
    sent = CIMultiDict(_header(line) for line in lines)
    if "Content-Length" in sent:
        # Without its tokens, a response is shorter than the original.
        sent["Content-Length"] = str(len(answer))
    sent["Connection"] = "close"
    phrase = HTTPStatus(int(status)).phrase
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{key}: {sent[key]}" for key in sent)]
    raw = "\r\n".join([*lines, "", ""]).encode("latin-1") + answer
    return method, target, headers, body, raw


def _header(line: str) -> tuple[str, str]:
    # curl sends `-H "Name;"` as a header without a value.
    name, _, value = line.partition(":")
    return name.removesuffix(";"), value.strip()


async def _read_request(reader: asyncio.StreamReader) -> ReplayRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = CIMultiDict(_header(line) for line in lines)
    body = await reader.readexactly(int(headers.get("Content-Length", "0")))
    return ReplayRequest(method, target, headers, body)


def _find(
    captures: Iterable[Capture], request: ReplayRequest, fallback: Fallback | None
) -> bytes:
    text = request.body.decode()
    for loose in (_exact, _any_moment, _no_moment):
        wanted = _key(request.method, request.target, loose)
        found = [
            capture
            for capture in captures
            if _key(capture.method, capture.target, loose) == wanted
            and _allowed(capture.request_headers, request.headers)
            and (loose is not _exact or _same_body(text, capture.request_body or ""))
        ]
        if found:
            return max(found, key=lambda capture: _likeness(capture, request)).raw
    other = None if fallback is None else fallback(request)
    if other is not None:
        return other
    message = f"No capture for {request.method} {request.target}".encode()
    head = f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(message)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + message


def _key(method: str, target: str, loose: Loosen) -> tuple[object, ...]:
    parts = urlsplit(target)
    query = parse_qsl(parts.query, keep_blank_values=True)
    # A request without a page number returns the first page.
    query = [item for item in loose(query) if item != ("page", "1")]
    return method, parts.path, sorted(query)


def _allowed(recorded: Mapping[str, str], given: Mapping[str, str]) -> bool:
    """Return True if the credentials match, and so does a recorded condition."""
    for name in AUTH_HEADERS:
        wanted, value = recorded.get(name, ""), given.get(name, "")
        if wanted.endswith("..."):
            wanted, value = wanted[:_CUT].removesuffix("..."), value[:_CUT]
        if wanted != value:
            return False
    return all(
        name not in recorded or recorded[name] == given.get(name) for name in CONDITIONS
    )


def _likeness(capture: Capture, request: ReplayRequest) -> tuple[bool, ...]:
    recorded, given = capture.request_headers, request.headers
    names = (*CONDITIONS, "Accept")
    return tuple(recorded.get(name) == given.get(name) for name in names)


def _same_body(given: str, recorded: str) -> bool:
    """Return True if the bodies are equal, as text or as JSON."""
    if given == recorded:
        return True
    try:
        return bool(json.loads(given) == json.loads(recorded))
    except ValueError:
        return False


def _exact(query: Query) -> Query:
    return query


def _any_moment(query: Query) -> Query:
    return [(name, "" if _is_moment(name, value) else value) for name, value in query]


def _no_moment(query: Query) -> Query:
    return [(name, value) for name, value in query if not _is_moment(name, value)]


def _is_moment(name: str, value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return TIME_FILTER.fullmatch(name) is not None
