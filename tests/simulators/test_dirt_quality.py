"""The qualities that hours must have, from what the simulators did to the readings."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.metering import quality
from simulators.bemserver import BemserverSimulator, Gap
from simulators.bemserver.dirty import expected as bemserver_expected
from simulators.besmart import HOUSE_MID, BesmartSimulator, Late, default_sensors
from simulators.besmart.dirty import (
    expected as besmart_expected,
    make_dirty as make_besmart_dirty,
)
from simulators.dirt import Dirt, Spot, SpotKind
from simulators.dirt_quality import (
    FROM_STATISTICS,
    LINE,
    LONG_LINE,
    MEASURED,
    MISSING,
    NOT_DECIDED,
    SERVER,
    SPREAD,
    UNKNOWN,
    HourQuality,
    Qualities,
    worse,
)
from simulators.dirt_truth import Expected, RightLine, StoredAmounts
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.dsmr_reader.dirty import expected as dsmr_reader_expected
from simulators.house import House
from simulators.timeline import Grid, Span, timeline
from simulators.times import DAY, HOUR, MINUTE, QUARTER, epoch

KEY = "meter"
START = 1_790_000_000 // DAY * DAY
TEN = 10 * MINUTE


def line(
    *spots: Spot,
    gaps: tuple[Span, ...] = (),
    step: int = TEN,
    days: int = 10,
) -> RightLine:
    """Return the line of a register that counts 1 a second; gaps are from START."""
    missing = [(START + low, START + high) for low, high in gaps]
    times = timeline(Grid(step), START, START + days * DAY, missing)
    return RightLine(
        KEY,
        lambda at: at - START,
        1,
        times,
        Dirt(spots),
        shown=lambda at: at - START,
    )


def spot(kind: SpotKind, start: int, length: int, amount: int = 0) -> Spot:
    """Return a fault of the register, counted from the start."""
    begin = START + start
    return Spot(kind, begin, begin + length, frozenset({KEY}), amount=amount)


def qualities(of: Expected, start: int, hours: int) -> list[Qualities]:
    """Return the qualities of some hours, counted from the start."""
    first = START + start
    return [of.quality(at) for at in range(first, first + hours * HOUR, HOUR)]


def test_the_codes_are_those_of_the_integration() -> None:
    """Both have the same qualities in the same order, from the best to the worst."""
    assert {each.name: each.value for each in HourQuality} == {
        name: getattr(quality, name) for name in HourQuality.__members__
    }
    assert len(HourQuality) == len(quality.HOUR_QUALITIES) - 1


def test_an_hour_has_the_worse_quality_of_its_ends() -> None:
    """If an end can have one of two qualities, so can the hour."""
    assert worse(MEASURED, LINE) == LINE
    assert worse(LONG_LINE, SERVER) == {HourQuality.SERVER, HourQuality.COMPARABLE_DAYS}
    assert worse(LONG_LINE, MISSING) == MISSING
    assert worse(UNKNOWN, LINE) == UNKNOWN


def test_hours_with_readings_at_their_ends_are_measured() -> None:
    """Hours before the first reading have no quality."""
    assert qualities(line(), -2 * HOUR, 5) == [UNKNOWN] * 2 + [MEASURED] * 3


def test_readings_close_to_each_other_measure_an_end_between_them() -> None:
    """Twenty minutes are close; the first hour begins before its first reading."""
    quarters = line(step=QUARTER, gaps=((HOUR, HOUR + 1),))
    assert qualities(quarters, 0, 3) == [LINE, LINE, MEASURED]
    shifted = RightLine(
        KEY,
        lambda at: at - START,
        1,
        timeline(Grid(20 * MINUTE, 7 * MINUTE), START, START + DAY),
        Dirt(),
    )
    assert qualities(shifted, 0, 3) == [MISSING, MEASURED, MEASURED]


def test_a_reading_within_a_minute_of_an_end_measures_it() -> None:
    """What is missing on the other side does not matter."""
    times = timeline(Grid(HOUR, HOUR - 60), START - HOUR, START + DAY)
    near = RightLine(KEY, lambda at: at - START, 1, times, Dirt())
    assert qualities(near, 0, 3) == [MEASURED] * 3
    times = timeline(Grid(HOUR, HOUR - 61), START - HOUR, START + DAY)
    far = RightLine(KEY, lambda at: at - START, 1, times, Dirt())
    assert qualities(far, 0, 3) == [LINE] * 3


def test_an_outage_of_an_hour_and_a_half_is_a_line() -> None:
    """All hours with an end in it are estimates."""
    gapped = line(gaps=((5 * HOUR - TEN, 6 * HOUR + 20 * MINUTE),))
    assert qualities(gapped, 3 * HOUR, 5) == [MEASURED, LINE, LINE, LINE, MEASURED]


def test_an_outage_of_nine_hours_is_estimated_by_comparable_days() -> None:
    """Early in the history, there are no days to compare with."""
    outage = (20 * MINUTE, 9 * HOUR + 20 * MINUTE)
    later = tuple(each + 5 * DAY for each in outage)
    gapped = line(gaps=(outage, (later[0], later[1])))
    assert qualities(gapped, 0, 11) == [LINE] * 10 + [MEASURED]
    assert qualities(gapped, 5 * DAY, 11) == [LONG_LINE] * 10 + [MEASURED]


def test_a_wrong_reading_at_the_end_of_an_hour_is_no_reading() -> None:
    """The right ones around it are 20 minutes apart, or more after two wrong ones."""
    one = line(spot(SpotKind.ZERO, 5 * HOUR, TEN))
    assert qualities(one, 4 * HOUR, 2) == [MEASURED] * 2
    two = line(spot(SpotKind.HIGH, 5 * HOUR - TEN, 2 * TEN, amount=9))
    assert qualities(two, 3 * HOUR, 4) == [MEASURED, LINE, LINE, MEASURED]


def test_a_fault_that_changes_nothing_is_none() -> None:
    """The lowest 16 bits of a small position are the position."""
    assert qualities(line(spot(SpotKind.WRAP_16, 5 * HOUR, HOUR)), 4 * HOUR, 3) == (
        [MEASURED] * 3
    )


def test_an_exchange_between_close_readings_is_measured() -> None:
    """Nothing was read wrongly."""
    exchange = spot(SpotKind.EXCHANGE, 5 * HOUR, TEN)
    assert qualities(line(exchange), 4 * HOUR, 2) == [MEASURED] * 2


def test_readings_above_a_correction_are_no_readings() -> None:
    """The line crosses the corrected position long before the correction."""
    correction = spot(SpotKind.CORRECTION, 8 * HOUR, TEN, amount=2 * HOUR - TEN)
    assert qualities(line(correction), 5 * HOUR, 4) == [MEASURED, LINE, LINE, MEASURED]


def test_what_the_server_estimated_is_not_measured() -> None:
    """Only an end at which the position is such a reading counts."""
    right = line(spot(SpotKind.SUBSTITUTED, 5 * HOUR, 2 * TEN))
    assert qualities(right, 3 * HOUR, 4) == [MEASURED, SERVER, SERVER, MEASURED]


def test_an_estimate_is_believed_unless_a_measured_position_is_below_it() -> None:
    """Only then the line bridges it."""
    high = line(spot(SpotKind.ESTIMATED, 5 * HOUR - TEN, 3 * TEN, amount=3 * HOUR))
    assert qualities(high, 4 * HOUR, 2) == [LINE, LINE]
    assert high.amount(START + 4 * HOUR, START + 5 * HOUR) == HOUR
    low = line(spot(SpotKind.ESTIMATED, 5 * HOUR - TEN, 3 * TEN, amount=60))
    assert qualities(low, 4 * HOUR, 2) == [SERVER, SERVER]
    assert low.amount(START + 4 * HOUR, START + 5 * HOUR) == HOUR + 60


def test_hours_after_the_last_right_reading_are_missing() -> None:
    """Readings that nothing has decided may be held."""
    assert qualities(line(days=1), DAY - HOUR, 3) == [MEASURED, MISSING, MISSING]
    wrong = line(spot(SpotKind.ZERO, DAY - HOUR, 2 * HOUR), days=1)
    assert qualities(wrong, DAY - 3 * HOUR, 4) == [MEASURED] + [NOT_DECIDED] * 3


def amounts(step: int, *gaps: Span, lag: int = 0) -> StoredAmounts:
    """Return ten days of stored amounts; gaps are from START."""
    missing = [(START + low, START + high) for low, high in gaps]
    stamps = timeline(Grid(step), START + lag, START + 10 * DAY - step + lag, missing)
    return StoredAmounts(lambda start, end: 1.0, stamps, step, lag)


@pytest.mark.parametrize("lag", [0, QUARTER])
def test_an_hour_of_amounts_is_missing_unless_all_are_there(lag: int) -> None:
    """An hour without any is missing, too; before and after all there is nothing."""
    gap = 5 * HOUR + QUARTER + lag, 7 * HOUR + lag
    stored = amounts(QUARTER, gap, lag=lag)
    assert stored.first == START
    assert qualities(stored, -HOUR, 2) == [UNKNOWN, MEASURED]
    assert qualities(stored, 4 * HOUR, 4) == [MEASURED, MISSING, MISSING, MEASURED]
    assert qualities(stored, 10 * DAY - HOUR, 2) == [MEASURED, UNKNOWN]
    assert stored.quality(START) == MEASURED


def test_the_amounts_of_a_day_are_spread() -> None:
    """The hours of a day that is missing are missing."""
    stored = amounts(DAY, (DAY, DAY + 1))
    assert qualities(stored, -HOUR, 2) == [UNKNOWN, SPREAD]
    assert qualities(stored, DAY - HOUR, 2) == [SPREAD, MISSING]
    assert qualities(stored, 2 * DAY - HOUR, 2) == [MISSING, SPREAD]
    assert qualities(stored, 10 * DAY - HOUR, 2) == [SPREAD, UNKNOWN]


NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


def moment(at: int) -> datetime:
    """Return seconds since 1970 as aware UTC."""
    return datetime.fromtimestamp(at, UTC)


def test_late_values_count_once_they_have_arrived() -> None:
    """Until then, the hour of a BEMServer lacks them."""
    now = NOW
    simulator = BemserverSimulator(1, 0.05, clock=lambda: now)
    hour = epoch(NOW.replace(minute=0) - timedelta(days=2))
    late = Gap(moment(hour), moment(hour + QUARTER), until=NOW + timedelta(hours=1))
    simulator.gaps.append(late)
    found = bemserver_expected(simulator, "1")
    assert found is not None
    assert found.quality(hour) == MISSING
    now += timedelta(hours=1)
    found = bemserver_expected(simulator, "1")
    assert found is not None
    assert found.quality(hour) == MEASURED


def test_deleted_values_are_missing() -> None:
    """Only the series that lost them lacks them."""
    simulator = BemserverSimulator(1, 0.05, clock=lambda: NOW)
    hour = NOW.replace(minute=0) - timedelta(days=2)
    series = simulator.world.series[1]
    for state in series.states:
        simulator.store.delete(series, state, hour, hour + timedelta(minutes=30))
    one, other = (bemserver_expected(simulator, name) for name in ("1", "2"))
    assert one is not None
    assert other is not None
    assert one.quality(epoch(hour)) == MISSING
    assert other.quality(epoch(hour)) == MEASURED


def test_positions_from_statistics_are_estimated() -> None:
    """A DSMR-reader whose readings were deleted still has the statistics of days."""
    start, kept = NOW - timedelta(days=9), NOW - timedelta(days=2)
    simulator = DsmrReaderSimulator(
        House(7, start.replace(hour=0, minute=0)), clock=lambda: NOW
    )
    simulator.readings_since = kept.replace(minute=0)
    found = dsmr_reader_expected(simulator, "electricity_delivered_1")
    assert found is not None
    assert found.first == epoch(start.replace(hour=0, minute=0))
    join = epoch(kept.replace(minute=0))
    assert found.quality(found.first - HOUR) == UNKNOWN
    assert found.quality(found.first) == FROM_STATISTICS
    assert found.quality(join - HOUR) == FROM_STATISTICS
    assert found.quality(join) == MEASURED


def test_late_samples_of_a_besmart_count_once_they_have_arrived() -> None:
    """Until then, the register is a line across them."""
    now = NOW
    simulator = BesmartSimulator(
        clock=lambda: now, sensors=default_sensors(7, NOW - timedelta(days=9))
    )
    hour = NOW.replace(minute=0) - timedelta(days=2)
    arrives = NOW + timedelta(hours=1)
    late = Late(hour, hour + timedelta(minutes=30), arrives=arrives)
    simulator.events.append(late)
    name = simulator.sensor(HOUSE_MID).path(32)
    found = besmart_expected(simulator, name)
    assert found is not None
    assert found.quality(epoch(hour)) == LINE
    now = arrives
    found = besmart_expected(simulator, name)
    assert found is not None
    assert found.quality(epoch(hour)) == MEASURED


def test_a_dirty_besmart_has_hours_of_all_qualities_of_a_register() -> None:
    """Its faults are of all kinds that a register can have."""
    simulator = BesmartSimulator(
        clock=lambda: NOW,
        sensors=default_sensors(7, NOW.replace(hour=0, minute=0) - timedelta(days=99)),
    )
    make_besmart_dirty(simulator, 1)
    found = besmart_expected(simulator, simulator.sensor(HOUSE_MID).path(32))
    assert found is not None
    assert found.first is not None
    hours = range(found.first // HOUR * HOUR, epoch(NOW) - 3 * HOUR, HOUR)
    assert {found.quality(hour) for hour in hours} == {
        MEASURED,
        LINE,
        SERVER,
        LONG_LINE,
    }
