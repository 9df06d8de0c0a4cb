"""The HTTP client with a real server that works, fails or attacks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import gzip
import socket
import ssl
import tracemalloc

from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given, settings, strategies as st
import orjson
import pytest

from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.backends.common.auth import StaticAuth
from custom_components.metering_hub.backends.common.http import (
    MAX_REDIRECTS,
    HttpClient,
)
from custom_components.metering_hub.backends.common.json_text import (
    LONG_BYTES,
    decode_slowly,
)
from custom_components.metering_hub.backends.common.messages import (
    MAX_ANSWER_BYTES,
    MAX_ERROR_BYTES,
    Answer,
    LastAnswer,
    Request,
)
from custom_components.metering_hub.backends.errors import (
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
    UnsupportedError,
)
from tests.certificates import self_signed, server_context
from tests.turns import counting_turns

from .scripted_server import (
    DROP,
    HOST,
    Behaviour,
    ScriptedServer,
    answer,
    delayed,
    endless,
    json_answer,
    redirect,
    running_server,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

OK = json_answer({"ok": True})
KEY = "key-that-must-stay-secret"
QUERY = "query-that-must-stay-secret"
FAR_BELOW_50_MB = 16 * 1024 * 1024
CUT = answer(200, b'{"half":', length=100)
"""An answer that ends before its promised length."""

HARMLESS_TO_REPEAT = [DROP, CUT, *(answer(status) for status in (500, 502, 503, 504))]
NAMES_OF_HARMLESS = ["drop", "cut", "500", "502", "503", "504"]

type MakeClient = Callable[..., HttpClient]


class BrokenResolver(AbstractResolver):
    """A resolver that fails."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        raise self.failure

    async def close(self) -> None:
        return


@pytest.fixture(autouse=True)
def short_retry_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.001))


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
def client(session: ClientSession) -> MakeClient:
    """Return a function that makes a client of a scripted server."""

    def make(server: ScriptedServer | str, **options: object) -> HttpClient:
        url = server if isinstance(server, str) else server.url
        return HttpClient(session, url, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def unused_url() -> str:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return f"http://{HOST}:{probe.getsockname()[1]}"


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Return a TLS context with a self-signed certificate."""
    return server_context(self_signed(tmp_path_factory.mktemp("tls")))


# --- Requests -------------------------------------------------------------------


@pytest.mark.parametrize("value", [{"a": [1, None]}, [], "text", 0, False, None])
async def test_get_returns_the_json(client: MakeClient, value: object) -> None:
    async with running_server(json_answer(value)) as server:
        assert await client(server).get("/x") == value


async def test_answer_has_status_headers_and_body(client: MakeClient) -> None:
    async with running_server(json_answer([1], 201, X_Total_Count="7")) as server:
        got = await client(server).request(Request(path="/x"))
    assert (got.status, got.headers["x-total-count"], got.body, got.is_json) == (
        201,
        "7",
        [1],
        True,
    )


async def test_sends_accept_own_headers_and_credentials(
    client: MakeClient,
) -> None:
    async with running_server(OK) as server:
        auth = StaticAuth({"X-AUTHKEY": KEY})
        await client(server, auth=auth, headers={"X-Extra": "1"}).get("/x")
    sent = server.requests[0].headers
    assert (sent["Accept"], sent["X-AUTHKEY"], sent["X-Extra"]) == (
        "application/json",
        KEY,
        "1",
    )


async def test_other_format_is_returned_as_text(client: MakeClient) -> None:
    """A request for CSV returns CSV, or an error."""
    table = answer(200, "a,b\n1,é\n".encode(), content_type="text/csv; charset=utf-8")
    async with running_server(table, OK, answer(500, b"{}"), OK) as server:
        request = Request(path="/x", accept="text/csv")
        got = await client(server).request(request)
        assert (got.text, got.body, got.is_json) == ("a,b\n1,é\n", None, False)
        # JSON is parsed, whatever format was requested.
        assert (await client(server).request(request)).body == {"ok": True}
        await client(server).request(request)
    assert {sent.headers["Accept"] for sent in server.requests} == {"text/csv"}


async def test_errors_have_the_text_of_the_other_format(client: MakeClient) -> None:
    """So that a backend can show the reason; a page of a proxy has another type."""
    found: list[str | None] = []

    def remember(error: Answer) -> None:
        found.append(error.text)

    reason = answer(400, b"Invalid data", content_type="text/plain")
    page = answer(400, b"<html>", content_type="text/html")
    async with running_server(reason, page) as server:
        asking = client(server, classify=remember)
        for _ in range(2):
            with pytest.raises(ProtocolError, match="HTTP 400"):
                await asking.request(Request(path="/x", accept="text/plain"))
    assert found == ["Invalid data", None]


async def test_unexpected_format_is_an_error(client: MakeClient) -> None:
    page = answer(200, b"<html>", content_type="text/html")
    async with running_server(page) as server:
        with pytest.raises(ProtocolError, match="not text/csv"):
            await client(server).request(Request(path="/x", accept="text/csv"))


async def test_not_modified(client: MakeClient) -> None:
    """304 is only accepted for a request with an ETag."""
    async with running_server(answer(304, content_type=None)) as server:
        got = await client(server).request(Request(path="/x", etag='"1a"'))
        assert (got.status, got.body) == (304, None)
        with pytest.raises(ProtocolError, match="HTTP 304"):
            await client(server).get("/x")
    conditions = [sent.headers.get("If-None-Match") for sent in server.requests]
    assert conditions == ['"1a"', None]


@pytest.mark.parametrize(
    "path",
    ["/", "/api/v2/x", "/with/slash/", "/a%2Fb", "/a%20b", "/colon:1", "/x;y=1"],
)
async def test_path_is_used_exactly(client: MakeClient, path: str) -> None:
    async with running_server(OK) as server:
        await client(f"{server.url}/prefix").get(path)
    assert server.targets == [f"/prefix{path}"]


@pytest.mark.parametrize(
    ("params", "query"),
    [
        (None, ""),
        ({}, ""),
        ({"limit": 1}, "?limit=1"),
        ({"ids": [1, 2]}, "?ids=1&ids=2"),
        ({"ids": ("a", "b"), "x": "y"}, "?ids=a&ids=b&x=y"),
        ({"ids": []}, ""),
        ({"since": "2026-11-21T03:33:10+01:00"}, "?since=2026-11-21T03:33:10%2B01:00"),
        ({"at": ["1+1", "2+2"]}, "?at=1%2B1&at=2%2B2"),
        ({"q": "a&b=c"}, "?q=a%26b%3Dc"),
        ({"q": "50%2B"}, "?q=50%252B"),
    ],
)
async def test_query(client: MakeClient, params: object, query: str) -> None:
    async with running_server(OK) as server:
        await client(server).get("/x", params)  # type: ignore[arg-type]
    assert server.targets == [f"/x{query}"]


async def test_posts_json(client: MakeClient) -> None:
    async with running_server(OK) as server:
        await client(server).request(Request(method="POST", path="/x", json={"a": 1}))
    (received,) = server.requests
    assert received.method == "POST"
    assert received.headers["Content-Type"] == "application/json"
    assert received.body.replace(b" ", b"") == b'{"a":1}'


async def test_posts_a_form(client: MakeClient) -> None:
    async with running_server(OK) as server:
        await client(server).request(
            Request(method="POST", path="/x", form={"user": "a+b", "password": "&"})
        )
    (received,) = server.requests
    assert received.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert received.body == b"user=a%2Bb&password=%26"


# --- Retries --------------------------------------------------------------------


@pytest.mark.parametrize("first", HARMLESS_TO_REPEAT, ids=NAMES_OF_HARMLESS)
async def test_retries_a_get(client: MakeClient, first: bytes) -> None:
    async with running_server(first, OK) as server:
        assert await client(server).get("/x") == {"ok": True}
    assert server.targets == ["/x", "/x"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_retries_a_head(client: MakeClient, status: int) -> None:
    async with running_server(answer(status), answer(404)) as server:
        with pytest.raises(NotFoundError):
            await client(server).request(Request(method="HEAD", path="/x"))
    assert [request.method for request in server.requests] == ["HEAD", "HEAD"]


@pytest.mark.parametrize("first", HARMLESS_TO_REPEAT, ids=NAMES_OF_HARMLESS)
async def test_does_not_retry_a_post(client: MakeClient, first: bytes) -> None:
    async with running_server(first, OK) as server:
        with pytest.raises(UnreachableError):
            await client(server).request(Request(method="POST", path="/x"))
    assert len(server.requests) == 1


@pytest.mark.parametrize("first", HARMLESS_TO_REPEAT, ids=NAMES_OF_HARMLESS)
async def test_retries_an_idempotent_post(client: MakeClient, first: bytes) -> None:
    async with running_server(first, OK) as server:
        got = await client(server).request(
            Request(method="POST", path="/x", json=[1], idempotent=True)
        )
    assert got.body == {"ok": True}
    assert [request.body for request in server.requests] == [b"[1]", b"[1]"]


@pytest.mark.parametrize("last", HARMLESS_TO_REPEAT, ids=NAMES_OF_HARMLESS)
async def test_retries_once_only(client: MakeClient, last: bytes) -> None:
    # No GET, because aiohttp retries a GET itself when the connection is lost.
    request = Request(method="POST", path="/x", idempotent=True)
    async with running_server(last) as server:
        with pytest.raises(UnreachableError):
            await client(server).request(request)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_does_not_retry_before_retry_after(
    client: MakeClient, status: int
) -> None:
    async with running_server(answer(status, Retry_After="30"), OK) as server:
        with pytest.raises(UnreachableError) as raised:
            await client(server).get("/x")
    assert len(server.requests) == 1
    assert raised.value.retry_after == 30


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 418, 429, 501])
async def test_does_not_retry_other_statuses(client: MakeClient, status: int) -> None:
    async with running_server(answer(status), OK) as server:
        with pytest.raises(BackendError):
            await client(server).get("/x")
    assert len(server.requests) == 1


async def test_waits_before_the_retry(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "RETRY_DELAY", (0.05, 0.06))
    loop = asyncio.get_running_loop()
    async with running_server(answer(502), OK) as server:
        before = loop.time()
        await client(server).get("/x")
    assert loop.time() - before >= 0.05


async def test_error_of_the_retry_is_raised(client: MakeClient) -> None:
    async with running_server(answer(502), answer(404)) as server:
        with pytest.raises(NotFoundError):
            await client(server).get("/x")


# --- Statuses -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (304, ProtocolError),
        (400, ProtocolError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (405, NotFoundError),
        (409, ProtocolError),
        (410, NotFoundError),
        (422, ProtocolError),
        (429, RateLimitedError),
        (500, ServerFaultError),
        (501, UnreachableError),
        (502, UnreachableError),
        (503, UnreachableError),
        (504, UnreachableError),
        (507, UnreachableError),
    ],
)
async def test_status(
    client: MakeClient, status: int, error: type[BackendError]
) -> None:
    async with running_server(answer(status)) as server:
        with pytest.raises(BackendError) as raised:
            await client(server).get("/x")
    assert type(raised.value) is error
    assert str(raised.value) == f"GET /x: HTTP {status}"


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "120", 120),
        (429, " 7 ", 7),
        (429, "0", 0),
        (429, "", None),
        (429, "soon", None),
        (429, "-5", None),
        (429, "1.5", None),
        (429, "Sat, 21 Nov 2020 02:33:18 GMT", 0),
        (429, "Sat, 21 Nov 2020 02:33:18 -0000", 0),
        (429, "Sat, 99 Foo 2020 02:33:18 GMT", None),
        (403, "5", 5),
        (503, "60", 60),
    ],
)
async def test_retry_after(
    client: MakeClient, status: int, header: str, seconds: float | None
) -> None:
    async with running_server(answer(status, Retry_After=header)) as server:
        with pytest.raises(BackendError) as raised:
            await client(server).get("/x")
    assert raised.value.retry_after == seconds


async def test_retry_after_a_date(client: MakeClient) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    async with running_server(answer(429, Retry_After=date)) as server:
        with pytest.raises(RateLimitedError) as raised:
            await client(server).get("/x")
    assert raised.value.retry_after == pytest.approx(90, abs=5)


@pytest.mark.parametrize(
    "header", ["9" * 400, "99999999", "Fri, 31 Dec 9999 23:59:59 GMT"]
)
async def test_retry_after_is_limited(client: MakeClient, header: str) -> None:
    async with running_server(answer(429, Retry_After=header)) as server:
        with pytest.raises(RateLimitedError) as raised:
            await client(server).get("/x")
    assert raised.value.retry_after == http.MAX_RETRY_AFTER


@settings(deadline=None)
@given(st.text() | st.datetimes().map(str) | st.datetimes().map(format_datetime))
def test_any_retry_after_is_limited_or_none(header: str) -> None:
    seconds = http.retry_after({"Retry-After": header})
    assert seconds is None or 0 <= seconds <= http.MAX_RETRY_AFTER


def api_off(answered: Answer) -> BackendError | None:
    """Classify an error answer like a backend."""
    if answered.body == {"detail": "API is disabled"}:
        return UnsupportedError("the API is off", reason=Reason.API_DISABLED)
    return None


@pytest.mark.parametrize("status", [400, 405, 500])
async def test_classifier_goes_first(client: MakeClient, status: int) -> None:
    reply = json_answer({"detail": "API is disabled"}, status)
    async with running_server(reply) as server:
        with pytest.raises(UnsupportedError) as raised:
            await client(server, classify=api_off).get("/x")
    assert raised.value.reason == "api_disabled"
    assert len(server.requests) == 1


async def test_classifier_may_return_none(client: MakeClient) -> None:
    async with running_server(json_answer({"detail": "?"}, 405)) as server:
        with pytest.raises(NotFoundError):
            await client(server, classify=api_off).get("/x")


async def test_classifier_is_not_called_for_success(client: MakeClient) -> None:
    async with running_server(json_answer({"detail": "API is disabled"})) as server:
        got = await client(server, classify=api_off).get("/x")
    assert got == {"detail": "API is disabled"}


@pytest.mark.parametrize(
    "reply",
    [
        answer(405, b"<h1>no</h1>", content_type="text/html"),
        answer(405, b'{"broken'),
        answer(405),
        answer(405, b'"' + b"x" * MAX_ERROR_BYTES + b'"'),
    ],
    ids=["html", "broken", "empty", "large"],
)
async def test_classifier_gets_no_body_without_json(
    client: MakeClient, reply: bytes
) -> None:
    seen: list[Answer] = []
    async with running_server(reply) as server:
        with pytest.raises(NotFoundError):
            await client(server, classify=seen.append).get("/x")
    assert [(got.status, got.body, got.is_json) for got in seen] == [(405, None, False)]


# --- Invalid answers ------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (answer(200, b"<html>", content_type="text/html"), "the answer is not JSON"),
        (answer(200, b"{}", content_type="text/plain"), "the answer is not JSON"),
        (answer(200, b"{}", content_type=None), "the answer is not JSON"),
        (answer(200), "the answer is not JSON"),
        (answer(204, content_type=None), "the answer is not JSON"),
        (answer(200, b'{"a": '), "broken JSON"),
        (answer(200, b'{"a": NaN'), "broken JSON"),
        (answer(200, b"[" * 100_000 + b"NaN"), "broken JSON"),
        (answer(200, b"[" * 100_000), "broken JSON"),
    ],
    ids=[
        "html",
        "other type",
        "no type",
        "empty",
        "no content",
        "cut",
        "NaN and cut",
        "NaN and deep",
        "deep",
    ],
)
async def test_invalid_json(client: MakeClient, reply: bytes, message: str) -> None:
    async with running_server(reply) as server:
        with pytest.raises(ProtocolError) as raised:
            await client(server).get("/x")
    assert str(raised.value) == f"GET /x: {message}"


async def test_an_answer_that_repeats_is_the_same_object(client: MakeClient) -> None:
    """A failure or broken JSON in between neither counts as it nor displaces it."""
    request = Request(path="/x", last=LastAnswer())
    replies = [
        json_answer({"a": [1]}),
        json_answer({"a": [1]}),
        json_answer({"code": 1}, 409),
        answer(200, b'{"a": [1}'),
        json_answer({"a": [1]}),
        json_answer({"a": [2]}),
        json_answer({"a": [1]}),
    ]
    async with running_server(*replies) as server:
        asking = client(server)
        first = (await asking.request(request)).body
        assert (await asking.request(request)).body is first
        for _ in range(2):
            with pytest.raises(ProtocolError):
                await asking.request(request)
        assert (await asking.request(request)).body is first
        second = (await asking.request(request)).body
        third = (await asking.request(request)).body
    assert (first, second, third) == ({"a": [1]}, {"a": [2]}, {"a": [1]})
    assert third is not first


async def test_only_the_essence_of_an_answer_is_compared(client: MakeClient) -> None:
    request = Request(path="/x", last=LastAnswer(lambda text: text[:8]))
    replies = [json_answer({"a": 1, "id": each}) for each in (1, 2)]
    async with running_server(*replies) as server:
        asking = client(server)
        first = (await asking.request(request)).body
        assert (await asking.request(request)).body is first


async def test_non_json_numbers_are_accepted(client: MakeClient) -> None:
    """One infinite value does not cost the others."""
    reply = answer(200, b'{"a": [Infinity, -Infinity, NaN, 1.5, "NaN"]}')
    async with running_server(reply) as server:
        found = await client(server).get("/x")
    assert repr(found) == "{'a': [inf, -inf, nan, 1.5, 'NaN']}"


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON"]
)
async def test_spelling_of_the_content_type(
    client: MakeClient, content_type: str
) -> None:
    async with running_server(answer(200, b"1", content_type=content_type)) as server:
        assert await client(server).get("/x") == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", ProtocolError),
        (b"HTTP/1.1 abc Nonsense\r\n\r\n", ProtocolError),
        (answer(200, b"no gzip", Content_Encoding="gzip"), UnreachableError),
    ],
    ids=["not HTTP", "bad status", "bad encoding"],
)
async def test_broken_protocol(
    client: MakeClient, reply: bytes, error: type[BackendError]
) -> None:
    async with running_server(reply) as server:
        with pytest.raises(error):
            await client(server).get("/x")


async def test_answer_of_exactly_the_limit_is_read(client: MakeClient) -> None:
    body = b'"' + b"x" * 998 + b'"'
    async with running_server(answer(200, body)) as server:
        got = await client(server).request(Request(path="/x", max_bytes=1000))
    assert got.body == "x" * 998


async def test_answer_over_the_limit_is_an_error(client: MakeClient) -> None:
    body = b'"' + b"x" * 999 + b'"'
    async with running_server(answer(200, body)) as server:
        with pytest.raises(ProtocolError, match="larger than 1000 bytes"):
            await client(server).request(Request(path="/x", max_bytes=1000))


async def test_endless_answer_is_aborted_and_not_kept(client: MakeClient) -> None:
    async with running_server(endless()) as server:
        tracemalloc.start()
        try:
            with pytest.raises(ProtocolError, match="larger than"):
                await client(server).get("/x")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        await server.finished()
    assert MAX_ANSWER_BYTES < server.sent < FAR_BELOW_50_MB
    assert peak < 3 * MAX_ANSWER_BYTES


@pytest.mark.parametrize("status", [401, 403, 404, 429])
async def test_endless_error_page_is_aborted(client: MakeClient, status: int) -> None:
    async with running_server(endless(status, "text/html")) as server:
        with pytest.raises(BackendError) as raised:
            await client(server).get("/x")
        await server.finished()
    assert str(raised.value) == f"GET /x: HTTP {status}"
    assert server.sent < FAR_BELOW_50_MB


async def test_endless_page_of_a_server_fault_is_aborted(client: MakeClient) -> None:
    async with running_server(endless(500, "text/html")) as server:
        with pytest.raises(ServerFaultError):
            await client(server).get("/x")
        await server.finished()
    assert server.sent < FAR_BELOW_50_MB


async def test_decompressed_size_is_limited(client: MakeClient) -> None:
    packed = gzip.compress(b" " * 50 * 1024 * 1024, compresslevel=1)
    async with running_server(answer(200, packed, Content_Encoding="gzip")) as server:
        tracemalloc.start()
        try:
            with pytest.raises(ProtocolError, match="larger than"):
                await client(server).get("/x")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < FAR_BELOW_50_MB


# --- Redirects ------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_follows_redirects_on_the_same_server(
    client: MakeClient, status: int
) -> None:
    async with running_server(redirect("/new?a=1", status), OK) as server:
        auth = StaticAuth({"X-AUTHKEY": KEY})
        assert await client(server, auth=auth).get("/old") == {"ok": True}
    assert server.targets == ["/old", "/new?a=1"]
    assert server.requests[1].headers["X-AUTHKEY"] == KEY


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("sibling", "/a/sibling"),
        ("../up", "/up"),
        ("?page=2", "/a/b?page=2"),
        ("//{host}/other", "/other"),
        ("http://{host}/whole", "/whole"),
        ("HTTP://{host}/whole", "/whole"),
    ],
)
async def test_spelling_of_a_location(
    client: MakeClient, location: str, target: str
) -> None:
    async with running_server() as server:
        host = f"{HOST}:{server.port}"
        server.script = [redirect(location.format(host=host)), OK]
        await client(server).get("/a/b")
    assert server.targets == ["/a/b", target]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_does_not_follow_to_another_server(
    client: MakeClient, status: int
) -> None:
    async with running_server(OK) as other, running_server() as server:
        server.script = [redirect(f"{other.url}/x", status)]
        auth = StaticAuth({"X-AUTHKEY": KEY})
        with pytest.raises(ProtocolError, match="redirects to another place"):
            await client(server, auth=auth).get("/x")
    assert other.requests == []


async def test_does_not_follow_to_another_server_at_the_second_hop(
    client: MakeClient,
) -> None:
    async with running_server(OK) as other, running_server() as server:
        server.script = [redirect("/hop"), redirect(f"{other.url}/x")]
        with pytest.raises(ProtocolError, match="redirects to another place"):
            await client(server).get("/x")
    assert server.targets == ["/x", "/hop"]
    assert other.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "https://{host}/x",
        "http://localhost:{port}/x",
        "http://127.0.0.1/x",
        "ftp://{host}/x",
        "mailto:someone@example.com",
        "javascript:alert(1)",
        "data:,x",
        "http://[::1",
        "http://{host}:99999/",
    ],
)
async def test_does_not_follow_to_other_origins(
    client: MakeClient, location: str
) -> None:
    async with running_server() as server:
        host = f"{HOST}:{server.port}"
        server.script = [redirect(location.format(host=host, port=server.port)), OK]
        with pytest.raises(ProtocolError):
            await client(server).get("/x")
    assert server.targets == ["/x"]


async def test_redirect_to_https_has_its_own_error(client: MakeClient) -> None:
    """The user must change the scheme; nothing is sent there automatically."""
    async with running_server() as server:
        server.script = [redirect(f"https://{HOST}/x")]
        with pytest.raises(HttpsRequiredError):
            await client(server).get("/x")
        server.script = [redirect("https://elsewhere.example/x")]
        with pytest.raises(ProtocolError) as caught:
            await client(server).get("/x")
    assert not isinstance(caught.value, HttpsRequiredError)


async def test_ignores_credentials_in_a_location(client: MakeClient) -> None:
    async with running_server() as server:
        there = f"http://user:word@{HOST}:{server.port}/x"
        server.script = [redirect(there), OK]
        auth = StaticAuth({"Authorization": f"Bearer {KEY}"})
        with suppress(ProtocolError):
            await client(server, auth=auth).get("/x")
    sent = {request.headers["Authorization"] for request in server.requests}
    assert sent == {f"Bearer {KEY}"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_does_not_follow_redirects_of_a_post(
    client: MakeClient, status: int
) -> None:
    async with running_server(redirect("/new", status), OK) as server:
        with pytest.raises(ProtocolError, match="redirects to another place"):
            await client(server).request(
                Request(method="POST", path="/old", json={"password": KEY})
            )
    assert server.targets == ["/old"]


async def test_redirects_are_limited(client: MakeClient) -> None:
    async with running_server(redirect("/again")) as server:
        with pytest.raises(ProtocolError, match="redirects without end"):
            await client(server).get("/x")
    assert len(server.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize("location", [None, ""])
async def test_redirect_without_valid_location(
    client: MakeClient, location: str | None
) -> None:
    async with running_server(redirect(location)) as server:
        with pytest.raises(ProtocolError, match="redirects"):
            await client(server).get("/x")


# --- No answer ------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        delayed(5, OK),
        delayed(5, OK, head_start=20),
        delayed(5, OK, head_start=len(OK) - 1),
    ],
    ids=["at once", "in the head", "in the body"],
)
async def test_timeout(client: MakeClient, step: Behaviour) -> None:
    async with running_server(step) as server:
        with pytest.raises(UnreachableError, match="no answer in time"):
            await client(server).request(Request(path="/x", timeout=0.3))
    assert len(server.requests) == 1


async def test_time_limit_spans_redirects(client: MakeClient) -> None:
    async with running_server(delayed(0.6, redirect("/again"))) as server:
        with pytest.raises(UnreachableError, match="no answer in time"):
            await client(server).request(Request(path="/x", timeout=1))
    assert server.targets == ["/x", "/again"]


async def test_connection_refused(client: MakeClient, unused_url: str) -> None:
    with pytest.raises(UnreachableError, match="ClientConnectorError"):
        await client(unused_url).get("/x")


async def test_name_that_does_not_resolve() -> None:
    resolver = BrokenResolver(OSError("Name or service not known"))
    async with ClientSession(connector=TCPConnector(resolver=resolver)) as session:
        with pytest.raises(UnreachableError, match="ClientConnectorDNSError"):
            await HttpClient(session, "http://meter.invalid").get("/x")
    assert resolver.asked == ["meter.invalid"] * 2


async def test_invalid_name() -> None:
    # Python's resolver raises this for "a..b" and for labels over 63 characters.
    failure = UnicodeError("label empty or too long")
    connector = TCPConnector(resolver=BrokenResolver(failure))
    async with ClientSession(connector=connector) as session:
        with pytest.raises(BackendError):
            await HttpClient(session, "http://a..b").get("/x")


async def test_untrusted_certificate(
    client: MakeClient, untrusted: ssl.SSLContext
) -> None:
    async with running_server(OK, tls=untrusted) as server:
        with pytest.raises(UnreachableError, match="certificate not trusted"):
            await client(server).get("/x")
    assert server.requests == []


async def test_untrusted_certificate_may_be_accepted(
    untrusted: ssl.SSLContext,
) -> None:
    async with (
        running_server(OK, tls=untrusted) as server,
        ClientSession(connector=TCPConnector(ssl=False)) as session,
    ):
        assert await HttpClient(session, server.url).get("/x") == {"ok": True}


async def test_tls_is_not_supported(client: MakeClient) -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(400))
        writer.close()

    async with await asyncio.start_server(refuse, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TlsError):
            await client(f"https://{HOST}:{port}").get("/x")


async def test_invalid_header(client: MakeClient) -> None:
    async with running_server(OK) as server:
        with pytest.raises(ProtocolError):
            await client(server, headers={"X-Bad": f"{KEY}\r\nX-Evil: 1"}).get("/x")
    assert server.requests == []


# --- Concurrency ----------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_parallel_requests_are_limited(client: MakeClient, limit: int) -> None:
    async with running_server(delayed(0.01, OK)) as server:
        http_client = client(server, max_parallel=limit)
        await asyncio.gather(*(http_client.get("/x") for _ in range(3 * limit)))
    assert server.most_running == limit


@pytest.mark.parametrize("step", [DROP, CUT, answer(404), redirect("mailto:x")])
async def test_failed_request_releases_its_slot(
    client: MakeClient, step: bytes
) -> None:
    async with running_server(step) as server:
        http_client = client(server, max_parallel=1)
        with pytest.raises(BackendError):
            await http_client.get("/x")
        server.script = [OK]
        assert await http_client.get("/x") == {"ok": True}


async def test_cancelled_request_releases_its_slot(client: MakeClient) -> None:
    async with running_server(delayed(5, OK), OK) as server:
        http_client = client(server, max_parallel=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await http_client.get("/x")
        assert await http_client.get("/x") == {"ok": True}


# --- Secrets --------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        DROP,
        CUT,
        *(answer(status, QUERY.encode()) for status in (400, 401, 403, 404, 429, 500)),
        answer(200, QUERY.encode()),
        answer(200, QUERY.encode(), content_type="text/html"),
        answer(200, QUERY.encode(), Content_Encoding="gzip"),
        answer(200, b" " * 2000),
        QUERY.encode() + b"\r\n\r\n",
        redirect("http://elsewhere.invalid/" + QUERY),
        redirect("mailto:" + QUERY),
        redirect("/" + QUERY),
        delayed(5, OK),
    ],
)
async def test_errors_contain_no_secret(client: MakeClient, step: bytes) -> None:
    async with running_server(step) as server:
        request = Request(
            path="/x", params={"q": QUERY}, json={"q": QUERY}, timeout=0.2, max_bytes=99
        )
        auth = StaticAuth({"X-AUTHKEY": KEY})
        with pytest.raises(BackendError) as raised:
            await client(server, auth=auth).request(request)
    told = f"{raised.value} {raised.value!r}"
    assert told.startswith("GET /x: ")
    for secret in (HOST, server.port, "http:", "invalid", "?", QUERY, KEY):
        assert secret not in told


@pytest.mark.parametrize("url", ["http://host.invalid", "https://host.invalid:8443"])
async def test_errors_contain_no_address_that_does_not_resolve(url: str) -> None:
    connector = TCPConnector(resolver=BrokenResolver(OSError("host.invalid")))
    async with ClientSession(connector=connector) as session:
        with pytest.raises(UnreachableError) as raised:
            await HttpClient(session, url).get("/x")
    assert str(raised.value) == "GET /x: ClientConnectorDNSError"


async def test_errors_contain_no_address_that_refuses(
    client: MakeClient, unused_url: str
) -> None:
    with pytest.raises(UnreachableError) as raised:
        await client(unused_url).get("/x")
    assert str(raised.value) == "GET /x: ClientConnectorError"


async def test_errors_contain_no_certificate(
    client: MakeClient, untrusted: ssl.SSLContext
) -> None:
    async with running_server(OK, tls=untrusted) as server:
        with pytest.raises(UnreachableError) as raised:
            await client(server).get("/x")
    assert str(raised.value) == "GET /x: certificate not trusted"


def test_requests_and_answers_contain_no_secret() -> None:
    request = Request(
        path="/x", params={"q": QUERY}, json={"q": QUERY}, form={"q": QUERY}
    )
    got = Answer(200, {"Set-Cookie": KEY}, {"q": QUERY}, is_json=True)
    for told in (str(request), repr(request), repr(got)):
        assert QUERY not in told
        assert KEY not in told


async def test_long_answer_is_parsed(client: MakeClient) -> None:
    """The result is the same as with the fast parser."""
    rows = [{"n": n, "text": f"ż{n}", "x": n / 7} for n in range(20_000)]
    reply = json_answer({"rows": rows})
    async with running_server(reply) as server:
        body = (await client(server).request(Request(path="/"))).body
    assert len(reply) > LONG_BYTES
    assert body == {"rows": rows}


async def test_long_answer_does_not_block_the_event_loop() -> None:
    """The fast parser blocks it, even in a thread of its own."""
    body = orjson.dumps([{"n": n, "x": n / 7} for n in range(200_000)])
    async with counting_turns() as fast:
        value = await asyncio.to_thread(orjson.loads, body)
    async with counting_turns() as slow:
        assert await asyncio.to_thread(decode_slowly, body) == value
    assert slow.count > 3 * fast.count


@pytest.mark.parametrize("end", [b"", b"]", b"]}x", b"nul", b"]}\xff"])
async def test_long_answer_with_invalid_json(client: MakeClient, end: bytes) -> None:
    """The error is the same as for a short answer."""
    body = b'{"rows": [' + b"1234567, " * 70_000 + b"1" + end
    async with running_server(answer(200, body)) as server:
        with pytest.raises(ProtocolError):
            await client(server).get("/")
