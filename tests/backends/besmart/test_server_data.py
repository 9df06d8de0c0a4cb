"""The data of signals in the server's own terms, page by page."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from custom_components.metering_hub.backends.base import Backend
from custom_components.metering_hub.backends.errors import BackendError, RejectedError
from custom_components.metering_hub.metering.model import Point
from custom_components.metering_hub.metering.server_data import (
    Origin,
    ServerData,
    ServerQuery,
    ServerSample,
)
from simulators.besmart import Removal, Revision
from simulators.faults import Answer, Fault

from .conftest import LATEST, QUARTER, START, Bench, both_editions, key

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUERY = ServerQuery(start=LATEST - HOUR, end=LATEST)
MOST = 5000


async def point_of(backend: Backend, name: str = key(32)) -> Point:
    """Return a point of the inventory."""
    return (await backend.inventory()).points[name]


async def ask(bench: Bench, most: int = MOST, **changes: object) -> ServerData:
    """Return what is stored of the house's A+ in an hour, or as it is changed."""
    backend = bench.backend()
    query = replace(QUERY, **changes)  # type: ignore[arg-type]  # Checked by the tests.
    return await backend.server_data(await point_of(backend), query, most)


@both_editions
async def test_values_as_the_server_has_them(bench: Bench) -> None:
    """The start belongs to the span, the end does not; the unit is the server's."""
    assert await ask(bench) == ServerData(
        unit="kW.h",
        samples=[
            ServerSample(time=time, value=bench.true(32, time), origin=Origin.MEASURED)
            for time in (QUERY.start + n * QUARTER for n in range(4))
        ],
    )


async def test_predictions_are_shown_with_their_bounds(bench: Bench) -> None:
    bench.simulator.predictions, bench.simulator.extra_columns = DAY, True
    end = LATEST + 12 * HOUR
    found = await ask(bench, end=end)
    assert {each.origin for each in found.samples} == {
        Origin.MEASURED,
        Origin.PREDICTED,
    }
    only = await ask(bench, end=end, origins=frozenset({Origin.PREDICTED}))
    assert only.samples == [s for s in found.samples if s.origin is Origin.PREDICTED]
    for each in only.samples:
        assert each.bounds is not None
        assert isinstance(each.value, float)
        assert each.bounds[0] < each.value < each.bounds[1]
    two = frozenset({Origin.MEASURED, Origin.CORRECTED})
    measured = await ask(bench, end=end, origins=two)
    assert measured.samples == [s for s in found.samples if s.origin is Origin.MEASURED]


@both_editions
async def test_earlier_acquisitions_and_deletions(bench: Bench) -> None:
    """The last acquisition is what counts; all can be asked for, in their order."""
    bench.simulator.extra_columns = True
    time = QUERY.start + QUARTER
    bench.simulator.events = [
        Revision(
            start=time, end=time + QUARTER, offset=500, after=2 * QUARTER, origin=1
        ),
        Removal(start=time + QUARTER, end=time + 2 * QUARTER),
    ]
    last = [s for s in (await ask(bench)).samples if s.time == time]
    both = [s for s in (await ask(bench, has_earlier=True)).samples if s.time == time]
    assert last == both[-1:]
    assert [each.acquired for each in both] == [time + QUARTER, time + 3 * QUARTER]
    assert both[0].value == pytest.approx(bench.true(32, time) + 0.5)
    assert both[1].value == bench.true(32, time)
    (deleted,) = (
        each for each in (await ask(bench)).samples if each.time == time + QUARTER
    )
    assert deleted.value is None


@both_editions
async def test_the_server_converts_and_aggregates(bench: Bench) -> None:
    """Whatever the server makes of a register is returned as it is."""
    scaled = await ask(bench, unit=3)
    assert scaled.unit == "W.h"
    assert scaled.samples[0].value == pytest.approx(bench.true(32, QUERY.start) * 1000)
    raw = await ask(bench, is_raw=True)
    assert raw.unit is None
    assert raw.samples[0].value == scaled.samples[0].value
    hours = await ask(bench, start=LATEST - DAY, minutes=60)
    assert {each.origin for each in hours.samples} == {Origin.CALCULATED}
    used = bench.true(32, hours.samples[1].time) - bench.true(32, hours.samples[0].time)
    assert hours.samples[0].value == pytest.approx(used)
    with pytest.raises(RejectedError):
        await ask(bench, unit=11)


@both_editions
async def test_pages_follow_each_other(bench: Bench) -> None:
    """Together they have each value once, as one page has them all."""
    start = START
    whole = await ask(bench, start=start)
    assert len(whole.samples) == (LATEST - start) / QUARTER
    assert whole.following is None
    found: list[ServerSample] = []
    following: datetime | None = start
    pages = 0
    while following is not None:
        page = await ask(bench, most=1000, start=following)
        assert len(page.samples) <= 1000
        found += page.samples
        following = page.following
        pages += 1
    assert found == whole.samples
    assert pages == 4


async def test_acquisitions_of_one_time_are_on_one_page(bench: Bench) -> None:
    """Otherwise the next page would begin with them again."""
    time = QUERY.start
    bench.simulator.events = [
        Revision(start=time, end=time + QUARTER, offset=500, after=QUARTER, origin=1)
    ]
    page = await ask(bench, most=1, has_earlier=True)
    assert [each.time for each in page.samples] == [time, time]
    rest = await ask(bench, has_earlier=True, start=page.following)
    assert [each.time for each in rest.samples] == [
        time + n * QUARTER for n in (1, 2, 3)
    ]


async def test_years_without_values_are_bounded(bench: Bench) -> None:
    """A page says how far it came, instead of asking for twenty years."""
    backend = bench.backend()
    point = await point_of(backend)
    bench.asked()
    query = replace(QUERY, start=LATEST - timedelta(days=7300))
    page = await backend.server_data(point, query, MOST)
    assert bench.asked("/v2") <= 25
    assert page.samples == []
    assert page.following == query.start + 24 * timedelta(days=31)


async def test_answers_that_are_cut_off_are_asked_further(bench: Bench) -> None:
    whole = await ask(bench, start=START)
    bench.simulator.max_rows = 300
    assert await ask(bench, start=START) == whole


async def test_failures_are_failures(bench: Bench) -> None:
    """Neither a fault of the server nor a point of ours is an empty page."""
    backend = bench.backend()
    point = await point_of(backend)
    age = await point_of(backend, key(32).replace("signal_32", "data_delay"))
    with pytest.raises(RejectedError):
        await backend.server_data(age, QUERY, MOST)
    bench.simulator.faults.add(Fault(Answer(500)))
    with pytest.raises(BackendError):
        await backend.server_data(point, QUERY, MOST)
