"""Joined rows are kept apart from own ones, in a real recorder."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.history.audit.check_queries import Content
from custom_components.metering_hub.history.audit.recorder_checks import check_rows
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder.access import run_query
from custom_components.metering_hub.history.recorder.joined import (
    Seam,
    Seams,
    async_load_seams,
    count_before,
    first_own_hour,
    make_room,
)
from custom_components.metering_hub.history.recorder.recorded_hours import (
    recorded_extents,
    recorded_runs,
)
from custom_components.metering_hub.history.recorder.recorder import (
    clear,
    clear_own,
    last_rows,
    row_before,
    rows_during,
)
from custom_components.metering_hub.history.recorder.rescaling import (
    Rescaling,
    find_witness,
    rescale,
)
from custom_components.metering_hub.history.recorder.unit_change import (
    convert_changed_units,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant

from ..test_repricing import POINT, SCOPE, write

HOUR = timedelta(hours=1)
SEAM = datetime(2026, 1, 1, tzinfo=UTC)
STATISTIC = SCOPE.statistic(POINT)
ID = STATISTIC.statistic_id
JOINED = [
    Row(SEAM - (10 - hour) * HOUR, state=5.0 + hour, sum=hour - 9.0)
    for hour in range(10)
    if hour != 4
]
OWN = [Row(SEAM + hour * HOUR, state=70.0 + hour, sum=2.0 + hour) for hour in range(5)]


@pytest.fixture(autouse=True)
async def seams(recorder_mock: Recorder, hass: HomeAssistant) -> Seams:
    """Run a recorder with joined rows, and return the stored seams."""
    await write(hass, STATISTIC, [*JOINED, *OWN])
    found = await async_load_seams(hass, SCOPE.prefix)
    await found.async_keep(ID, Seam("sensor.old", JOINED[0].start, SEAM))
    return found


async def all_rows(hass: HomeAssistant) -> Sequence[tuple[float, float]]:
    """Return the state and sum of all rows that Home Assistant shows."""
    found: Mapping[str, Sequence[Mapping[str, float]]] = await run_query(
        hass,
        statistics_during_period,
        hass,
        SEAM - 100 * HOUR,
        None,
        {ID},
        "hour",
        None,
        {"state", "sum"},
    )
    return [(row["state"], row["sum"]) for row in found.get(ID, ())]


def cells(rows: Sequence[Row], factor: float = 1.0) -> list[tuple[float, float]]:
    """Return the states and sums of rows times a factor."""
    return [((row.state or 0) * factor, (row.sum or 0) * factor) for row in rows]


async def test_reading_begins_at_the_seam(hass: HomeAssistant) -> None:
    """No function that reads our rows sees a joined one."""
    assert await last_rows(hass, ID, 100) == OWN
    assert await rows_during(hass, ID, SEAM - 50 * HOUR, SEAM + HOUR) == OWN[:1]
    assert await rows_during(hass, ID, SEAM - 50 * HOUR, SEAM) == []
    assert await row_before(hass, ID, SEAM) is None
    assert await row_before(hass, ID, SEAM + HOUR) == OWN[0]
    assert (await recorded_extents(hass, [ID]))[ID].hours == len(OWN)
    assert (await recorded_extents(hass, [ID]))[ID].first == SEAM
    run = (SEAM.timestamp(), (SEAM + 5 * HOUR).timestamp())
    assert await recorded_runs(hass, ID, None) == [run]
    assert await all_rows(hass) == cells([*JOINED, *OWN])


@pytest.mark.parametrize("since", [None, SEAM - 2 * HOUR, SEAM, SEAM + 2 * HOUR])
async def test_audit_begins_at_the_seam(
    hass: HomeAssistant, since: datetime | None
) -> None:
    """Neither a hole in joined rows nor the step at the seam is a fault of ours."""
    checked = await check_rows(hass, ID, Content.POSITIONS, since)
    assert not checked.faults
    assert checked.last == OWN[-1].start


async def test_units_of_both_parts_are_converted(hass: HomeAssistant) -> None:
    """A changed unit is that of all rows, and the seam keeps the sum 0."""
    changed = replace(STATISTIC, unit="Wh")
    assert await convert_changed_units(hass, [changed]) == {ID}
    assert await all_rows(hass) == pytest.approx(cells([*JOINED, *OWN], 1000))


async def test_corrected_label_converts_joined_rows_only(hass: HomeAssistant) -> None:
    """Our values were in the new unit all the time, those of the older one were not."""
    changed = replace(STATISTIC, unit="Wh")
    await convert_changed_units(hass, [changed], {ID})
    assert await all_rows(hass) == [*cells(JOINED, 1000), *cells(OWN)]


async def test_factor_is_of_own_rows_only(hass: HomeAssistant) -> None:
    """What a pulse is worth says nothing about another sensor's rows."""
    witness = await find_witness(hass, ID)
    assert witness is not None
    await rescale(hass, {ID: Rescaling(10.0, witness)})
    assert await all_rows(hass) == [*cells(JOINED), *cells(OWN, 10)]


async def test_own_rows_before_the_seam_make_room(
    hass: HomeAssistant, seams: Seams
) -> None:
    """Joined rows from there on go, and those before end at the sum 0."""
    await write(hass, STATISTIC, [Row(SEAM - 3 * HOUR, 69.0, 1.0)])
    assert first_own_hour(hass, ID) == SEAM - 3 * HOUR
    kept = [row._replace(sum=(row.sum or 0) + 3) for row in JOINED[:6]]
    found = await all_rows(hass)
    assert found[:6] == cells(kept)
    assert found[5][1] == 0
    assert found[6] == (69.0, 1.0)
    await make_room(hass, ID, JOINED[0].start)
    assert seams.by_id == {}
    assert len(await all_rows(hass)) == len(OWN) + 1


async def test_deleting_own_rows_keeps_joined_ones(
    hass: HomeAssistant, seams: Seams
) -> None:
    """Costs that have to go are only ours; a whole deletion forgets the seam."""
    await clear_own(hass, [ID])
    assert await all_rows(hass) == cells(JOINED)
    assert await count_before(hass, ID, SEAM) == len(JOINED)
    await clear(hass, [ID])
    assert await all_rows(hass) == []
    assert seams.by_id == {}


async def test_seams_are_stored(hass: HomeAssistant, seams: Seams) -> None:
    """A restart knows the seam; what cannot be read is forgotten."""
    again = Seams(hass, SCOPE.prefix)
    await again.async_load()
    assert again.by_id == seams.by_id
