"""The simulated house: exact, repeatable, plausible."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import process_time
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from simulators.house import Channel, House, MeterExchange, Outage
from simulators.house_profile import WAVE_SUMS, WAVES
from simulators.times import epoch

START = datetime(2016, 1, 1, tzinfo=UTC)
HOUSE = House(3, START)
FIRST = epoch(START)
ELECTRICITY = (
    Channel.DELIVERED_1,
    Channel.DELIVERED_2,
    Channel.RETURNED_1,
    Channel.RETURNED_2,
)
DELIVERED, RETURNED = ELECTRICITY[:2], ELECTRICITY[2:]
moments = st.integers(FIRST, FIRST + 11 * 366 * 86400)
channels = st.sampled_from(Channel)


@given(moments, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_is_a_pure_function_of_seed_and_time(when: int, seed: int) -> None:
    late = START + timedelta(days=3600)
    one, other = House(seed, late), House(seed, late)
    one.registers(epoch(late) + 40 * 86400)  # Another path to the same moment.
    when = epoch(late) + when % (60 * 86400)
    assert one.registers(when) == other.registers(when)
    assert one.power(when) == other.power(when)
    assert one.voltages(when) == other.voltages(when)


def test_seeds_give_different_houses() -> None:
    moment = START + timedelta(days=400)
    assert len({House(seed, START).registers(moment) for seed in range(5)}) == 5
    assert len({House(seed, START).serial(moment) for seed in range(5)}) == 5


@given(channels, st.lists(moments, min_size=2, max_size=6))
@settings(deadline=None)
def test_registers_only_grow_and_add_up(channel: Channel, times: list[int]) -> None:
    times.sort()
    positions = [HOUSE.register(channel, when) for when in times]
    assert positions == sorted(positions)
    spans = pairwise(times)
    parts = [HOUSE.true_energy(channel, start, end) for start, end in spans]
    assert sum(parts) == positions[-1] - positions[0]
    assert sum(parts) == HOUSE.true_energy(channel, times[0], times[-1])


@given(moments)
@settings(deadline=None)
def test_all_registers_at_once_are_each_register(when: int) -> None:
    expected = tuple(HOUSE.register(channel, when) for channel in Channel)
    assert HOUSE.registers(when) == expected


@given(moments)
@settings(deadline=None)
def test_power_is_the_slope_of_the_registers(when: int) -> None:
    minute = when // 60 * 60
    power = HOUSE.power(minute)
    assert power == HOUSE.power(minute + 59)
    for watt, pair in ((power.delivered, DELIVERED), (power.returned, RETURNED)):
        grown = sum(HOUSE.true_energy(channel, minute, minute + 60) for channel in pair)
        # Two registers that each count whole Wh.
        assert abs(grown - watt / 60) < 2
    assert sum(power.phases) == power.delivered - power.returned
    assert 0 in (power.delivered, power.returned)


def test_a_day_is_the_sum_of_its_minutes() -> None:
    day = epoch(datetime(2025, 6, 3, tzinfo=UTC))
    for pair, name in ((DELIVERED, "delivered"), (RETURNED, "returned")):
        joules = sum(
            getattr(HOUSE.power(day + minute * 60), name) * 60 for minute in range(1440)
        )
        grown = sum(HOUSE.true_energy(channel, day, day + 86400) for channel in pair)
        assert grown == pytest.approx(joules / 3600, abs=2)


def test_waves_add_nothing() -> None:
    assert all(sum(wave) == 0 for wave in WAVES)
    assert all(sums[-1] == 0 for sums in WAVE_SUMS)


@pytest.mark.parametrize("year", range(2016, 2026))
def test_years_are_plausible(year: int) -> None:
    span = (datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    amounts = [HOUSE.true_energy(channel, *span) / 1000 for channel in Channel]
    assert 3000 < amounts[0] + amounts[1] < 4000
    assert 2100 < amounts[2] + amounts[3] < 3100
    assert 1150 < amounts[4] < 1450
    assert amounts[5] == pytest.approx(amounts[4] * 0.035, rel=0.01)
    assert amounts[6] == pytest.approx(amounts[4] / 11, rel=0.01)


def test_seasons_and_nights() -> None:
    winter = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC))
    summer = (datetime(2025, 7, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC))
    gas = [HOUSE.true_energy(Channel.GAS, *span) for span in (winter, summer)]
    sun = [HOUSE.true_energy(Channel.RETURNED_2, *span) for span in (winter, summer)]
    assert gas[0] > 8 * gas[1]
    assert sun[1] > 5 * sun[0]
    nights = [datetime(2025, 6, day, 23, tzinfo=UTC) for day in range(1, 30)]
    assert not any(HOUSE.power(night).returned for night in nights)


@pytest.mark.parametrize(
    ("local", "tariff"),
    [
        ("2025-06-03T06:59:59", 1),
        ("2025-06-03T07:00:00", 2),
        ("2025-06-03T22:59:59", 2),
        ("2025-06-03T23:00:00", 1),
        ("2025-06-07T12:00:00", 1),
        ("2025-01-07T07:00:00", 2),
        ("2025-01-07T06:59:00", 1),
        # The day after the clock went back, and the day on which it did.
        ("2025-10-27T07:00:00", 2),
        ("2025-10-27T06:45:00", 1),
        ("2025-10-26T12:00:00", 1),
    ],
)
def test_tariffs(local: str, tariff: int) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Amsterdam"))
    assert HOUSE.tariff(moment) == tariff
    belgian = House(3, START, "Europe/Brussels", belgian=True)
    assert belgian.tariff(moment) == 3 - tariff


@pytest.mark.parametrize(
    ("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-10-27", 24)]
)
def test_habits_follow_the_clock_on_the_wall(day: str, hours: int) -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    start = datetime.fromisoformat(day).replace(tzinfo=zone)
    end = (start + timedelta(days=1)).astimezone(UTC)
    assert (end - start.astimezone(UTC)) / timedelta(hours=1) == hours
    # Electricity is low tariff before seven: nothing on the other register.
    seven = start.replace(hour=7)
    assert HOUSE.true_energy(Channel.DELIVERED_2, start, seven) == 0
    assert HOUSE.true_energy(Channel.DELIVERED_1, start, seven) > 0


def test_belgian_numbers_are_swapped() -> None:
    dutch, belgian = House(3, START), House(3, START, belgian=True)
    span = (START, START + timedelta(days=30))
    for one, other in ((0, 1), (1, 0), (2, 3), (3, 2), (4, 4)):
        amount = dutch.true_energy(Channel(one), *span)
        assert belgian.true_energy(Channel(other), *span) == amount


def test_exchanged_meter_starts_over() -> None:
    at = START + timedelta(days=100, hours=13)
    house = House(3, START, exchange=MeterExchange(at, dict.fromkeys(ELECTRICITY, 5)))
    before, after = at - timedelta(seconds=1), at + timedelta(days=2)
    for channel in ELECTRICITY:
        assert house.register(channel, before) == HOUSE.register(channel, before)
        assert house.register(channel, at) == 5
        assert house.register(channel, after) == 5 + HOUSE.true_energy(
            channel, at, after
        )
        span = (before, after)
        assert house.true_energy(channel, *span) == HOUSE.true_energy(channel, *span)
    assert house.register(Channel.GAS, after) == HOUSE.register(Channel.GAS, after)
    assert house.registers(after)[:4] == tuple(
        house.register(channel, after) for channel in ELECTRICITY
    )
    assert house.serial(before) == HOUSE.serial(before)
    assert house.serial(at) != HOUSE.serial(at)
    named = House(3, START, exchange=MeterExchange(at, {}, "E1"))
    assert named.serial(at) == "E1"


def test_outage_does_not_change_what_was_used() -> None:
    start, end = START + timedelta(days=10), START + timedelta(days=12)
    house = House(3, START, outages=[Outage(start, end)])
    assert house.registers(end) == HOUSE.registers(end)
    assert not house.stored(start)
    assert not house.stored(end - timedelta(seconds=1))
    assert house.stored(end)
    assert not house.stored(START - timedelta(seconds=1))


def test_nothing_before_the_start() -> None:
    initial = {Channel.GAS: 12_345}
    house = House(3, START, initial=initial)
    assert house.register(Channel.GAS, START) == 12_345
    assert house.registers(START - timedelta(days=5)) == house.registers(START)


def test_speed() -> None:
    """A generous gate: each is some hundred times faster on a quiet machine."""
    house = House(9, START)
    end = START + timedelta(days=3650)
    began = process_time()
    house.registers(end)  # Sums up ten years.
    warm = process_time()
    for second in range(0, 10_000, 10):
        house.registers(epoch(end) - second)
    assert warm - began < 20
    assert process_time() - warm < 1
