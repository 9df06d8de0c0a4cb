"""Rows in the middle of a statistic are rewritten without a seam."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
import logging

import pytest

from custom_components.metering_hub.errors import RecorderError
from custom_components.metering_hub.history import write_queue
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder.home_assistant import (
    HomeAssistantRecorder,
)
from custom_components.metering_hub.history.recorder.recorder import (
    last_rows,
    recorded_metadata,
)
from custom_components.metering_hub.history.recorder.unit_change import (
    convert_changed_units,
)
from custom_components.metering_hub.history.statistic import Statistic
from custom_components.metering_hub.history.write_queue import WriteQueue
from custom_components.metering_hub.history.writer import StatisticWriter
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant

from ..refusals import nth, nth_and_its_repetition, refusing

# The test package lets SQLAlchemy log every statement, which takes most of the time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNT = 40
ENERGY = Statistic(
    statistic_id="metering_hub:test_energy",
    name="Energy",
    unit="kWh",
    unit_class="energy",
    is_measured=False,
)


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Wait for nothing before a refused write is repeated."""
    return {"commit_interval": 0, "db_retry_wait": 0}


@pytest.fixture(autouse=True)
def _recorder(recorder_mock: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a recorder, and write in batches of a few rows."""
    monkeypatch.setattr(write_queue, "BATCH", 10)


def make_rows(changes: Sequence[float]) -> list[Row]:
    """Return rows with these changes."""
    total, rows = 0.0, []
    for index, change in enumerate(changes):
        total = round(total + change, 6)
        rows.append(Row(START + index * HOUR, state=100 + total, sum=total))
    return rows


async def write(
    hass: HomeAssistant, rows: Sequence[Row], latest: datetime | None = None
) -> None:
    """Write rows over whatever is recorded."""
    writer = StatisticWriter.of(ENERGY, None, latest=latest)
    writer.add(rows)
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()


async def changes(hass: HomeAssistant) -> list[float]:
    """Return the recorded change of each hour."""
    sums = [row.sum for row in await last_rows(hass, ENERGY.statistic_id, 1000)]
    known = [each for each in sums if each is not None]
    pairs = zip([0.0, *known], known, strict=False)
    return [round(after - before, 6) for before, after in pairs]


@pytest.mark.parametrize(("old", "new"), [(1.0, 3.0), (3.0, 1.0)])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_a_rewrite_that_is_cut_off(
    hass: HomeAssistant, old: float, new: float, number: int
) -> None:
    """Up to where it came the hours are new, and after that they are the old ones."""
    await write(hass, make_rows([old] * COUNT))
    latest = START + (COUNT - 1) * HOUR
    with (
        refusing(hass, nth_and_its_repetition(number)) as refusals,
        pytest.raises(RecorderError),
    ):
        await write(hass, make_rows([new] * COUNT), latest)
    assert refusals.refused
    done = 10 * (number - 1)
    assert await changes(hass) == [new] * done + [old] * (COUNT - done)
    await write(hass, make_rows([new] * COUNT), latest)
    assert await changes(hass) == [new] * COUNT


async def test_a_refused_batch_with_the_recorded_last_row(
    hass: HomeAssistant,
) -> None:
    """A batch is only stored if it was written, even if its last row was the same."""
    await write(hass, make_rows([2.0] * COUNT))
    corrected = [1.0, 3.0] * (COUNT // 2)
    with refusing(hass, nth(2)) as refusals:
        await write(hass, make_rows(corrected), START + (COUNT - 1) * HOUR)
    assert refusals.refused == 1
    assert await changes(hass) == corrected


async def test_earlier_rows_than_any_recorded(hass: HomeAssistant) -> None:
    """Rows before the first recorded one move the recorded sums up."""
    rows = make_rows([1.0] * COUNT)
    later = [Row(row.start, row.state, round((row.sum or 0) - 20, 6)) for row in rows]
    await write(hass, later[20:])
    await write(hass, rows[:20], START + (COUNT - 1) * HOUR)
    assert await changes(hass) == [1.0] * COUNT


async def test_only_the_rest_of_the_statistic_moves(hass: HomeAssistant) -> None:
    """The sums of another statistic stay."""
    other = Statistic(
        statistic_id="metering_hub:test_other",
        name="Other",
        unit="kWh",
        unit_class="energy",
        is_measured=False,
    )
    rows = make_rows([1.0] * COUNT)
    writer = StatisticWriter.of(other, None)
    writer.add(rows)
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()
    await write(hass, rows)
    await write(hass, make_rows([5.0] * 10), rows[-1].start)
    assert list(await last_rows(hass, other.statistic_id, COUNT)) == rows
    assert await changes(hass) == [5.0] * 10 + [1.0] * (COUNT - 10)


def in_unit(unit: str | None, unit_class: str | None = "energy") -> Statistic:
    """Return the statistic in another unit."""
    return Statistic(
        statistic_id=ENERGY.statistic_id,
        name=ENERGY.name,
        unit=unit,
        unit_class=unit_class,
        is_measured=False,
    )


async def test_convert_a_statistic(hass: HomeAssistant) -> None:
    """All rows get the new unit together with the metadata, and only once."""
    await write(hass, make_rows([1.0] * COUNT))
    assert await convert_changed_units(hass, [in_unit("Wh")]) == {ENERGY.statistic_id}
    assert await changes(hass) == [1000.0] * COUNT
    (row,) = await last_rows(hass, ENERGY.statistic_id, 1)
    assert row.state == pytest.approx(1000 * (100 + COUNT))
    assert await convert_changed_units(hass, [in_unit("Wh")]) == set()
    assert await changes(hass) == [1000.0] * COUNT


async def test_a_unit_that_does_not_compare(hass: HomeAssistant) -> None:
    """The values stay, and the metadata has the new unit."""
    await write(hass, make_rows([1.0] * COUNT))
    volume = in_unit("m³", "volume")
    assert await convert_changed_units(hass, [volume]) == {ENERGY.statistic_id}
    assert await changes(hass) == [1.0] * COUNT
    metadata = await recorded_metadata(hass, {ENERGY.statistic_id})
    assert metadata[ENERGY.statistic_id]["unit_class"] == "volume"


async def test_a_unit_that_the_user_corrects(hass: HomeAssistant) -> None:
    """The rows were in the new unit all the time, so their values stay."""
    await write(hass, make_rows([1.0] * COUNT))
    id_ = ENERGY.statistic_id
    assert await convert_changed_units(hass, [in_unit("Wh")], {id_}) == {id_}
    assert await changes(hass) == [1.0] * COUNT
    metadata = await recorded_metadata(hass, {id_})
    assert metadata[id_]["unit_of_measurement"] == "Wh"


async def test_a_conversion_that_is_refused(hass: HomeAssistant) -> None:
    """Neither rows nor metadata change, and the import fails."""
    await write(hass, make_rows([1.0] * COUNT))
    with refusing(hass, lambda *_: True), pytest.raises(RecorderError):
        await convert_changed_units(hass, [in_unit("Wh")])
    assert await changes(hass) == [1.0] * COUNT
    assert await convert_changed_units(hass, [in_unit("Wh")]) == {ENERGY.statistic_id}
