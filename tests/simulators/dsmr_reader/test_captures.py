"""The simulator against the recorded answers of the real server."""

from collections.abc import Iterable

import orjson
import pytest

from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.server import serve
from tests.captures import Capture, dsmr_reader, replay_app
from tests.simulators.captured import HttpAnswer, Likeness, exchange

CANNOT_BE_PUT = {
    "options_reading": "A page of documentation, which no client of ours asks for."
}
"""The calls that the simulator does not answer like the server, and why."""

ALL = dsmr_reader()
CAPTURES = [capture for capture in ALL if capture.name not in CANNOT_BE_PUT]
FORM = "application/x-www-form-urlencoded"
VARIABLE = ("Date", "Content-Length")


async def ask(url: str, capture: Capture) -> HttpAnswer:
    """Send the recorded request over a bare socket and return the whole answer."""
    body = (capture.request_body or "").replace("telegram=/", "telegram=%2F")
    kind = capture.request_headers.get("Content-Type", FORM)
    return await exchange(url, capture, body, Content_Type=kind)


def fixed(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers whose value does not depend on the time or the data."""
    return {name: value for name, value in headers if name not in VARIABLE}


def differences(capture: Capture, got: HttpAnswer) -> list[str]:
    """Return in which ways an answer is not like the captured one."""
    status, headers, body = got
    found = [
        f"{what}: {now} not {then}"
        for what, now, then in (
            ("status", status, capture.status),
            ("headers", fixed(headers.items()), fixed(capture.headers.items())),
            ("names of headers", {*headers}, {*capture.headers}),
        )
        if now != then
    ]
    if found or capture.method == "HEAD":
        return found
    if status in (200, 201):
        expected, answer = orjson.loads(capture.body), orjson.loads(body)
        return Likeness().differences(expected, answer)
    return [] if body == capture.body else [f"{body!r} not {capture.body!r}"]


def test_captures_are_all_there() -> None:
    assert len(ALL) == 60
    assert {capture.name for capture in ALL} >= CANNOT_BE_PUT.keys()


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("capture", ALL, ids=lambda capture: capture.name)
async def test_answers_like_the_real_server(
    simulator: DsmrReaderSimulator, capture: Capture
) -> None:
    simulator.api_enabled = "disabled" not in capture.name
    async with serve(simulator.app) as url:
        found = differences(capture, await ask(url, capture))
    # A call that the simulator answers by now does not belong into the table.
    assert bool(found) is (capture.name in CANNOT_BE_PUT), found


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
        got = orjson.loads((await ask(url, capture))[2])
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
            status, headers, body = await ask(replay.url, capture)
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
        assert (await ask(replay.url, other))[2] == latest.body
        assert (await ask(replay.url, nonsense))[0] == 404
    async with replay_app(CAPTURES, fallback=lambda _: raw) as replay:
        assert (await ask(replay.url, nonsense))[0] == 204
