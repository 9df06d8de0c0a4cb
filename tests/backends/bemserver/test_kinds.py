"""Detecting whether series hold meter readings or amounts."""

from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web
import pytest

from custom_components.metering_hub.metering.model import Kind
from simulators.bemserver import RAW
from simulators.faults import Fault, Handler

from .conftest import Campus, Connect


async def test_an_interval_set_on_the_server(campus: Campus) -> None:
    """As the property says, or as the values lie apart."""
    assert campus.point("timeseries_61_amount").interval == timedelta(days=1)
    assert campus.point("timeseries_60_amount").interval is None


async def test_an_interval_is_detected(connect: Connect) -> None:
    """Without the property, by the gaps between values."""
    campus = await connect()
    campus.simulator.world.series[61].interval = None
    await campus.read_inventory()
    assert campus.point("timeseries_61_amount").interval == timedelta(days=1)


@dataclass(frozen=True)
class FailFor:
    """Answer 500 to every request about a series."""

    series: str

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.series in request.query.getall("timeseries", []):
            return web.Response(status=500)
        return await handler(request)


async def test_a_series_that_could_not_be_examined_has_no_point(
    connect: Connect,
) -> None:
    """A meter that is taken for amounts for an hour would spoil its history."""
    campus = await connect(series=300)
    campus.simulator.faults.add(Fault(FailFor("54"), "/timeseries_data/aggregate"))
    before = await campus.read_inventory()
    assert not [key for key in before.points if key.startswith("timeseries_54")]
    campus.simulator.faults.clear()
    campus.clock.forward(hours=1)
    after = await campus.read_inventory()
    assert "timeseries_54_register" in after.points
    assert not before.points.keys() - after.points.keys()


async def test_a_new_series_has_no_history_before_its_kind_is_detected(
    campus: Campus,
) -> None:
    """Its point is only a sensor until then."""
    point = campus.point("timeseries_49")
    assert (point.kind, point.has_history) == (Kind.UNDECIDED, False)
    series = campus.simulator.world.series[49]
    for hour in range(12):
        campus.clock.forward(hours=1)
        at = campus.clock() - timedelta(minutes=10)
        campus.simulator.store.post(series, RAW, {at: 1000.0 + hour})
    campus.clock.forward(hours=13)
    await campus.read_inventory()
    assert campus.point("timeseries_49_register").has_history
