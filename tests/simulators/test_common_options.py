"""Stopped clocks and changing values, as the backends see them."""

from aiohttp import ClientSession
import pytest

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.flow.forms import read_values
from custom_components.metering_hub.metering.model import Kind, Value
from demo.servers import KINDS, Kind as ServerKind
from simulators.__main__ import SIMULATORS, parser
from simulators.common_options import changed
from simulators.server import serve

SECRET = "simulated-secret"
SIZES = {
    "besmart": ("--meters", "4", "--years", "0.05"),
    "bemserver": ("--series", "100", "--years", "0.05"),
    "dsmr_reader": ("--years", "0.05"),
    "milesight": ("--devices", "20", "--days", "3"),
}


async def two_polls(kind: ServerKind, *options: str) -> list[dict[str, Value]]:
    """Return the numbers of two consecutive polls."""
    command = (kind.backend, *kind.options(SECRET), *SIZES[kind.backend], *options)
    running = SIMULATORS[kind.backend].build(parser().parse_args(command))
    spec = BACKENDS[kind.backend]
    async with serve(running.app) as url, ClientSession() as session:
        form = kind.form(url.removeprefix("http://"), SECRET)
        backend = spec.make(session, read_values(spec, dict(form), None), {})
        await backend.connect()
        points = [
            point
            for point in (await backend.inventory()).points.values()
            if point.kind in (Kind.INSTANT, Kind.REGISTER)
        ]
        polls = [await backend.latest(points) for _ in range(2)]
    return [
        {key: reading.value for key, reading in poll.readings.items()} for poll in polls
    ]


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.backend)
async def test_nothing_changes_where_time_stands_still(kind: ServerKind) -> None:
    first, second = await two_polls(kind, "--still")
    assert len(first) >= 10
    assert second == first


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.backend)
@pytest.mark.parametrize("percent", [100, 10])
async def test_a_share_changes(kind: ServerKind, percent: int) -> None:
    first, second = await two_polls(kind, "--changing", str(percent))
    shared = first.keys() & second.keys()
    # No meter counts so fast, so the quarter of an hour may have no mean any more.
    assert {each for each in first if each not in shared} <= {
        "quarter_hour_average",
        "quarter_hour_projection",
    }
    new = sum(second[key] != first[key] for key in shared)
    # DSMR-reader reports one value twice, and Beaver IoT has some without numbers.
    assert new == pytest.approx(len(shared) * percent / 100, rel=0.3, abs=2)


def test_changed() -> None:
    assert changed(True, 1) is False
    assert changed(True, 2) is True
    assert changed(3, 2) == 5
    assert changed("1.250", 2) == "1.252"
    assert changed("8", 2) == "10"
    assert changed("ONLINE", 7) == "ONLINE"
