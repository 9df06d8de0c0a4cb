"""Errors in the form of each edition, and the headers that all answers have.

A refusal may be raised anywhere and gets its form in one place.

Source: docs/wire/besmart.md, Errors.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from orjson import dumps

from simulators.common_options import ValueLocation
from simulators.faults import Json, Row

from .knobs import ErrorStyle
from .store import PREDICTED

JSON = "application/json"
PROBLEM = "application/problem+json"

NO_TOKEN = "No authorization token provided"  # noqa: S105 A message.
BAD_TOKEN = "Provided authorization token is not valid"  # noqa: S105 A message.
BAD_LOGIN = "Invalid login or password"
NO_RESOURCE = "Resource not found"
NO_URL = "The requested URL was not found on the server."
NO_METHOD = "The method is not allowed for the requested URL."


@dataclass(frozen=True, slots=True)
class Complaint:
    """One problem with the input: its location (e.g. "query", "since"), text, type."""

    loc: tuple[str | int, ...]
    msg: str
    kind: str

    def row(self) -> dict[str, Json]:
        """Return the entry of FastAPI's list."""
        return {"loc": [*self.loc], "msg": self.msg, "type": self.kind}


class RefusedError(Exception):
    """The request is answered with this status instead of data."""

    def __init__(
        self, status: int, detail: str, complaints: Sequence[Complaint] = ()
    ) -> None:
        """Initialize with the status, the text, and the input problems of a 422."""
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.complaints = tuple(complaints)


def invalid(loc: tuple[str | int, ...], msg: str, kind: str) -> RefusedError:
    """Return the refusal of an input that cannot be understood."""
    return RefusedError(422, msg, [Complaint(loc, msg, kind)])


def _problem(error: RefusedError) -> tuple[int, bytes, str]:
    """Return connexion's form: input errors are 400, the published 422 is "Error"."""
    if error.status == 422 and not error.complaints:
        return 422, dumps("Error"), JSON
    status = 400 if error.complaints else error.status
    body = {
        "detail": error.detail,
        "status": status,
        "title": HTTPStatus(status).phrase,
        "type": "about:blank",
    }
    return status, dumps(body), PROBLEM


def _text(error: RefusedError) -> tuple[int, bytes, str]:
    """Return the form of 2022: a JSON string."""
    return error.status, dumps(error.detail), JSON


def _detail(error: RefusedError) -> tuple[int, bytes, str]:
    """Return FastAPI's form: an object with `detail`."""
    if error.complaints:
        rows = [complaint.row() for complaint in error.complaints]
        return error.status, dumps({"detail": rows}), JSON
    return error.status, dumps({"detail": error.detail}), JSON


_STYLES: Mapping[ErrorStyle, Callable[[RefusedError], tuple[int, bytes, str]]] = {
    "problem": _problem,
    "text": _text,
    "detail": _detail,
}


def error_response(error: RefusedError, style: ErrorStyle) -> web.Response:
    """Return the refusal in the form of the edition."""
    status, body, content_type = _STYLES[style](error)
    headers = {"Server": "nginx", "Content-Type": content_type}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(status=status, body=body, headers=headers)


def json_response(value: Json) -> web.Response:
    """Return JSON with unescaped characters, like both frameworks' servers."""
    headers = {"Server": "nginx", "Content-Type": JSON}
    return web.Response(body=dumps(value), headers=headers)


def sampled_values(path: str, answer: Json) -> Iterator[ValueLocation]:
    """Yield the location of each signal's newest sample in an answer with columns."""
    if not path.endswith(("/signals/data", "/signals/data/v2")):
        return
    for signal in answer if isinstance(answer, list) else ():
        columns = signal.get("data") if isinstance(signal, dict) else None
        if isinstance(signal, dict) and isinstance(columns, dict):
            name = f"{signal['sensor_mid']}/{signal['signal_type_moid']}"
            if (index := _newest(columns)) is not None:
                yield name, columns, "value", index


def move_time(columns: dict[str, Json], answers: int) -> None:
    """Make the newest sample later by half a second for each answer."""
    times, index = columns.get("time"), _newest(columns)
    if isinstance(times, list) and index is not None:
        time = times[index]
        times[index] = time + 500 * answers if isinstance(time, int | float) else time


def _newest(columns: Row) -> int | None:
    """Return the place of the newest sample that is no forecast, if there is one."""
    origins = columns.get("origin")
    if not isinstance(origins, list):
        return None
    places = [place for place, origin in enumerate(origins) if origin != PREDICTED]
    return places[-1] if places else None
