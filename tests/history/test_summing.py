"""Adding up tariff registers in a real recorder."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.metering_hub.errors import RecorderError
from custom_components.metering_hub.history import write_queue
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder.home_assistant import (
    HomeAssistantRecorder,
)
from custom_components.metering_hub.history.recorder.joined import (
    ANCHOR,
    Seam,
    async_load_seams,
    delete_joined,
    joining,
    write_joined,
)
from custom_components.metering_hub.history.recorder.recorder import (
    adjust_sums,
    clear,
    last_rows,
    recorded_metadata,
    rows_during,
)
from custom_components.metering_hub.history.statistic import Scope
from custom_components.metering_hub.history.summing import Summing
from custom_components.metering_hub.history.write_queue import WriteQueue
from custom_components.metering_hub.history.writer import StatisticWriter
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.metering.tariff_sums import tariff_sums
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from .refusals import refusing

logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

HOUR = timedelta(hours=1)
START = datetime(2024, 1, 1, tzinfo=UTC)
HOURS = 60 * 24
NOW = START + HOURS * HOUR - timedelta(minutes=20)
LOW = Point(
    key="low",
    device_key="meter",
    quantity=Quantity.ENERGY,
    kind=Kind.REGISTER,
    unit="kWh",
    role=Role.GRID_DELIVERED,
    has_history=True,
)
HIGH = replace(LOW, key="high", unit="Wh")
POINTS = [LOW, HIGH]
SCOPE = Scope(
    points=POINTS,
    prefix="metering_hub:test_",
    names={
        "low": "Low",
        "high": "High",
        "meter_import_total": "Meter total import",
        "cost": "cost",
        "fixed_cost": "Fixed costs",
    },
    start=None,
    sums=tariff_sums(POINTS),
)
SUM_ID = "metering_hub:test_meter_import_total"


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Wait for nothing before a refused write is repeated."""
    return {"commit_interval": 0, "db_retry_wait": 0}


@pytest.fixture(autouse=True)
async def _recorder(recorder_mock: Recorder, freezer: FrozenDateTimeFactory) -> None:
    """Run a recorder after two months."""
    freezer.move_to(NOW)


def rows_of(point: Point, hours: range, step: float = 0.0) -> list[Row]:
    """Return rows of a register that counts every other hour; `step` is added."""
    unit = 1000 if point is HIGH else 1
    odd = POINTS.index(point)
    return [
        Row(START + hour * HOUR, state=total, sum=total)
        for hour in hours
        for total in (round(((hour + odd) // 2 * 0.123 + step) * unit, 6),)
    ]


async def write(
    hass: HomeAssistant, point: Point, rows: Sequence[Row]
) -> StatisticWriter:
    """Write rows of a point to the recorder; return what has written them."""
    writer = StatisticWriter.of(SCOPE.statistic(point), None)
    writer.add(rows)
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()
    return writer


async def write_all(hass: HomeAssistant, hours: int = HOURS) -> None:
    """Write all rows of both registers."""
    for point in POINTS:
        await write(hass, point, rows_of(point, range(hours)))


async def assert_exact(hass: HomeAssistant, hours: int) -> None:
    """Compare each row of the sum with the rows of the parts."""
    end = NOW + HOUR
    low, high, total = [
        {row.start: row for row in await rows_during(hass, each, START, end)}
        for each in (*(SCOPE.statistic(point).statistic_id for point in POINTS), SUM_ID)
    ]
    assert len(total) == hours
    assert low.keys() | high.keys() == total.keys()
    sums = {"low": 0.0, "high": 0.0}
    before = 0.0
    for start, row in total.items():
        if start in low:
            sums["low"] = low[start].sum or 0.0
        if start in high:
            sums["high"] = (high[start].sum or 0.0) / 1000
        expected = sums["low"] + sums["high"]
        assert row.sum == pytest.approx(expected, abs=1e-9)
        assert row.state == pytest.approx(expected - before, abs=1e-6)
        before = expected


async def test_each_hour_is_the_sum_of_the_parts(
    hass: HomeAssistant,
) -> None:
    """The sum is in kWh, has a name, and is not written again without news."""
    await write_all(hass)
    work = Summing(hass)
    assert await work.add_up(SCOPE) == {SUM_ID: HOURS}
    await assert_exact(hass, HOURS)
    metadata = (await recorded_metadata(hass, [SUM_ID]))[SUM_ID]
    assert metadata["unit_of_measurement"] == "kWh"
    assert metadata["unit_class"] == "energy"
    assert metadata["name"] == "Meter total import"
    assert await work.add_up(SCOPE) == {}
    assert await Summing(hass).add_up(SCOPE) == {}


async def test_a_correction_of_a_month_changes_the_sum_from_there_on(
    hass: HomeAssistant,
) -> None:
    """Only the rows from the corrected hour on are written."""
    hours = 45 * 24
    await write_all(hass, hours)
    work = Summing(hass)
    await work.add_up(SCOPE)
    begin = hours - 30 * 24
    work.note([await write(hass, LOW, rows_of(LOW, range(begin, hours), step=7.5))])
    assert await work.add_up(SCOPE) == {SUM_ID: hours - begin}
    await assert_exact(hass, hours)


async def test_a_run_that_ended_before_the_sum_is_made_up_for(
    hass: HomeAssistant,
) -> None:
    """After a restart nobody knows what was written, so all hours are compared."""
    hours = 20 * 24
    await write_all(hass, hours)
    await Summing(hass).add_up(SCOPE)
    await write(hass, HIGH, rows_of(HIGH, range(10, hours), step=3.25))
    assert await Summing(hass).add_up(SCOPE) == {SUM_ID: hours - 10}
    await assert_exact(hass, hours)


async def test_a_refused_write_is_made_up_for(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the database refused stays due, and is written by the next run."""
    monkeypatch.setattr(write_queue, "BATCH", 10)
    await write_all(hass, 48)
    work = Summing(hass)
    with refusing(hass, lambda count, _: count > 2), pytest.raises(RecorderError):
        await work.add_up(SCOPE)
    assert len(await last_rows(hass, SUM_ID, 100)) == 20
    await work.add_up(SCOPE)
    await assert_exact(hass, 48)


async def test_a_register_that_begins_later_or_has_holes(hass: HomeAssistant) -> None:
    """Until its first row, and in hours without a row, the other one counts alone."""
    await write(hass, LOW, rows_of(LOW, range(100)))
    late = rows_of(HIGH, range(40, 100))
    await write(hass, HIGH, [*late[:20], *late[30:]])
    await Summing(hass).add_up(SCOPE)
    await assert_exact(hass, 100)


async def test_rows_before_the_first_one_move_the_sum(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A day later at the latest, all hours are compared, also without a note."""
    for point in POINTS:
        await write(hass, point, rows_of(point, range(50, 100)))
    work = Summing(hass)
    assert await work.add_up(SCOPE) == {SUM_ID: 50}
    await write(hass, LOW, rows_of(LOW, range(50)))
    freezer.tick(timedelta(days=1))
    assert await work.add_up(SCOPE) == {SUM_ID: 100}
    await assert_exact(hass, 100)


async def test_adjusted_and_deleted_parts(hass: HomeAssistant) -> None:
    """An audit may adjust sums, and whoever deletes a part leaves its hours at 0."""
    await write_all(hass, 50)
    work = Summing(hass)
    await work.add_up(SCOPE)
    low = SCOPE.statistic(LOW).statistic_id
    await adjust_sums(hass, low, {START + 20 * HOUR: 2.0})
    work.compare_all()
    assert await work.add_up(SCOPE) == {SUM_ID: 30}
    await assert_exact(hass, 50)
    await clear(hass, [low])
    await write(hass, LOW, rows_of(LOW, range(30, 50)))
    work.compare_all()
    await work.add_up(SCOPE)
    await assert_exact(hass, 50)


async def test_a_part_that_is_left_out_ends_the_sum(hass: HomeAssistant) -> None:
    """No row is written without it, and none is missing once it is back."""
    await write_all(hass, 50)
    work = Summing(hass)
    await work.add_up(SCOPE)
    work.note([await write(hass, LOW, rows_of(LOW, range(50, 60)))])
    assert await work.add_up(replace(SCOPE, points=[LOW])) == {}
    assert await work.add_up(replace(SCOPE, sums=())) == {}
    assert len(await last_rows(hass, SUM_ID, 100)) == 50
    await write(hass, HIGH, rows_of(HIGH, range(50, 60)))
    assert await work.add_up(SCOPE) == {SUM_ID: 10}
    await assert_exact(hass, 60)


async def join(
    hass: HomeAssistant, point: Point, hours: int, *, end: datetime = START
) -> None:
    """Join hours before the first one: 0.25 kWh each, except for one without a row."""
    unit = 1000 if point is HIGH else 1
    first = end - hours * HOUR
    statistic_id = SCOPE.statistic(point).statistic_id
    seams = await async_load_seams(hass, SCOPE.prefix)
    rows = [
        Row(first + hour * HOUR, state=1.0, sum=(hour + 1 - hours) * 0.25 * unit + 0.0)
        for hour in range(hours)
        if hour != hours - 5 - POINTS.index(point)
    ]
    async with joining(hass, seams, statistic_id, Seam("sensor.old", first, end)):
        await write_joined(
            hass, statistic_id, [Row(ANCHOR, sum=-hours * 0.25 * unit), *rows]
        )


async def shown(hass: HomeAssistant, statistic_id: str) -> list[float]:
    """Return the changes of the hours that Home Assistant shows."""
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        START - 500 * HOUR,
        None,
        {statistic_id},
        "hour",
        None,
        {"change"},
    )
    return [float(row["change"] or 0.0) for row in found[statistic_id]]


async def test_joined_hours_of_all_parts_are_joined_to_the_sum(
    hass: HomeAssistant,
) -> None:
    """The sum begins where all parts have older hours, and its own rows stay."""
    await write_all(hass, 50)
    work = Summing(hass)
    await work.add_up(SCOPE)
    own = await shown(hass, SUM_ID)
    await join(hass, LOW, 100)
    await work.add_up(SCOPE)
    assert await shown(hass, SUM_ID) == own
    await join(hass, HIGH, 80)
    await work.add_up(SCOPE)
    joined = [*[0.5] * 74, 0.25, 0.5, 0.75, 0.5, 0.5, 0.5]
    found = await shown(hass, SUM_ID)
    assert sum(found[:-50]) == pytest.approx(40.0)
    assert found == pytest.approx([*joined, *own])
    await assert_exact(hass, 50)
    assert await Summing(hass).add_up(SCOPE) == {}
    assert await shown(hass, SUM_ID) == found
    await delete_joined(hass, SCOPE.statistic(LOW).statistic_id)
    await work.add_up(SCOPE)
    assert await shown(hass, SUM_ID) == own
    assert SUM_ID not in (await async_load_seams(hass, SCOPE.prefix)).by_id


async def test_sum_has_no_joined_hours_if_the_seams_differ(
    hass: HomeAssistant,
) -> None:
    """Between two seams, the sum would lack what one of the parts used."""
    await write(hass, LOW, rows_of(LOW, range(50)))
    await write(hass, HIGH, rows_of(HIGH, range(10, 50)))
    await join(hass, LOW, 100)
    await join(hass, HIGH, 100, end=START + 10 * HOUR)
    await Summing(hass).add_up(SCOPE)
    assert len(await shown(hass, SUM_ID)) == 50


async def test_sum_follows_older_own_hours_of_its_parts(hass: HomeAssistant) -> None:
    """Own hours that are found later replace joined ones of the sum, too."""
    for point in POINTS:
        await write(hass, point, rows_of(point, range(10, 50)))
        await join(hass, point, 100, end=START + 10 * HOUR)
    work = Summing(hass)
    await work.add_up(SCOPE)
    assert len(await shown(hass, SUM_ID)) == 140
    for point in POINTS:
        work.note([await write(hass, point, rows_of(point, range(50)))])
    await work.add_up(SCOPE)
    await assert_exact(hass, 50)
    found = await shown(hass, SUM_ID)
    assert len(found) == 140
    assert sum(found[:90]) == pytest.approx(90 * 0.5)


async def test_joined_rows_of_a_sum_that_were_cut_off_are_written_again(
    hass: HomeAssistant,
) -> None:
    """A crash between the seam and the rows leaves no half joined sum."""
    await write_all(hass, 50)
    work = Summing(hass)
    await work.add_up(SCOPE)
    seams = await async_load_seams(hass, SCOPE.prefix)
    for point in POINTS:
        await join(hass, point, 100)
    parts = tuple(SCOPE.statistic(point).statistic_id for point in (HIGH, LOW))
    half = Seam("", START - 100 * HOUR, START, is_whole=False, parts=parts)
    await seams.async_keep(SUM_ID, half)
    await write_joined(hass, SUM_ID, [Row(ANCHOR, sum=-7.0)])
    await work.add_up(SCOPE)
    assert sum((await shown(hass, SUM_ID))[:100]) == pytest.approx(50.0)
    assert seams.by_id[SUM_ID] == replace(half, is_whole=True)


async def test_the_sum_has_a_name_that_is_renewed() -> None:
    """A change of the language renames sums as it does all others."""
    assert SCOPE.statistic_names[SUM_ID] == "Meter total import"
