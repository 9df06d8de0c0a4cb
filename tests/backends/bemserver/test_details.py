"""What the server works out, and what it told a user."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import ClientSession
import pytest

from custom_components.metering_hub.backends.bemserver.backend import BemserverBackend
from custom_components.metering_hub.backends.bemserver.models import PlaceId, PlaceKind
from custom_components.metering_hub.backends.errors import NotFoundError
from simulators.bemserver import CLEAN, DEFAULT_EMAIL, DEFAULT_PASSWORD
from simulators.server import serve

from .conftest import NOW, Campus

ZONE = "Europe/Paris"
SITE = PlaceId(PlaceKind.SITE, 1)


async def test_consumption_of_a_site_by_day(campus: Campus) -> None:
    """Each day's amount is what the meter counted, and the parts stand beside it."""
    midnight = NOW.astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0)
    start = midnight - timedelta(days=3)
    points = campus.backend._engine.points
    found = await points.energy_consumption(SITE, start, midnight, ZONE, "kWh")
    electricity = found["electricity"]
    assert {"all", "heating", "lighting"} <= electricity.keys()
    for number, amount in enumerate(electricity["all"]):
        day: datetime = start + timedelta(days=number)
        true = campus.simulator.amount(1, day, day + timedelta(days=1), CLEAN)
        assert amount == pytest.approx(true)
    assert len(electricity["all"]) == 3


async def test_consumption_in_a_unit_that_is_none(campus: Campus) -> None:
    points = campus.backend._engine.points
    with pytest.raises(NotFoundError):
        await points.energy_consumption(SITE, NOW, NOW + timedelta(days=1), ZONE, "W")


async def test_notifications_are_those_of_the_user(campus: Campus) -> None:
    """All pages, each notification once, though a user in two groups gets it twice."""
    client, user = campus.backend._engine.client, campus.backend._user_id
    found = await client.notifications(user)
    assert found
    assert len({each.id for each in found}) == len(found)
    unread = sum((await client.unread_notifications(user)).values())
    assert sum(not each.is_read for each in found) == unread
    assert all(each.time <= NOW for each in found)


async def test_a_server_that_moves_to_another_port_is_the_same(
    campus: Campus,
) -> None:
    """A person may put it behind https without losing any statistic."""
    before = await campus.backend.connect()
    async with serve(campus.simulator.app) as url, ClientSession() as session:
        settings = {"url": url, "email": DEFAULT_EMAIL, "password": DEFAULT_PASSWORD}
        moved = BemserverBackend(session, settings, {}, clock=campus.clock)
        assert (await moved.connect()).unique_id == before.unique_id
