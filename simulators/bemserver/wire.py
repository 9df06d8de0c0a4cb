"""Forms of the server's answers: JSON, errors, ETags, pages, HTML of its proxies.

All of it is recorded from bemserver-api 0.27.0 (tests/fixtures/bemserver).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha1
from http import HTTPStatus
import json

from aiohttp import hdrs, web

from simulators.common_options import ValueLocation
from simulators.faults import Json, Row

type Errors = Mapping[str, Json]

JSON = "application/json"
HTML = "text/html; charset=utf-8"
MISSING = "Missing data for required field."
_PHRASES = {422: "Unprocessable Entity"}  # Python has another name since 3.13.
_REDIRECT_PAGE = (
    "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n"
    "<h1>Redirecting...</h1>\n<p>You should be redirected automatically to the "
    'target URL: <a href="{0}">{0}</a>. If not, click the link.\n'
)
_PAGE = (
    "<html>\n<head><title>{0}</title></head>\n<body>\n<h1>{0}</h1>\n</body>\n</html>\n"
)


@dataclass
class ApiError(Exception):
    """An answer of 400 and above; `errors` are those of the fields of the request."""

    status: int
    message: str | None = None
    errors: Errors = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """Return the answer."""
        body: Row = {"code": self.status, "status": phrase(self.status)}
        if self.message is not None:
            body["message"] = self.message
        if self.errors:
            body["errors"] = dict(self.errors)
        return answer(encode(body), self.status, headers=self.headers)


def forbidden() -> ApiError:
    """Return the only form of a 403."""
    return ApiError(403, "Authorization error")


def invalid(message: str | None = None, **errors: Json) -> ApiError:
    """Return a 422; the keywords are the locations of the errors: `json` or `query`."""
    return ApiError(422, message, errors)


def phrase(status: int) -> str:
    """Return the server's name of a status."""
    return _PHRASES.get(status) or HTTPStatus(status).phrase


def encode(value: Json) -> bytes:
    """Return compact ASCII JSON and a newline, as Flask does."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def answer(
    body: bytes,
    status: int = 200,
    *,
    content_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return a response; the content type is sent exactly as given."""
    sent = {hdrs.CONTENT_TYPE: content_type, **(headers or {})}
    return web.Response(
        status=status, reason=phrase(status).upper(), body=body, headers=sent
    )


def tagged(
    request: web.Request, value: Json, pages: str | None = None, *, etag: bool = True
) -> web.Response:
    """Return the value with its ETag, or 304 if the client already has it.

    The tag is a hash of the data, and of the paging header if there is one.
    """
    headers = {} if pages is None else {"X-Pagination": pages}
    if not etag:
        return answer(encode(value), headers=headers)
    tag = entity_tag(value, pages)
    wanted = request.headers.get(hdrs.IF_NONE_MATCH, "")
    if tag in {part.strip().strip('"') for part in wanted.split(",")}:
        return web.Response(status=304)
    return answer(encode(value), headers={**headers, hdrs.ETAG: f'"{tag}"'})


def entity_tag(value: Json, pages: str | None = None) -> str:
    """Return the ETag of an answer, without quotes."""
    hashed: Json = value if pages is None else [value, [["X-Pagination", pages]]]
    text = json.dumps(hashed, sort_keys=True)
    return sha1(text.encode(), usedforsecurity=False).hexdigest()


def pagination(total: int, page: int, size: int) -> str:
    """Return the X-Pagination header."""
    last = -(-total // size)
    pages = {"total": total, "total_pages": last}
    if total:
        pages |= {"first_page": 1, "last_page": last}
    if page <= last:
        pages["page"] = page
        if page > 1:
            pages["previous_page"] = page - 1
        if page < last:
            pages["next_page"] = page + 1
    return json.dumps(pages)


def redirect(location: str) -> web.Response:
    """Return the 308 to the path with a trailing slash."""
    page = _REDIRECT_PAGE.format(location).encode()
    headers: dict[str, str] = {hdrs.LOCATION: location}
    return answer(page, 308, content_type=HTML, headers=headers)


def proxy_page(status: int, title: str) -> web.Response:
    """Return an HTML page of gunicorn or nginx."""
    page = _PAGE.format(title).encode()
    return answer(page, status, content_type="text/html")


def latest_points(path: str, answer: Json) -> Iterator[ValueLocation]:
    """Yield the location of each series' latest point in an answer with points."""
    if "/timeseries_data/" not in path or not isinstance(answer, dict):
        return
    for label, points in answer.items():
        if isinstance(points, dict) and points:
            yield label, points, max(points), None


def move_time(points: dict[str, Json], answers: int) -> None:
    """Make the latest of these points later by a fifth of a second for each answer."""
    label = max(points)
    time = datetime.fromisoformat(label) + timedelta(milliseconds=200 * answers)
    points[time.isoformat()] = points.pop(label)
