"""What ends Home Assistant while rows are converted never converts them twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import logging

import pytest

from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorded_factors import RecordedFactors
from custom_components.metering_hub.history.recorder.home_assistant import (
    HomeAssistantRecorder,
)
from custom_components.metering_hub.history.recorder.recorder import clear, last_rows
from custom_components.metering_hub.history.recorder.rescaling import rescale
from custom_components.metering_hub.history.statistic import Scope
from custom_components.metering_hub.history.write_queue import WriteQueue
from custom_components.metering_hub.history.writer import StatisticWriter
from custom_components.metering_hub.metering.model import Kind, Point, Quantity
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant

# The test package lets SQLAlchemy log every statement, which takes most of the time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

START = datetime(2026, 1, 1, tzinfo=UTC)
PREFIX = "metering_hub:test_"
STATES = [100.0, 102.0, 104.0]
POINT = Point(
    key="pulses",
    device_key="site",
    quantity=Quantity.WATER,
    kind=Kind.REGISTER,
    unit="m³",
)


@pytest.fixture(autouse=True)
async def _rows(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """Record the positions of a counter, by the factor 1."""
    writer = StatisticWriter.of(scope(1).statistic(POINT), None)
    writer.add(
        Row(START + index * timedelta(hours=1), state=state, sum=state - 98)
        for index, state in enumerate(STATES)
    )
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()


def scope(factor: float, point: Point = POINT) -> Scope:
    """Return a scope of a point whose values are multiplied."""
    points = [replace(point, factor=factor)]
    return Scope(points=points, prefix=PREFIX, names={point.key: "P"}, start=None)


async def states(hass: HomeAssistant) -> list[float | None]:
    rows = await last_rows(hass, f"{PREFIX}pulses", 10)
    return [row.state for row in rows]


async def convert(
    hass: HomeAssistant,
    factor: float,
    *,
    is_converted: bool = True,
    is_noted: bool = True,
) -> None:
    """Convert the rows as a new start does, which may end before all is done."""
    factors = RecordedFactors(hass, PREFIX)
    rescalings = await factors.async_begin(scope(factor))
    if is_converted:
        await rescale(hass, rescalings)
    if is_noted:
        await factors.async_finish(scope(factor))


async def test_rows_follow_the_factor(hass: HomeAssistant) -> None:
    """Each start knows by which factor the rows were made."""
    await convert(hass, 1)
    for factor in (0.01, 0.01, 0.1, 0.1, 1, 1):
        await convert(hass, factor)
        assert await states(hass) == pytest.approx([s * factor for s in STATES])


@pytest.mark.parametrize("is_converted", [True, False])
@pytest.mark.parametrize("after", [0.01, 1, 25])
async def test_an_end_between_the_rows_and_the_note(
    hass: HomeAssistant, is_converted: bool, after: float
) -> None:
    """The rows tell what was done, also if the user has changed the factor again."""
    await convert(hass, 1)
    await convert(hass, 0.01, is_converted=is_converted, is_noted=False)
    for _ in range(2):
        await convert(hass, after)
        assert await states(hass) == pytest.approx([s * after for s in STATES])


async def test_points_that_are_not_imported_meanwhile(hass: HomeAssistant) -> None:
    """Their rows are converted when they are imported again."""
    await convert(hass, 1)
    await convert(hass, 0.01)
    other = replace(POINT, key="other")
    factors = RecordedFactors(hass, PREFIX)
    assert await factors.async_begin(scope(1, other)) == {}
    await factors.async_finish(scope(1, other))
    await convert(hass, 0.1)
    assert await states(hass) == pytest.approx([s * 0.1 for s in STATES])


async def test_deleted_rows_are_made_by_the_new_factor(hass: HomeAssistant) -> None:
    await convert(hass, 1)
    await clear(hass, [f"{PREFIX}pulses"])
    factors = RecordedFactors(hass, PREFIX)
    assert await factors.async_begin(scope(0.01)) == {}
    await factors.async_finish(scope(0.01))
    assert await RecordedFactors(hass, PREFIX).async_begin(scope(0.01)) == {}


async def test_a_lost_file(hass: HomeAssistant) -> None:
    """The rows are taken to be in the units of the points, and stay."""
    await convert(hass, 1)
    await convert(hass, 0.01)
    await RecordedFactors(hass, PREFIX)._store.async_remove()
    await convert(hass, 0.01)
    assert await states(hass) == pytest.approx([s * 0.01 for s in STATES])
    await convert(hass, 1)
    assert await states(hass) == pytest.approx(STATES)


async def test_an_entry_that_is_removed(hass: HomeAssistant) -> None:
    """The file stays as long as rows need it."""
    await convert(hass, 1)
    await convert(hass, 0.01)
    await RecordedFactors(hass, PREFIX).async_remove()
    await convert(hass, 1)
    assert await states(hass) == pytest.approx(STATES)
    await RecordedFactors(hass, PREFIX).async_remove()
    assert await RecordedFactors(hass, PREFIX)._store.async_load() is None
