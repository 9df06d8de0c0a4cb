"""Statuses, headers, messages and bodies that do not depend on the data.

All of it is recorded from DSMR-reader v5.11.0 (tests/fixtures/dsmr_reader); the Dutch
texts are those of Django and its REST framework.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from aiohttp import web
from orjson import dumps

from simulators.common_options import ValueLocation
from simulators.faults import Json

from .knobs import Language

JSON = "application/json"
# Django's plain views include the character set, the REST framework does not.
PLAIN_HTML = "text/html; charset=utf-8"

MESSAGES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "datetime": "Enter a valid date/time.",
        "date": "Enter a valid date.",
        "ambiguous": (
            "{value} couldn’t be interpreted in time zone {zone}; "  # noqa: RUF001
            "it may be ambiguous or it may not exist."
        ),
        "method": 'Method "{method}" not allowed.',
        "accept": "Could not satisfy the request Accept header.",
    },
    "nl": {
        "datetime": "Voer een geldige datum/tijd in.",
        "date": "Voer een geldige datum in.",
        "ambiguous": (
            "{value} kon niet worden geïnterpreteerd in tijdzone {zone}; "
            "mogelijk is deze dubbelzinnig of bestaat deze niet."
        ),
        "method": 'Methode "{method}" niet toegestaan.',
        "accept": "Kan niet voldoen aan de opgegeven Accept header.",
    },
}

_PAGE = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>{title}</title>\n</head>\n'
    "<body>\n  <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
)
NOT_FOUND_PAGE = _PAGE.format(
    title="Not Found", text="The requested resource was not found on this server."
)
SERVER_ERROR_PAGE = _PAGE.format(title="Server Error (500)", text="")


def negotiate(accept_language: str, default: Language) -> Language:
    """Return the language for an Accept-Language header, as Django selects it."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language.lower().split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((float(weight or 1), name.split("-")[0]))
        except ValueError:
            continue
    for _, name in sorted(wanted, key=lambda item: -item[0]):
        if name == "en":
            return "en"
        if name == "nl":
            return "nl"
    return default


def accepts_json(accept: str) -> bool:
    """Return True if an Accept header allows JSON, the API's only format."""
    types = {part.split(";")[0].strip() for part in accept.split(",")}
    return not accept or bool(types & {"*/*", "application/*", JSON})


def answer(
    status: int,
    body: bytes | str,
    *,
    language: Language,
    content_type: str = JSON,
    allow: str | None = None,
    server: str = "gunicorn",
) -> web.Response:
    """Return a response with the headers that each answer of the server has."""
    headers = {"Server": server, "Content-Type": content_type}
    if allow is not None:
        headers["Allow"] = allow
    headers |= {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Vary": "Accept-Language",
        "Content-Language": language,
    }
    raw = body.encode() if isinstance(body, str) else body
    reason = HTTPStatus(status).phrase
    return web.Response(status=status, reason=reason, body=raw, headers=headers)


def encode(value: Json) -> bytes:
    """Return JSON without spaces and with unescaped characters, like the server."""
    return dumps(value)


_LIVE = (
    "datalogger/dsmrreading",
    "datalogger/meter-statistics",
    "consumption/today",
    "consumption/electricity-live",
    "consumption/gas-live",
    "consumption/quarter-hour-peak-electricity",
    "consumption/energy-supplier-prices",
)
_NO_MEASUREMENTS = frozenset({"id", "dsmr_version", "electricity_tariff"})
_TIMES = ("timestamp", "extra_device_timestamp")
_EARLIER = timedelta(minutes=4)


def live_values(path: str, answer: Json) -> Iterator[ValueLocation]:
    """Yield the location of the measured values in answers about the present."""
    if not path.endswith(_LIVE) or not isinstance(answer, dict):
        return
    results = answer.get("results")
    for row in results if isinstance(results, list) else [answer]:
        if isinstance(row, dict):
            for name in sorted(row.keys() - _NO_MEASUREMENTS):
                yield name, row, name, None


def move_time(row: dict[str, Json], seconds: int) -> None:
    """Move the times of a changed row, which begins so early that none is too late."""
    for name in _TIMES:
        if isinstance(text := row.get(name), str):
            time = datetime.fromisoformat(text) - _EARLIER + timedelta(seconds=seconds)
            row[name] = time.isoformat()
