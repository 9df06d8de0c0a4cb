"""Stored values and aggregates in the server's own terms."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from custom_components.metering_hub.backends.errors import RejectedError
from custom_components.metering_hub.metering.server_data import (
    Aggregate,
    Origin,
    ServerQuery,
)
from simulators.milesight import ExtraRow
from tests.simulators.milesight.conftest import NOW, VERSIONS, build

from .conftest import Connect

PLUG = "Boiler plug"
PAGE = 5000
START = NOW.replace(minute=0, second=0) - timedelta(hours=6)
DAY = ServerQuery(start=START, end=START + timedelta(hours=6))


@pytest.mark.parametrize("version", VERSIONS)
async def test_stored_values_come_in_pages(connect: Connect, version: str) -> None:
    beaver = await connect(build(version))
    (point,) = await beaver.points([(PLUG, "voltage")])
    whole = await beaver.backend.server_data(point, DAY, PAGE)
    assert whole.unit == "V"
    assert whole.following is None
    assert len(whole.samples) == 36
    assert all(a.time < b.time for a, b in pairwise(whole.samples))
    part = await beaver.backend.server_data(point, DAY, 20)
    assert part.following == whole.samples[19].time
    rest = replace(DAY, start=part.following)
    more = await beaver.backend.server_data(point, rest, 20)
    assert [*part.samples, *more.samples] == [*whole.samples]


@pytest.mark.parametrize("version", VERSIONS)
async def test_aggregates_are_those_of_the_values(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    (point,) = await beaver.points([(PLUG, "active_power")])
    rows = (await beaver.backend.server_data(point, DAY, PAGE)).samples
    values = [row.value for row in rows if isinstance(row.value, int | float)]
    expected = {
        Aggregate.LAST: values[-1],
        Aggregate.LOWEST: min(values),
        Aggregate.HIGHEST: max(values),
        Aggregate.SUM: sum(values),
        Aggregate.MEAN: sum(values) / len(values),
    }
    for aggregate, value in expected.items():
        query = replace(DAY, aggregate=aggregate)
        (found,) = (await beaver.backend.server_data(point, query, PAGE)).samples
        assert found.time == START
        assert found.value == pytest.approx(value)
        assert found.count is None
    query = replace(DAY, aggregate=Aggregate.COUNT)
    counted = (await beaver.backend.server_data(point, query, PAGE)).samples
    assert {row.value: row.count for row in counted} == {
        value: values.count(value) for value in values
    }


async def test_neighboring_intervals_share_no_value(connect: Connect) -> None:
    """The server counts both ends of a span."""
    beaver = await connect(build())
    entity = beaver.entity(PLUG, "voltage")
    # One value exactly at the start of each hour, and no other.
    beaver.simulator.world.silent.add(entity.key)
    starts = [START + timedelta(hours=hour) for hour in range(7)]
    entity.extra += [
        ExtraRow(int(start.timestamp() * 1000), 100.0, arrived=0, number=number)
        for number, start in enumerate(starts)
    ]
    (point,) = await beaver.points([(PLUG, "voltage")])
    query = replace(DAY, aggregate=Aggregate.SUM, minutes=60)
    found = await beaver.backend.server_data(point, query, PAGE)
    assert [(row.time, row.value) for row in found.samples] == [
        (start, 100.0) for start in starts[:6]
    ]


async def test_many_intervals_are_several_pages(connect: Connect) -> None:
    beaver = await connect(build())
    (point,) = await beaver.points([(PLUG, "voltage")])
    query = replace(DAY, aggregate=Aggregate.LAST, minutes=5)
    found = await beaver.backend.server_data(point, query, PAGE)
    assert found.following == START + timedelta(minutes=250)
    assert len(found.samples) == 25


async def test_flags_are_counted_and_nothing_is_nothing(connect: Connect) -> None:
    beaver = await connect(build())
    (point,) = await beaver.points([(PLUG, "socket_status")])
    query = replace(DAY, aggregate=Aggregate.COUNT)
    found = (await beaver.backend.server_data(point, query, PAGE)).samples
    assert [(row.value, row.count) for row in found] == [(True, 36)]
    beaver.simulator.world.silent.add(beaver.entity(PLUG, "socket_status").key)
    assert (await beaver.backend.server_data(point, query, PAGE)).samples == []


@pytest.mark.parametrize(
    "query",
    [
        replace(DAY, minutes=60),
        replace(DAY, unit=3),
        replace(DAY, is_raw=True),
        replace(DAY, has_earlier=True),
        replace(DAY, origins=frozenset({Origin.MEASURED})),
        replace(DAY, aggregate=Aggregate.MEAN),
    ],
)
async def test_what_the_server_does_not_offer_is_refused(
    connect: Connect, query: ServerQuery
) -> None:
    beaver = await connect(build())
    (point,) = await beaver.points([(PLUG, "socket_status")])
    beaver.requests()
    with pytest.raises(RejectedError):
        await beaver.backend.server_data(point, query, PAGE)
    assert beaver.requests() == []


async def test_values_of_different_types_are_not_aggregated(connect: Connect) -> None:
    beaver = await connect(build())
    (point,) = await beaver.points([(PLUG, "voltage")])
    entity = beaver.entity(PLUG, "voltage")
    millis = int(START.timestamp() * 1000) + 5
    entity.extra.append(ExtraRow(millis, "x", arrived=0, value_type="STRING"))
    with pytest.raises(RejectedError):
        await beaver.backend.server_data(
            point, replace(DAY, aggregate=Aggregate.HIGHEST), PAGE
        )
    last = replace(DAY, aggregate=Aggregate.LAST)
    assert (await beaver.backend.server_data(point, last, PAGE)).samples
