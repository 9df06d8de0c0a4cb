"""What no capture has is described, and unknown requests of our own are seen."""

from pathlib import Path
import re

from aiohttp import ClientSession
import pytest

from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.server import serve

from .known_requests import DESCRIBED, Described, captured, watched
from .simulators.dsmr_reader.conftest import KEY, house, simulator

__all__ = ["house", "simulator"]

WIRE = Path(__file__).parents[1] / "docs" / "wire"
READINGS = "/api/v2/datalogger/dsmrreading"


@pytest.mark.parametrize("each", DESCRIBED, ids=lambda each: " ".join(each.shape))
def test_what_is_not_captured_is_described(each: Described) -> None:
    text = (WIRE / f"{each.wire}.md").read_text()
    places = re.sub(r"\{\w+\}(\.\{\w+\})?", "{}", text)
    assert f"{each.path}`" in places or f"{each.path} " in places
    words = {*re.findall(r"\w+", text)}
    names = {name for name in each.names if name.isidentifier()}
    assert names <= words


@pytest.mark.parametrize("each", DESCRIBED, ids=lambda each: " ".join(each.shape))
def test_what_is_described_is_not_captured(each: Described) -> None:
    names = captured().get(each.shape)
    assert names is None or (each.names and names.isdisjoint(each.names))


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    ("method", "target", "body", "unknown"),
    [
        ("GET", f"{READINGS}?ordering=-timestamp&limit=1", "", set()),
        ("GET", f"/proxy{READINGS}?limit=1", "", set()),
        ("GET", f"{READINGS}?newest=1", "", {f"GET {READINGS} ['newest']"}),
        ("GET", f"{READINGS}s", "", {f"GET {READINGS}s ['(its path)']"}),
        ("PUT", READINGS, '{"id": 1}', {f"PUT {READINGS} ['(its path)']"}),
        ("POST", READINGS, '{"timestamp": 1}', set()),
    ],
)
async def test_an_unknown_request_is_seen(
    simulator: DsmrReaderSimulator,
    method: str,
    target: str,
    body: str,
    unknown: set[str],
) -> None:
    headers = {"X-AUTHKEY": KEY, "Content-Type": "application/json"}
    async with serve(simulator.app) as url, ClientSession() as session:
        with watched() as watch:
            async with session.request(
                method, f"{url}{target}", data=body, headers=headers
            ):
                assert watch.unknown == unknown
