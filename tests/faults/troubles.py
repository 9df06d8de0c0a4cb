"""The table of all troubles that a network or a server can have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
import os

from orjson import dumps

from simulators.faults import (
    Action,
    Answer,
    Drop,
    Fault,
    Huge,
    Truncate,
    busy,
    html_error,
    redirect,
)

from .actions import (
    JSON,
    ClockSkew,
    GzipBomb,
    HangUp,
    RedirectToItself,
    Refuse,
    Relabel,
    ResetMidway,
    Rewrite,
    Silence,
    StopMidway,
    nulls,
    wrong_types,
)
from .authority import Certificate
from .proxy import FaultProxy, Link

type Begin = Callable[[FaultProxy, str], None]
"""Begins a trouble of the server of a backend."""

HOUR = timedelta(hours=1)
WAIT = 90
"""The seconds that a server asks to wait."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong.

    It `takes_time` if a client waits until its time is up.
    """

    name: str
    begin: Begin
    takes_time: bool = False


REFUSALS: Mapping[str, Answer] = {
    "bemserver": Answer(
        401, dumps({"code": 401, "errors": {"authentication": "expired_token"}}), JSON
    ),
    "besmart": Answer(401, dumps({"detail": "Invalid or expired token"}), JSON),
    "dsmr_reader": Answer(403, dumps({"detail": "Invalid auth key"}), JSON),
    "milesight": Answer(
        401,
        dumps(
            {
                "status": "Failed",
                "error_code": "authentication_failed",
                "error_message": "Bad credentials",
            }
        ),
        JSON,
    ),
}
"""How each server refuses credentials."""

FAILED_LOGIN = Answer(200, dumps({"status": "failure"}), JSON)
"""How a BEMServer refuses a password."""


def _link(link: Link) -> Begin:
    """Return a trouble of the way to the server."""

    def begin(proxy: FaultProxy, _: str) -> None:
        proxy.link = link

    return begin


def _certificate(certificate: Certificate) -> Begin:
    """Return a trouble of TLS."""

    def begin(proxy: FaultProxy, _: str) -> None:
        proxy.certificate = certificate

    return begin


def _all(action: Action) -> Begin:
    """Return a trouble that each request meets."""

    def begin(proxy: FaultProxy, _: str) -> None:
        proxy.add(Fault(action))

    return begin


def _expire(proxy: FaultProxy, backend: str) -> None:
    """Refuse all credentials in headers that were seen until now."""
    proxy.add(Fault(Refuse(REFUSALS[backend], frozenset(proxy.tokens))))


def _revoke(proxy: FaultProxy, backend: str) -> None:
    """Refuse all credentials, also those of a login."""
    refusal = REFUSALS[backend]
    login = FAILED_LOGIN if backend == "bemserver" else refusal
    proxy.add(Fault(Refuse(refusal, login=login)))


def _fail(status: int) -> Begin:
    """Return an error in JSON."""
    return _all(Answer(status, dumps({"code": status, "detail": "Failed"}), JSON))


DEEP = 100_000
_SIZE = 8 << 20

ALL_TROUBLES = (
    # The way to the server.
    Trouble("unknown_name", _link(Link.NO_NAME)),
    Trouble("refused", _link(Link.NOBODY)),
    Trouble("connect_stall", _link(Link.SILENT), takes_time=True),
    Trouble("no_tls", _link(Link.PLAIN)),
    Trouble("tls_expired", _certificate(Certificate.EXPIRED)),
    Trouble("tls_untrusted", _certificate(Certificate.UNTRUSTED)),
    Trouble("tls_other_host", _certificate(Certificate.OTHER_HOST)),
    # The connection.
    Trouble("reset", _all(Drop())),
    Trouble("hang_up", _all(HangUp())),
    Trouble("reset_midway", _all(ResetMidway())),
    Trouble("truncated", _all(Truncate())),
    Trouble(
        "read_stall", lambda proxy, _: proxy.add(Fault(Silence(proxy.released))), True
    ),
    Trouble(
        "stall_midway",
        lambda proxy, _: proxy.add(Fault(StopMidway(proxy.released))),
        True,
    ),
    # What the server says instead of an answer.
    Trouble("token_expired", _expire),
    Trouble("token_revoked", _revoke),
    Trouble("403", _fail(403)),
    Trouble("404_json", _fail(404)),
    Trouble("404_html", _all(html_error(404))),
    Trouble("429", _all(Answer(429, b"{}", JSON))),
    Trouble("429_wait", _all(busy(429, WAIT))),
    Trouble("500_json", _fail(500)),
    Trouble("500_html", _all(html_error(500))),
    Trouble("502_json", _fail(502)),
    Trouble("502_html", _all(html_error(502))),
    Trouble("503_json", _fail(503)),
    Trouble("503_html", _all(html_error(503))),
    Trouble("503_wait", _all(busy(503, WAIT))),
    Trouble("redirect_loop", _all(RedirectToItself())),
    Trouble("redirect_away", _all(redirect("https://elsewhere.example.net/"))),
    # What is wrong with an answer.
    Trouble("huge", _all(Huge(_SIZE))),
    Trouble("gzip_bomb", _all(GzipBomb())),
    Trouble("deep", _all(Answer(200, b"[" * DEEP + b"]" * DEEP, JSON))),
    Trouble("malformed", _all(Answer(200, b'{"results": [{"id": 1,', JSON))),
    Trouble("html", _all(html_error(200, "Welcome"))),
    Trouble("other_type", _all(Relabel("text/plain"))),
    Trouble("empty", _all(Answer(200, b"", JSON))),
    Trouble("204", _all(Answer(204))),
    Trouble("null", _all(Answer(200, b"null", JSON))),
    Trouble("object", _all(Answer(200, b"{}", JSON))),
    Trouble("list", _all(Answer(200, b"[]", JSON))),
    Trouble("nulls", _all(Rewrite(nulls))),
    Trouble("wrong_types", _all(Rewrite(wrong_types))),
    # The server's clock.
    Trouble("hour_ahead", _all(ClockSkew(HOUR))),
    Trouble("hour_behind", _all(ClockSkew(-HOUR))),
    Trouble("day_ahead", _all(ClockSkew(24 * HOUR))),
    Trouble("day_behind", _all(ClockSkew(-24 * HOUR))),
)
"""Each trouble, from the name in the address to the clock of the server."""

_OF_EACH_KIND = frozenset(
    {"unknown_name", "refused", "connect_stall", "tls_untrusted", "reset_midway"}
    | {"truncated", "read_stall", "token_expired", "token_revoked", "403", "404_html"}
    | {"429_wait", "500_json", "503_html", "huge", "deep", "malformed", "empty"}
    | {"null", "list", "nulls", "wrong_types", "hour_behind", "day_ahead"}
)
_FOR_IMPORTS = frozenset(
    {"refused", "read_stall", "reset_midway", "token_expired", "token_revoked", "403"}
    | {"429_wait", "503_html", "malformed", "list", "wrong_types", "day_behind"}
)
_NAMED = frozenset(os.environ.get("TROUBLES", "").split(",")) - {""}

TROUBLES = tuple(each for each in ALL_TROUBLES if not _NAMED or each.name in _NAMED)
"""All troubles, or those that the environment names, to look at single ones."""


def _some(names: frozenset[str]) -> tuple[Trouble, ...]:
    """Return the troubles with these names, or all that are wanted explicitly."""
    is_all = bool(_NAMED) or "ALL_TROUBLES" in os.environ
    return tuple(each for each in TROUBLES if is_all or each.name in names)


SLOW_PHASE_TROUBLES = _some(_OF_EACH_KIND)
"""Those of set-ups and polls, which take long: one of each kind, or all of them."""

IMPORT_TROUBLES = _some(_FOR_IMPORTS)
"""Those of imports, which take longest."""
