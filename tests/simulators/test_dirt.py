"""Dirty houses: their readings are clean where no fault is, and their truth adds up."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from freezegun.api import FrozenDateTimeFactory
import pytest

from demo.check_dirty import wrong_spans
from simulators.__main__ import SIMULATORS, parser
from simulators.bemserver import BemserverSimulator
from simulators.bemserver.dirty import make_dirty as make_bemserver_dirty
from simulators.bemserver.sources import day
from simulators.besmart import HOUSE_MID, BesmartSimulator, default_sensors
from simulators.besmart.dirty import make_dirty as make_besmart_dirty
from simulators.besmart.store import Series
from simulators.dirt import Dirt, Spot, SpotKind
from simulators.dirt_calendar import SLOT, Plan, sprinkle
from simulators.dirt_truth import RightLine
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.dsmr_reader.dirty import CHANNELS, make_dirty
from simulators.dsmr_reader.rows import reading_positions, reading_row
from simulators.dsmr_reader.store import Store
from simulators.house import House
from simulators.registry import Running
from simulators.timeline import Grid, Merged, timeline
from simulators.times import DAY, HOUR, MINUTE, QUARTER, epoch

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
LENGTH = timedelta(days=100)
OPTIONS = {
    "besmart": ("--years", "0.27"),
    "bemserver": ("--years", "0.27"),
    "dsmr_reader": ("--years", "0.27"),
    "milesight": ("--days", "100"),
}
KEY = "meter"
START = 1_790_000_000 // DAY * DAY


@pytest.fixture(params=sorted(OPTIONS))
def build(
    request: pytest.FixtureRequest, freezer: FrozenDateTimeFactory
) -> Callable[..., Running]:
    """Return a function that builds each of the simulators, at a fixed time."""
    freezer.move_to(NOW)
    name = request.param

    def build_with(*options: str) -> Running:
        """Return the simulator with more options."""
        arguments: Namespace = parser().parse_args([name, *OPTIONS[name], *options])
        return SIMULATORS[name].build(arguments)

    return build_with


@pytest.fixture
def dsmr() -> DsmrReaderSimulator:
    """Return a dirty DSMR-reader."""
    simulator = DsmrReaderSimulator(House(7, NOW - LENGTH), clock=lambda: NOW)
    make_dirty(simulator, 1)
    return simulator


def line(*spots: Spot, gaps: tuple[tuple[int, int], ...] = ()) -> RightLine:
    """Return the line of a register that counts 1 a second, read every 10 minutes."""
    times = timeline(Grid(10 * MINUTE), START, START + 10 * DAY, gaps)
    return RightLine(KEY, lambda at: at - START, 1, times, Dirt(spots))


def spot(kind: SpotKind, start: int, length: int, amount: int = 0) -> Spot:
    """Return a fault of the register, counted from the start."""
    begin = START + start
    return Spot(kind, begin, begin + length, frozenset({KEY}), amount=amount)


def hourly(of: RightLine, hours: int) -> list[float | None]:
    """Return the amounts of the first hours."""
    edges = range(START, START + hours * HOUR, HOUR)
    return [of.amount(at, at + HOUR) for at in edges]


def test_without_faults_every_hour_is_what_was_counted() -> None:
    """A reading at each hour gives the exact amount."""
    assert hourly(line(), 5) == [3600.0] * 5


def test_wrong_readings_are_bridged() -> None:
    """The line goes from the last right reading to the next one."""
    wrong = spot(SpotKind.ZERO, HOUR, 10 * MINUTE)
    assert hourly(line(wrong), 3) == [3600.0] * 3


def test_nothing_is_counted_across_an_exchange() -> None:
    """The ten minutes between the last and the first reading are lost."""
    exchange = spot(SpotKind.EXCHANGE, 90 * MINUTE, 10 * MINUTE)
    assert hourly(line(exchange), 3) == [3600.0, 3000.0, 3600.0]


def test_a_correction_lowers_the_sum() -> None:
    """Readings above the corrected position are wrong."""
    correction = spot(SpotKind.CORRECTION, 2 * HOUR, 10 * MINUTE, amount=1500)
    # The line goes from 5,400 at 1:30 to 5,700 at 2:00.
    assert hourly(line(correction), 3) == [3600.0, 2100.0, 3600.0]


def test_hours_between_distant_readings_are_estimates() -> None:
    """Only an hour that has an end in a long gap is an estimate."""
    gapped = line(gaps=((START + HOUR + 1, START + 4 * HOUR),))
    assert [
        gapped.is_estimated(at, at + HOUR)
        for at in range(START, START + 6 * HOUR, HOUR)
    ] == [False, True, True, True, False, False]


def test_wrong_hours_are_found() -> None:
    """An hour that differs is reported, and one row before the first reading."""
    right = line(gaps=((START + 10 * HOUR + 1, START + 14 * HOUR),))
    changes = {
        datetime.fromtimestamp(at, UTC): right.amount(at, at + HOUR) or 0.0
        for at in range(START, START + 48 * HOUR, HOUR)
    }
    assert [*wrong_spans(changes, right)] == []
    # Within a gap only the sum is known.
    first, second = (datetime.fromtimestamp(START + n * HOUR, UTC) for n in (11, 12))
    changes[first] += 500
    changes[second] -= 500
    assert [*wrong_spans(changes, right)] == []
    changes[first] += 500
    changes[datetime.fromtimestamp(START + 20 * HOUR, UTC)] = 0.0
    del changes[datetime.fromtimestamp(START + 30 * HOUR, UTC)]
    changes[datetime.fromtimestamp(START - DAY, UTC)] = 12.0
    found = [(wrong.start - START) // HOUR for wrong in wrong_spans(changes, right)]
    assert found == [-24, 10, 20, 30]


def test_faults_are_the_same_for_the_same_seed() -> None:
    """Each fault has its own slot."""
    plans = [
        Plan(SpotKind.ZERO, frozenset({KEY}), step=10, readings=3),
        Plan(SpotKind.UNSET_CLOCK, frozenset({KEY}), step=10, once=True),
        Plan(SpotKind.EXCHANGE, frozenset({KEY}), step=10, rare=True),
    ]
    spots = [*sprinkle(plans, START, START + 365 * DAY, 5)]
    assert spots == [*sprinkle(plans, START, START + 365 * DAY, 5)]
    assert spots != [*sprinkle(plans, START, START + 365 * DAY, 6)]
    kinds = [each.kind for each in spots]
    assert kinds.count(SpotKind.UNSET_CLOCK) == 1
    assert kinds.count(SpotKind.EXCHANGE) == 2
    assert kinds.count(SpotKind.ZERO) > 100
    starts = [each.start for each in spots]
    assert all(b - a > SLOT // 3 for a, b in pairwise(starts))
    assert any((each.start + 10) % HOUR == 0 for each in spots)


def test_every_simulator_has_faults(build: Callable[..., Running]) -> None:
    """Without the option there is none."""
    assert len(build("--dirty").dirt) > 30
    assert not build().dirt


def test_the_truth_is_the_clean_house_where_no_fault_is(
    build: Callable[..., Running],
) -> None:
    """Far from faults, every hour with a reading at its ends is what was counted."""
    dirty, clean = build("--dirty"), build()
    compared = 0
    for key in sorted({key for each in dirty.dirt for key in each.keys}):
        expected = dirty.expected(key)
        if expected is None:
            continue
        for hour in quiet_hours(dirty.dirt, key):
            start = datetime.fromtimestamp(hour, UTC)
            end = start + timedelta(hours=1)
            true = clean.amount(key, start, end)
            right = expected.amount(hour, hour + HOUR)
            if true is not None and right is not None:
                compared += 1
                # Meters that report seldom do not report at whole hours.
                share = 0.5 if "device" in key else 0
                assert right == pytest.approx(true, rel=share, abs=share * 500 + 1e-6)
    assert compared > 100


def quiet_hours(dirt: Dirt, key: str) -> Iterator[int]:
    """Yield the hours of the first weeks that are far from any fault of a register."""
    spots = [each for each in dirt if key in each.keys]
    first = epoch(NOW - LENGTH) // HOUR * HOUR + 2 * DAY
    for hour in range(first, first + 12 * DAY, HOUR):
        if all(
            hour + 12 * HOUR < each.start or each.end < hour - 30 * HOUR
            for each in spots
        ):
            yield hour


def test_readings_are_clean_where_no_fault_is(dsmr: DsmrReaderSimulator) -> None:
    """Only the readings of a fault differ from the meter's own positions."""
    store = Store(dsmr)
    wrong = [each for each in dsmr.dirt if each.is_wrong]
    first_exchange = min(each.start for each in dsmr.dirt.of_kind(SpotKind.EXCHANGE))
    for each in wrong:
        if each.start > first_exchange:
            break
        for when in (each.start - DAY, each.start, each.end):
            shown = reading_positions(store, when)
            for key in each.keys - {"gas"}:
                true = dsmr.house.register(CHANNELS[key], when)
                assert (shown[key] == true) is not each.covers(key, when)


def test_an_unset_clock_dates_telegrams_in_2000(dsmr: DsmrReaderSimulator) -> None:
    """They are the oldest rows, have later numbers, and are missing at their time."""
    store = Store(dsmr)
    fault = dsmr.dirt.of_kind(SpotKind.UNSET_CLOCK)[0]
    row = reading_row(store, store.readings[0])
    assert str(row["timestamp"]).startswith("2000-01-01T01:00:00")
    assert store.misplaced[store.readings[0]] == fault.start
    following = store.readings.since(fault.start)
    assert following is not None
    assert following >= fault.end
    number = reading_row(store, following)["id"]
    assert isinstance(number, int)
    assert isinstance(row["id"], int)
    assert 0 < number - row["id"] <= HOUR // dsmr.interval


def test_merged_timelines_are_in_order() -> None:
    """Single instants are found by index, by rank and by span."""
    merged = Merged(timeline(Grid(10), 0, 50), [25, 3, 30, 99])
    assert [merged[index] for index in range(len(merged))] == [*merged]
    assert [*merged] == [0, 3, 10, 20, 25, 30, 30, 40, 50, 99]
    assert merged[-1] == 99
    assert merged.rank(25) == 4
    assert [merged[index] for index in merged.between(20, 31)] == [20, 25, 30, 30]


async def test_besmart_shows_faults_and_their_origins() -> None:
    """Estimates have their own origin, and a correction lasts."""
    simulator = BesmartSimulator(
        clock=lambda: NOW, sensors=default_sensors(7, NOW - LENGTH)
    )
    make_besmart_dirty(simulator, 1)
    sensor = simulator.sensor(HOUSE_MID)
    series = Series(simulator, sensor, simulator.types[32], epoch(NOW))
    estimate = simulator.dirt.of_kind(SpotKind.ESTIMATED)[0]
    samples = await series.between(estimate.start - QUARTER, estimate.end + QUARTER)
    assert [each.origin for each in samples] == [1, *[4] * 5, 1]
    values = [each.raw for each in samples if each.raw is not None]
    assert values[1] > values[0] + 5_000
    assert values[-1] < values[-2]
    assert sensor.corrections[0].fall == 1_500


def test_a_bemserver_has_no_correction_that_looks_like_a_dip() -> None:
    """At least three readings after a correction are below the one before it."""
    simulator = BemserverSimulator(1, 0.25, clock=lambda: NOW)
    (correction,) = make_bemserver_dirty(simulator, 1).of_kind(SpotKind.CORRECTION)
    assert correction.keys
    for key in correction.keys:
        source = simulator.world.series[int(key)].source
        before, *after = (
            day(source, when // DAY)[when % DAY // source.step]
            for when in range(
                correction.start - QUARTER, correction.start + HOUR, QUARTER
            )
        )
        assert max(after[:3]) < before
