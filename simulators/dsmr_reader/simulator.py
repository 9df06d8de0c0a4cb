"""The DSMR-reader simulator: an aiohttp application in front of a house."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
import json
from urllib.parse import urlsplit

from aiohttp import web
from orjson import dumps

from simulators.credentials import is_same_secret
from simulators.faults import Faults, Json, Row

from .endpoints import DAYS, ENDPOINTS, FIELDS_SINCE, READINGS, Endpoint, Listing
from .fields import RefusedError
from .knobs import Knobs, Language
from .posted import check_day
from .query import FilterError, WorkerError, page, parse_query
from .store import Store
from .wire import (
    MESSAGES,
    NOT_FOUND_PAGE,
    PLAIN_HTML,
    SERVER_ERROR_PAGE,
    accepts_json,
    answer,
    encode,
    negotiate,
)

_BASE = "/api/v2/"
_TELEGRAMS = "/api/v1/datalogger/dsmrreading"
_ROWS_AT_ONCE = 500
# About 280,000 rows keep a worker busy beyond its 60 s, and it is killed.
# Source: docs/wire/dsmr_reader.md, Speed.
_WORKER_ROWS = 250_000
_GZIP_SIZE = 2048


@dataclass(eq=False)
class DsmrReaderSimulator(Knobs):
    """A DSMR-reader server around a `House`; all knobs may change while it runs.

    `app` builds a fresh application each time; all of them share the knobs, the faults
    and the request log.
    """

    faults: Faults = field(default_factory=Faults, init=False)

    @property
    def app(self) -> web.Application:
        """Return a new application for `simulators.server.serve`."""
        app = web.Application(middlewares=[self.faults.middleware])
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request and apply what its web server does."""
        language = negotiate(request.headers.get("Accept-Language", ""), self.language)
        response = await _ApiRequest(self, request, language).respond()
        encodings = request.headers.get("Accept-Encoding", "")
        if self.date_offset is not None:
            date = datetime.now(UTC) + self.date_offset
            response.headers["Date"] = format_datetime(date, usegmt=True)
        if not self.behind_nginx:
            response.force_close()
        elif (response.content_length or 0) >= _GZIP_SIZE and "gzip" in encodings:
            response.enable_compression(web.ContentCoding.gzip)
        return response


@dataclass(frozen=True, slots=True)
class _ApiRequest:
    """One request, and the language of its answer."""

    knobs: Knobs
    request: web.Request
    language: Language

    async def respond(self) -> web.Response:
        """Return the answer of the endpoint; a trailing slash is another path."""
        path = self.request.path
        if path == _TELEGRAMS:
            return await self._telegram()
        if path == f"{_BASE}schema" and self.knobs.release >= (5,):
            return self._schema()
        if path == "/healthcheck" and self.knobs.release >= (6,):
            return self._answer(200, b"", content_type=PLAIN_HTML)
        endpoint = ENDPOINTS.get(path.removeprefix(_BASE))
        known = endpoint is not None and path.startswith(_BASE)
        if endpoint is None or not known or self.knobs.release < endpoint.since:
            return self._answer(404, NOT_FOUND_PAGE, content_type="text/html")
        return await self._call(endpoint)

    async def _call(self, endpoint: Endpoint) -> web.Response:
        """Check in the server's order: Accept, API on, key, method."""
        method, messages = self.request.method, MESSAGES[self.language]
        refusal = self._refusal()
        if not accepts_json(self.request.headers.get("Accept", "")):
            return self._detail(406, messages["accept"], endpoint)
        if refusal is not None:
            return self._detail(403, refusal, endpoint)
        if method not in endpoint.allow.split(", "):
            text = messages["method"].format(method=method)
            return self._detail(405, text, endpoint)
        if method in ("POST", "PATCH"):
            return await self._write(endpoint)
        if method not in ("GET", "HEAD"):
            return self._detail(501, "The simulator does not answer this", endpoint)
        try:
            body = await self._body(endpoint)
        except FilterError as error:
            return self._answer(400, encode(error.errors), allow=endpoint.allow)
        except WorkerError:
            return self._answer(500, SERVER_ERROR_PAGE, content_type="text/html")
        return self._answer(200, body, allow=endpoint.allow)

    async def _write(self, endpoint: Endpoint) -> web.Response:
        """Store what is sent, or say what is wrong with it."""
        kind = self.request.content_type
        if kind == "application/json":
            try:
                values = json.loads(await self.request.text())
            except ValueError as error:
                return self._detail(400, f"JSON parse error - {error}", endpoint)
        elif kind == "application/x-www-form-urlencoded":
            values = {name: str(v) for name, v in (await self.request.post()).items()}
        else:
            text = f'Unsupported media type "{kind}" in request.'
            return self._detail(415, text, endpoint)
        try:
            return await self._store(values, endpoint)
        except RefusedError as error:
            return self._answer(400, encode(error.errors), allow=endpoint.allow)

    async def _store(self, values: Json, endpoint: Endpoint) -> web.Response:
        """Store a reading, or changes to the meter's statistics."""
        inbox = self.knobs.inbox
        if endpoint.listing is READINGS:
            row = inbox.post_row(values, self.knobs.house.zone)
            body = encode(self._fields_of_version(row))
            return self._answer(201, body, allow=endpoint.allow)
        if endpoint.listing is DAYS:
            check_day(values, Store(self.knobs).days)
            return self._detail(501, "The simulator does not store days", endpoint)
        inbox.patch_statistics(values)
        return self._answer(200, await self._body(endpoint), allow=endpoint.allow)

    async def _body(self, endpoint: Endpoint) -> bytes:
        """Return the JSON of a list or of a single answer."""
        store = Store(self.knobs)
        if endpoint.listing is not None:
            return encode(await self._list(endpoint.listing, store))
        if endpoint.answer is None:
            return b"null"
        return encode(self._fields_of_version(endpoint.answer(store, self.language)))

    async def _list(self, listing: Listing, store: Store) -> Json:
        """Return a page of a list.

        The worker is killed by a page that is too long, or by too many rows to count.
        """
        url = urlsplit(self.request.raw_path)
        query = parse_query(url.query)
        part = page(query)
        found = listing.select(store, query, self.language)
        wanted = part.slice(found)
        limit = self.knobs.count_limit
        is_killed = len(wanted) > _WORKER_ROWS or (limit and len(found) > limit)
        if is_killed and self.request.transport is not None:
            self.request.transport.abort()
            return None
        rows: list[Row] = []
        for start in range(0, len(wanted), _ROWS_AT_ONCE):
            for index in wanted[start : start + _ROWS_AT_ONCE]:
                row = listing.row(store, index)
                rows.append(self._fields_of_version(row))
            # A long page must not block the event loop of a test or the demo.
            await asyncio.sleep(0)
        return part.envelope(self._absolute(url.geturl()), len(found), rows)

    def _absolute(self, path: str) -> str:
        """Return the full URL of a path, as the server builds its links."""
        host = self.request.host
        if self.knobs.behind_nginx:
            # nginx's $host has no port, so clients cannot follow `next`.
            # Source: docs/wire/dsmr_reader.md, Lists.
            host = host.partition(":")[0]
        return f"{self.request.scheme}://{host}{path}"

    def _fields_of_version[T: Json](self, row: T) -> T:
        """Remove the fields that this version does not have yet, in place."""
        release = self.knobs.release
        if isinstance(row, dict) and release < max(FIELDS_SINCE.values()):
            for name, since in FIELDS_SINCE.items():
                if release < since:
                    row.pop(name, None)
        return row

    def _refusal(self) -> str | None:
        """Return why the request is not allowed; these texts are not translated."""
        if not self.knobs.api_enabled:
            return "API is disabled"
        headers, key = self.request.headers, self.knobs.api_key
        given = [headers.get("X-AUTHKEY", "")]
        if self.knobs.release >= (2, 1):
            given.append(headers.get("Authorization", "").removeprefix("Token "))
        # `Bearer` keeps its prefix, so it never equals the key.
        right = any(is_same_secret(value, key) for value in given)
        return None if right else "Invalid auth key"

    async def _telegram(self) -> web.Response:
        """Answer API v1, which takes telegrams."""
        if self.request.method != "POST":
            return self._plain(405, "", "POST, OPTIONS")
        refusal = self._refusal()
        if refusal is not None:
            off = not self.knobs.api_enabled
            return self._plain(405 if off else 403, refusal, "POST" if off else None)
        text = str((await self.request.post()).get("telegram", ""))
        if not text:
            return self._plain(400, "Invalid data", None)
        now = self.knobs.clock()
        if not self.knobs.inbox.post_telegram(text, now, self.knobs.house.zone):
            return self._plain(500, "Failed to parse telegram", None)
        return self._plain(201, "", None)

    def _schema(self) -> web.Response:
        """Return the OpenAPI schema with the paths of this version."""
        major, minor = self.knobs.release[:2]
        lines = ["openapi: 3.0.3", "info:", "  title: DSMR-reader"]
        lines += [f"  version: v{major}.{minor}", "paths:"]
        for path, endpoint in ENDPOINTS.items():
            if self.knobs.release >= endpoint.since:
                lines += [f"  {_BASE}{path}:", "    get: {}"]
        body = "\n".join([*lines, ""])
        return self._answer(200, body, content_type="application/vnd.oai.openapi")

    def _detail(self, status: int, text: str, endpoint: Endpoint) -> web.Response:
        """Return an error with `detail`."""
        return self._answer(status, dumps({"detail": text}), allow=endpoint.allow)

    def _plain(self, status: int, text: str, allow: str | None) -> web.Response:
        """Return an answer of a plain Django view."""
        return self._answer(status, text, content_type=PLAIN_HTML, allow=allow)

    def _answer(
        self,
        status: int,
        body: bytes | str,
        content_type: str = "application/json",
        allow: str | None = None,
    ) -> web.Response:
        """Return a response with the headers of this server."""
        return answer(
            status,
            body,
            language=self.language,
            content_type=content_type,
            allow=allow,
            server="nginx" if self.knobs.behind_nginx else "gunicorn",
        )
