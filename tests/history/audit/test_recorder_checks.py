"""Checking the rows of a real recorder: each fault is found, and nothing else."""

from collections.abc import Sequence
from datetime import datetime
import logging

import pytest

from custom_components.metering_hub.errors import StoppingError
from custom_components.metering_hub.history.audit import recorder_checks
from custom_components.metering_hub.history.audit.recorder_checks import (
    Checked,
    Content,
    Fault,
    FaultKind,
    check_rows,
)
from custom_components.metering_hub.history.maths.rows import Row
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import CoreState, HomeAssistant

from ..recorder.test_recorder import HOUR, PREFIX, START, make_rows, write, writer_of

# The test package lets SQLAlchemy log every statement, which takes most of the time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture(autouse=True)
def _recorder(recorder_mock: Recorder) -> None:
    """Run a recorder."""


def hour(number: int) -> datetime:
    """Return the start of an hour."""
    return START + number * HOUR


def fault(
    kind: FaultKind, first: int, change: float | None = None, hours: int = 1
) -> Fault:
    """Return a fault of some hours from number `first` on."""
    if change is not None:
        change = pytest.approx(change)
    return Fault(kind=kind, start=hour(first), end=hour(first + hours), change=change)


def amounts(*values: float) -> list[Row]:
    """Return rows of hourly amounts."""
    return [
        Row(hour(number), state=value, sum=sum(values[: number + 1]))
        for number, value in enumerate(values)
    ]


async def check(
    hass: HomeAssistant,
    rows: Sequence[Row],
    content: Content = Content.POSITIONS,
    since: datetime | None = None,
) -> Checked:
    """Record rows, and check them."""
    is_measured = content is Content.MEANS
    await write(hass, writer_of("a", [*rows], is_measured=is_measured))
    return await check_rows(hass, f"{PREFIX}a", content, since)


@pytest.mark.parametrize("at_once", [2, 7, 10, 30, 1000])
async def test_sound_rows_have_no_faults(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """All rows are counted once, in however many parts they are read."""
    monkeypatch.setattr(recorder_checks, "SPAN", at_once * 3600.0)
    found = await check(hass, make_rows(30))
    assert found == Checked(rows=30, last=hour(29), faults=[])


async def test_a_statistic_without_rows(hass: HomeAssistant) -> None:
    """A statistic that is not recorded has no rows and no faults."""
    found = await check_rows(hass, f"{PREFIX}a", Content.POSITIONS)
    assert found == Checked()


@pytest.mark.parametrize("at_once", [1, 2, 3, 1000])
@pytest.mark.parametrize("content", Content)
async def test_holes(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, content: Content, at_once: int
) -> None:
    """Missing hours are found in all statistics, also between two parts."""
    monkeypatch.setattr(recorder_checks, "SPAN", at_once * 3600.0)
    rows = {
        Content.POSITIONS: make_rows(12),
        Content.AMOUNTS: amounts(*[1.0] * 12),
        Content.COSTS: amounts(*[1.0] * 12),
        Content.MEANS: [Row(hour(n), mean=n, min=n, max=n) for n in range(12)],
    }[content]
    if content in (Content.AMOUNTS, Content.COSTS):
        rows = [
            row._replace(sum=row.sum - sum(n < index for n in (3, 8, 9) if row.sum))
            for index, row in enumerate(rows)
        ]
    found = await check(hass, rows[:3] + rows[4:8] + rows[10:], content)
    assert found.rows == 9
    assert [(each.kind, each.start, each.end) for each in found.faults] == [
        (FaultKind.HOLE, hour(3), hour(4)),
        (FaultKind.HOLE, hour(8), hour(10)),
    ]


async def test_a_register_that_falls_at_a_seam(hass: HomeAssistant) -> None:
    """The step that an import left that was cut off is found at its hour."""
    rows = make_rows(10)
    seam = [row._replace(sum=row.sum - 4.067) for row in rows[6:] if row.sum]
    found = await check(hass, rows[:6] + seam)
    assert found.faults == [fault(FaultKind.NEGATIVE, 6, -3.967)]


async def test_a_sum_that_grows_more_than_its_register(hass: HomeAssistant) -> None:
    """An hour in which the sum and the position disagree is found."""
    rows = make_rows(10)
    seam = [row._replace(sum=row.sum + 0.9) for row in rows[6:] if row.sum]
    found = await check(hass, rows[:6] + seam)
    assert found.faults == [fault(FaultKind.CONTRADICTION, 6, 1.0)]


async def test_a_new_register_is_no_fault(hass: HomeAssistant) -> None:
    """Where the position falls, the sum goes on; it must not fall."""
    rows = make_rows(10)
    new = [
        row._replace(state=row.state - 100) for row in rows[5:] if row.state is not None
    ]
    assert (await check(hass, rows[:5] + new)).faults == []
    falling = [row._replace(sum=row.sum - 1) for row in new if row.sum is not None]
    found = await check(hass, rows[:5] + falling)
    assert found.faults == [fault(FaultKind.NEGATIVE, 5, -0.9)]


async def test_rounding_is_no_fault(hass: HomeAssistant) -> None:
    """Numbers that were rounded apart by less than the tolerance are equal."""
    rows = [
        row._replace(sum=(row.sum or 0) + 9e-5 * (index % 2))
        for index, row in enumerate(make_rows(10))
    ]
    assert (await check(hass, rows)).faults == []


async def test_an_amount_that_was_deleted_at_the_source(hass: HomeAssistant) -> None:
    """The hour keeps its amount, and the sum falls back in the next."""
    rows = amounts(1.0, 15.0, 5.64, 2.0)
    rows[2:] = [row._replace(sum=row.sum - 15) for row in rows[2:] if row.sum]
    found = await check(hass, rows, Content.AMOUNTS)
    assert found.faults == [fault(FaultKind.NEGATIVE, 2, -9.36)]


async def test_amounts_may_be_negative(hass: HomeAssistant) -> None:
    """Costs at a negative price lower the sum, and nothing is wrong."""
    found = await check(hass, amounts(1.0, -0.5, 2.0), Content.AMOUNTS)
    assert found.faults == []


async def test_an_amount_that_is_not_in_the_sum(hass: HomeAssistant) -> None:
    """The change of the sum must be the amount of the hour."""
    rows = amounts(1.0, 2.0, 3.0)
    rows[2] = rows[2]._replace(state=7.0)
    found = await check(hass, rows, Content.AMOUNTS)
    assert found.faults == [fault(FaultKind.CONTRADICTION, 2, 3.0)]


@pytest.mark.parametrize(
    ("content", "empty"),
    [
        (Content.POSITIONS, Row(hour(2))),
        (Content.AMOUNTS, Row(hour(2))),
        (Content.MEANS, Row(hour(2), min=1, max=2)),
    ],
)
async def test_rows_without_numbers(
    hass: HomeAssistant, content: Content, empty: Row
) -> None:
    """A row that lacks its numbers is found, and its neighbors are not."""
    rows = make_rows(5)
    if content is Content.MEANS:
        rows = [Row(row.start, mean=1, min=1, max=1) for row in rows]
    elif content is Content.AMOUNTS:
        rows = amounts(1.0, 1.0, 1.0, 1.0, 1.0)
    rows[2] = empty
    found = await check(hass, rows, content)
    assert found.faults == [fault(FaultKind.EMPTY, 2)]


async def test_only_later_rows_are_checked(hass: HomeAssistant) -> None:
    """Earlier faults are left out, and the first row is compared with the one before.

    That row may be older than the moment, because what was there has gone.
    """
    rows = make_rows(20)
    rows = [row for row in rows if row.start not in (hour(4), hour(12), hour(13))]
    found = await check(hass, rows, since=hour(12))
    assert (found.rows, found.last) == (6, hour(19))
    assert found.faults == [fault(FaultKind.HOLE, 12, 0.3, hours=2)]
    found = await check_rows(hass, f"{PREFIX}a", Content.POSITIONS, hour(14))
    assert (found.rows, found.faults) == (5, [])
    found = await check_rows(hass, f"{PREFIX}a", Content.POSITIONS, hour(19))
    assert (found.rows, found.last, found.faults) == (0, hour(19), [])


async def test_other_statistics_do_not_matter(hass: HomeAssistant) -> None:
    """Only the rows of the statistic itself are compared."""
    await write(hass, writer_of("b", make_rows(40, 7)))
    found = await check(hass, make_rows(10))
    assert (found.rows, found.faults) == (10, [])


async def test_the_faults_of_each_kind_are_limited(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many holes do not hide the one hour in which the sum falls."""
    monkeypatch.setattr(recorder_checks, "MAX_FAULTS", 3)
    rows = make_rows(30)[::3]
    rows[8:] = [row._replace(sum=row.sum - 1.3) for row in rows[8:] if row.sum]
    kinds = [each.kind for each in (await check(hass, rows)).faults]
    assert kinds == [*[FaultKind.HOLE] * 3, FaultKind.NEGATIVE]


async def test_a_stop_ends_the_check(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When Home Assistant stops, the next part is not read."""
    monkeypatch.setattr(recorder_checks, "SPAN", 18_000.0)
    await write(hass, writer_of("a", make_rows(10)))
    hass.set_state(CoreState.stopping)
    with pytest.raises(StoppingError):
        await check_rows(hass, f"{PREFIX}a", Content.POSITIONS)
    hass.set_state(CoreState.running)
