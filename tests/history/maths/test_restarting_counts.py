"""Counts of things, which restart from zero at any time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest

from custom_components.metering_hub.history.maths.registers import RegisterHours
from custom_components.metering_hub.metering.model import Reading
from custom_components.metering_hub.metering.reading_columns import ReadingColumns
from custom_components.metering_hub.metering.register_line import RegisterLine

START = datetime(2026, 11, 21, 10, tzinfo=UTC)


def total(
    *readings: tuple[float, float], may_restart: bool = True, chunks: bool = False
) -> float | None:
    """Return what is counted of (seconds, position) pairs."""
    hours = RegisterHours(line=RegisterLine(may_restart=may_restart))
    found = [
        Reading(time=START + timedelta(seconds=at), value=position)
        for at, position in readings
    ]
    end = found[-1].time + timedelta(hours=1)
    if chunks:
        for reading, after in pairwise([*found, Reading(time=end, value=0.0)]):
            hours.add([reading], after.time)
    else:
        hours.add(found, end)
    return hours.open_hours(end)[-1].sum


@pytest.mark.parametrize("chunks", [True, False])
@pytest.mark.parametrize(
    ("positions", "counted"),
    [
        ((80, 90, 5, 25), 10 + 25),
        ((30, 40, 0, 30), 10 + 30),
        ((80, 90, 5, 5, 25), 10 + 25),
        ((20_270, 20_278, 3, 5, 9), 8 + 9),
        # Twice a day.
        ((50, 60, 8, 15, 30, 4, 9), 10 + 30 + 9),
        # A false zero: what came back was never away.
        ((50, 60, 0, 61, 62), 12),
        # Far too many to have been counted since the last reading.
        ((20_000, 20_050, 15_000, 15_001), 50 + 1),
        # Nothing has grown yet.
        ((80, 90, 5), 10),
    ],
)
def test_a_count_goes_on_from_zero(
    positions: tuple[float, ...], counted: float, *, chunks: bool
) -> None:
    hourly = [(3600.0 * n, position) for n, position in enumerate(positions)]
    assert total(*hourly, chunks=chunks) == pytest.approx(counted)


def test_a_register_does_not_go_on_from_zero() -> None:
    positions = (20_270, 20_278, 3, 5, 9, 11)
    hourly = [(3600.0 * n, position) for n, position in enumerate(positions)]
    assert total(*hourly, may_restart=False) == pytest.approx(8 + 8)


@pytest.mark.parametrize("may_restart", [True, False])
@pytest.mark.parametrize("order", [((0.1, 4), (0.7, 3)), ((0.1, 3), (0.7, 4))])
def test_two_uplinks_of_a_second_may_come_in_either_order(
    order: tuple[tuple[float, float], ...], *, may_restart: bool
) -> None:
    """The lower one is no restart."""
    pair = [(600 + at, position) for at, position in order]
    found = total((0, 1), *pair, (1200, 5), (1800, 6), may_restart=may_restart)
    assert found == pytest.approx(5)


@pytest.mark.parametrize("uplinks", [*permutations([12.0, 13.0, 14.0])])
@pytest.mark.parametrize("as_columns", [True, False])
@pytest.mark.parametrize("may_restart", [True, False])
@pytest.mark.parametrize("cut", [0.0, 0.2, 0.3, 0.5, 0.6, 1.0])
def test_uplinks_of_a_second_count_in_any_order_wherever_a_chunk_ends(
    uplinks: tuple[float, ...], cut: float, *, as_columns: bool, may_restart: bool
) -> None:
    """No request ends in the midst of a second on purpose, but its length adapts."""
    seconds = [0, 600, 1200, *(1800 + part for part in (0.2, 0.4, 0.6))]
    positions = [8.0, 9.0, 10.0, *uplinks]
    readings = [
        Reading(time=START + timedelta(seconds=at), value=position)
        for at, position in zip(seconds, positions, strict=True)
    ]
    hours = RegisterHours(line=RegisterLine(may_restart=may_restart))
    begin = START
    for end in (START + timedelta(seconds=1800 + cut), START + timedelta(hours=1)):
        chunk = [reading for reading in readings if begin <= reading.time < end]
        hours.add(ReadingColumns.of(chunk) if as_columns else chunk, end)
        begin = end
    assert [row.sum for row in hours.open_hours(end)] == [6]
