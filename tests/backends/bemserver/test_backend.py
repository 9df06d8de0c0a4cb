"""The backend as a whole: its identity, and failures of parts."""

from aiohttp import ClientSession

from custom_components.metering_hub.backends.bemserver.backend import BemserverBackend
from simulators.bemserver import DEFAULT_EMAIL, DEFAULT_PASSWORD
from simulators.faults import Fault, html_error
from simulators.server import serve

from .conftest import Campus, Connect


async def test_a_server_that_moves_to_another_port_is_the_same(
    campus: Campus,
) -> None:
    """Users may put it behind https without losing any statistic."""
    before = await campus.backend.connect()
    async with serve(campus.simulator.app) as url, ClientSession() as session:
        settings = {"url": url, "email": DEFAULT_EMAIL, "password": DEFAULT_PASSWORD}
        moved = BemserverBackend(session, settings, {}, clock=campus.clock)
        assert (await moved.connect()).unique_id == before.unique_id


async def test_a_failed_endpoint_affects_only_its_points(connect: Connect) -> None:
    """Other requests of the same poll succeed."""
    campus = await connect()
    await campus.read_inventory()
    campus.simulator.faults.add(Fault(html_error(500), "degree_days"))
    latest = await campus.backend.latest(list(campus.inventory.points.values()))
    assert set(latest.failed) == {
        f"site_1_{what}_degree_days_{when}"
        for what in ("heating", "cooling")
        for when in ("yesterday", "month")
    }
