"""The requests that real servers are known to answer, and a watch over our own.

A simulator that ignores what it does not know hides a client that asks for something
no server has. So each request that our client sends in a test must have been captured,
or stand in docs/wire: its method, its path, and the names in its query and its body.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from simulators.faults import Faults, RecordedRequest

from .captures import FIXTURES, bemserver, dsmr_reader

MILESIGHT_VERSIONS = ("1.0.0", "1.2.5", "1.3.1")
_NUMBER = re.compile(r"(?<=/)\d+(\.\d+)?(?=/|$)")
_IGNORED = ("err_unknown_param", "timeseries_unknown_filter")
"""Captures with names that the servers do not know, and ignore."""

_SAMPLES = ("since", "till", "delta_t", "raw", "output_unit_id", "signal_origin_id")
_BATCH = (
    *("client_cid", "sensor_mid", "signal_type_moid"),
    *("get_last", "last_acq", *_SAMPLES),
)
_LIST = ("limit", "offset", "ordering")
_LOGIN = (
    *("client_id", "client_secret", "grant_type"),
    *("password", "refresh_token", "username"),
)

type Shape = tuple[str, str]
"""A method, and a path in which numbers are `{}`."""


@dataclass(frozen=True, slots=True)
class Described:
    """A request, or names in one, that stand in a file of docs/wire only."""

    wire: str
    method: str
    path: str
    names: tuple[str, ...] = ()

    @property
    def shape(self) -> Shape:
        """Return the method and the path."""
        return self.method, self.path


_DESCRIBED: Mapping[str, Mapping[Shape, Sequence[str]]] = {
    "bemserver": {
        ("GET", "/events/"): ("page_size",),
        ("GET", "/notifications/"): ("page", "page_size", "campaign_id", "user_id"),
        ("GET", "/notifications/{}"): (),
        ("PUT", "/notifications/{}"): ("read",),
        ("GET", "/timeseries/"): ("campaign_scope_id", "name"),
        ("GET", "/timeseries_by_buildings/"): ("page",),
        ("GET", "/timeseries_by_sites/"): ("page",),
        ("GET", "/timeseries_by_spaces/"): ("page", "page_size"),
        ("GET", "/timeseries_by_storeys/"): ("page", "page_size"),
        ("GET", "/timeseries_by_zones/"): ("page", "page_size"),
        ("GET", "/timeseries_property_data/"): ("property_id",),
        ("POST", "/timeseries_data/"): ("data_state", "{}"),
    },
    "besmart": {
        ("POST", "/users/token"): ("login", "password"),
        ("GET", "/workspaces"): (),
        ("GET", "/sensors/find"): ("client_cid", "columns", "meter_eid"),
        ("POST", "/sensors/external"): (),
        ("GET", "/sensors/{}"): (),
        ("GET", "/sensors/states"): ("client_cid", "sensor_mid"),
        ("GET", "/sensors/signals/types"): (),
        ("GET", "/sensors/{}/signals/{}/data"): _SAMPLES,
        ("POST", "/sensors/signals/data"): _BATCH,
        ("POST", "/sensors/signals/data/v2"): _BATCH,
    },
    "dsmr_reader": {
        ("POST", "/api/v1/datalogger/dsmrreading"): ("telegram",),
        ("GET", "/api/v2/consumption/electricity"): ("read_at__gte", "read_at__lte"),
        ("GET", "/api/v2/consumption/energy-supplier-prices"): _LIST,
        ("GET", "/api/v2/consumption/gas"): ("read_at__gte", "read_at__lte"),
        ("GET", "/api/v2/consumption/quarter-hour-peak-electricity"): (
            "read_at_start__gte",
        ),
        ("GET", "/api/v2/statistics/day"): ("day__gte", "day__lte"),
        ("GET", "/api/v2/statistics/hour"): ("hour_start__gte", "hour_start__lte"),
    },
    "milesight": {
        ("POST", "/device/search"): ("name",),
        ("PUT", "/device/{}"): ("name",),
        ("GET", "/entity/{}/children"): (),
        # The handshake of the WebSocket.
        ("GET", "/mqtt"): (),
        ("GET", "/mqtt/web/credentials"): (),
        ("POST", "/oauth2/token"): _LOGIN,
        ("GET", "/websocket"): (),
    },
}
DESCRIBED = [
    Described(wire, *shape, tuple(names))
    for wire, shapes in _DESCRIBED.items()
    for shape, names in shapes.items()
]
"""What is not captured."""


@cache
def captured() -> Mapping[Shape, set[str]]:
    """Return the names in the captured requests that were answered, by shape."""
    found: dict[Shape, set[str]] = {}
    for capture in bemserver() + dsmr_reader():
        if capture.status >= HTTPStatus.BAD_REQUEST or capture.name in _IGNORED:
            continue
        names = _names(urlsplit(capture.target).query, capture.request_body or "")
        found.setdefault(shape(capture.method, capture.path), set()).update(names)
        if capture.method == "OPTIONS":
            actions = json.loads(capture.body)["actions"]
            found.setdefault(shape("POST", capture.path), set()).update(actions["POST"])
    for version in MILESIGHT_VERSIONS:
        path = FIXTURES / "milesight" / f"calls-{version}.json"
        for call in json.loads(path.read_text())["calls"].values():
            request = call.get("request")
            if request and call["status"] < HTTPStatus.BAD_REQUEST:
                names = {*(request.get("json") or {})}
                key = shape(request["method"], request["path"])
                found.setdefault(key, set()).update(names)
    return found


@cache
def known() -> Mapping[Shape, set[str]]:
    """Return the names that are captured or described, by shape."""
    found = {key: {*names} for key, names in captured().items()}
    for each in DESCRIBED:
        found.setdefault(each.shape, set()).update(each.names)
    return found


def shape(method: str, path: str) -> Shape:
    """Return the shape of a request; ids in a path do not matter."""
    return method, _NUMBER.sub("{}", path)


def unknown_in(request: RecordedRequest) -> set[str]:
    """Return what is unknown in a request: its path, or names in it.

    A path may have a prefix, such as that of a proxy in front of the server.
    """
    method, path = shape(request.method, request.path)
    while (method, path) not in known():
        _, slash, rest = path[1:].partition("/")
        if not slash:
            return {"(its path)"}
        path = slash + rest
    names = {*request.query} | request.fields
    names = {"{}" if name.isdecimal() else name for name in names}
    return names - known()[method, path]


@dataclass
class Watch:
    """The unknown requests so far, as text."""

    unknown: set[str] = field(default_factory=set)

    def see(self, request: RecordedRequest) -> None:
        """Note a request if anything in it is unknown."""
        if names := unknown_in(request):
            self.unknown.add(f"{request.method} {request.path} {sorted(names)}")


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch all requests to simulators."""
    watch = Watch()
    Faults.observers.append(watch.see)
    try:
        yield watch
    finally:
        Faults.observers.remove(watch.see)


@pytest.fixture(autouse=True)
def only_known_requests() -> Iterator[None]:
    """Fail a test in which our client asks for what no server is known to answer."""
    with watched() as watch:
        yield
    assert watch.unknown == set(), "\n".join(sorted(watch.unknown))


def _names(query: str, body: str) -> Iterable[str]:
    """Return the names in a query, and in a body that is JSON or a form."""
    yield from (name for name, _ in parse_qsl(query, keep_blank_values=True))
    try:
        yield from json.loads(body)
    except ValueError:
        yield from (name for name, _ in parse_qsl(body, keep_blank_values=True))
