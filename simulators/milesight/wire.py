"""The wrapper of each answer, and the errors.

Source: docs/wire/milesight.md, JSON and Errors.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from aiohttp import web
from orjson import dumps

from simulators.common_options import ValueLocation
from simulators.faults import Json

INDEX_PAGE = (
    '<!doctype html>\n<html lang="en">\n<head><title>Beaver IoT</title></head>\n'
    '<body><div id="root"></div></body>\n</html>\n'
)

_DAY_MILLIS = 24 * 3600 * 1000


@dataclass(slots=True)
class ApiError(Exception):
    """An answer with status "Failed"; an empty message is left out."""

    status: int
    code: str
    message: str
    data: Json = None


def unauthorized(message: str) -> ApiError:
    """Return the answer to every failure of authentication."""
    return ApiError(401, "authentication_failed", message)


def forbidden() -> ApiError:
    """Return the answer to a user whose role lacks a function."""
    return ApiError(403, "forbidden_permission", "Forbidden permission")


def not_found() -> ApiError:
    """Return the answer for a device or integration that does not exist."""
    return ApiError(404, "data_no_found", "Data not found")


def server_error(message: str) -> ApiError:
    """Return the answer to an exception that the server did not catch."""
    return ApiError(500, "server_error", message)


def invalid(message: str) -> ApiError:
    """Return the answer to an invalid parameter."""
    return ApiError(400, "parameter_validation_failed", message)


def several(*errors: tuple[str, str]) -> ApiError:
    """Return a multiple_error of (error_code, error_message)."""
    data: list[Json] = [
        {"error_code": code, "error_message": message, "args": {}}
        for code, message in errors
    ]
    return ApiError(400, "multiple_error", "Multiple errors", data=data)


def success(data: Json) -> web.Response:
    """Return an answer; like every null, data None is left out."""
    body: dict[str, Json] = {} if data is None else {"data": data}
    body |= {"status": "Success", "request_id": uuid4().hex}
    return _json(200, body)


def failure(error: ApiError) -> web.Response:
    """Return the answer of an error."""
    body: dict[str, Json] = {} if error.data is None else {"data": error.data}
    body |= {"status": "Failed", "request_id": uuid4().hex}
    body["error_code"] = error.code
    if error.message:
        body["error_message"] = error.message
    return _json(error.status, body)


def index_page() -> web.Response:
    """Return the page that nginx serves for each path that is not a file."""
    return web.Response(text=INDEX_PAGE, content_type="text/html")


def not_allowed() -> web.Response:
    """Return nginx's refusal of methods other than GET for its files."""
    page = "<html><head><title>405 Not Allowed</title></head></html>"
    return web.Response(status=405, text=page, content_type="text/html")


def _json(status: int, body: Json) -> web.Response:
    """Return a JSON response."""
    return web.Response(
        status=status, body=dumps(body), content_type="application/json"
    )


def latest_values(path: str, answer: Json) -> Iterator[ValueLocation]:
    """Yield the location of latest values in the answer for many entities."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if path.endswith("/entity/batch-get-status") and isinstance(data, dict):
        for entity_id, row in data.items():
            if isinstance(row, dict) and "value" in row:
                yield entity_id, row, "value", None


def move_time(row: dict[str, Json], seconds: int) -> None:
    """Move the time of a latest value, which is a day ago, so never in the future."""
    if isinstance(millis := row.get("timestamp"), str):
        row["timestamp"] = str(int(millis) - _DAY_MILLIS + 1000 * seconds)
