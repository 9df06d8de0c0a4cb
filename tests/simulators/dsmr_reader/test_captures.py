"""The simulator against the recorded answers of the real server."""

from collections.abc import Iterable

from multidict import CIMultiDict
import orjson
import pytest

from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Json
from simulators.server import serve
from tests.captures import Capture, dsmr_reader, replay_app
from tests.simulators.bare_http import send

# Only readings are stored; OPTIONS of the real server is a page of documentation.
NOT_COVERED = {
    "err_post_day_duplicate",
    "ok_patch_meter_statistics",
    "options_reading",
}
CAPTURES = [capture for capture in dsmr_reader() if capture.name not in NOT_COVERED]
VARIABLE = ("Date", "Content-Length")


async def exchange(url: str, capture: Capture) -> tuple[int, CIMultiDict[str], bytes]:
    """Send the recorded request over a bare socket and return the whole answer."""
    body = (capture.request_body or "").replace("telegram=/", "telegram=%2F")
    headers = CIMultiDict(capture.request_headers)
    headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    return await send(url, capture.method, capture.target, headers, body)


def shape(value: Json) -> object:
    """Return keys in order and types; rows of a list only once when they agree."""
    if isinstance(value, dict):
        return [(key, shape(item)) for key, item in value.items()]
    if isinstance(value, list):
        shapes = [shape(item) for item in value]
        return shapes[:1] if all(item == shapes[0] for item in shapes) else shapes
    return type(value).__name__


def fixed(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers whose value does not depend on the time or the data."""
    return {name: value for name, value in headers if name not in VARIABLE}


def test_captures_are_all_accounted_for() -> None:
    names = {capture.name for capture in dsmr_reader()}
    assert not NOT_COVERED - names
    assert len(CAPTURES) == len(names) - len(NOT_COVERED)
    assert len(CAPTURES) == 57


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.name)
async def test_answers_like_the_real_server(
    simulator: DsmrReaderSimulator, capture: Capture
) -> None:
    simulator.api_enabled = "disabled" not in capture.name
    async with serve(simulator.app) as url:
        status, headers, body = await exchange(url, capture)
    assert status == capture.status
    assert fixed(headers.items()) == fixed(capture.headers.items())
    assert set(headers) == set(capture.headers)
    if capture.method == "HEAD":
        return
    if status in (200, 201):
        assert shape(orjson.loads(body)) == shape(orjson.loads(capture.body))
    else:
        assert body == capture.body


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    "name",
    [
        "datalogger_dsmrreading_10",
        "datalogger_dsmrreading_range",
        "err_offset_beyond_end",
        "err_unknown_param",
        "err_bad_offset",
        "err_bad_limit",
        "err_limit_zero",
        "err_bad_ordering",
        "statistics_day",
    ],
)
async def test_links_to_other_pages_are_built_alike(
    simulator: DsmrReaderSimulator, name: str
) -> None:
    (capture,) = (capture for capture in CAPTURES if capture.name == name)
    recorded = orjson.loads(capture.body)
    async with serve(simulator.app) as url:
        got = orjson.loads((await exchange(url, capture))[2])
    for link in ("next", "previous"):
        expected = recorded[link] and recorded[link].replace(
            "http://127.0.0.1:18080", url
        )
        assert got[link] == expected


@pytest.mark.usefixtures("socket_enabled")
async def test_replays_byte_for_byte() -> None:
    captures = [capture for capture in dsmr_reader() if "disabled" not in capture.name]
    async with replay_app(captures) as replay:
        for capture in captures:
            status, headers, body = await exchange(replay.url, capture)
            assert status == capture.status
            assert fixed(headers.items()) == fixed(capture.headers.items())
            if capture.method == "GET":
                assert body == capture.body
    assert len(replay.requests) == len(captures)


@pytest.mark.usefixtures("socket_enabled")
async def test_replay_ignores_moments_and_falls_back() -> None:
    (latest,) = (
        item for item in CAPTURES if item.name == "datalogger_dsmrreading_latest"
    )
    raw = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
    other = Capture(
        **{
            **{name: getattr(latest, name) for name in Capture.__slots__},
            "target": latest.target + "&timestamp__gte=2027-01-01T00:00:00Z",
        }
    )
    nonsense = Capture(
        **{
            **{name: getattr(latest, name) for name in Capture.__slots__},
            "target": latest.target + "&timestamp__gte=soon",
        }
    )
    async with replay_app(CAPTURES) as replay:
        assert (await exchange(replay.url, other))[2] == latest.body
        assert (await exchange(replay.url, nonsense))[0] == 404
    async with replay_app(CAPTURES, fallback=lambda _: raw) as replay:
        assert (await exchange(replay.url, nonsense))[0] == 204
