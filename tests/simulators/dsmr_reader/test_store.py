"""What the simulator has stored: retention, outages, statistics, clock changes."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from simulators.dsmr_reader import DsmrReaderSimulator, Late
from simulators.dsmr_reader.rows import row_number
from simulators.dsmr_reader.store import Store
from simulators.house import Channel, House, MeterExchange, Outage
from simulators.times import epoch

from .conftest import KEY, NOW, START, Api
from .helpers import at, rows, units

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)  # Of 21 November, local.
ELECTRICITY = list(Channel)[:4]


async def test_readings_are_thinned_to_two_an_hour(api: Api) -> None:
    cut = NOW.replace(minute=0, second=0) - timedelta(days=31)
    span = {
        "timestamp__gte": cut - 2 * HOUR,
        "timestamp__lte": cut + timedelta(minutes=1),
    }
    found = await rows(api, "datalogger/dsmrreading", **span)
    times = [at(row, "timestamp") - cut for row in found]
    seconds = [int(time.total_seconds()) for time in times]
    assert seconds == [-7200, -3610, -3600, -10, *range(0, 61, 10)]
    ids = [int(str(row["id"])) for row in found]
    assert ids[1] - ids[0] == 359
    api.simulator.retention = None
    assert len(await rows(api, "datalogger/dsmrreading", **span)) == 727


@pytest.mark.parametrize(
    ("path", "per_hour", "last"),
    [("consumption/electricity", 60, 59), ("consumption/gas", 12, 55)],
)
async def test_consumption_is_thinned_too(
    api: Api, path: str, per_hour: int, last: int
) -> None:
    start = NOW.replace(minute=0, second=0) - timedelta(days=32)
    span = {"read_at__gte": start, "read_at__lte": start + timedelta(minutes=59)}
    thin = await rows(api, path, **span)
    assert [at(row, "read_at").minute for row in thin] == [0, last]
    api.simulator.retention = None
    full = await rows(api, path, **span)
    assert len(full) == per_hour
    assert [full[0], full[-1]] == thin


async def test_count_and_first_reading(api: Api) -> None:
    api.simulator.retention = None
    got = await api.get("datalogger/dsmrreading?limit=1")
    assert got.json["count"] == (NOW - START) // timedelta(seconds=10) + 1
    assert at(got.rows[0], "timestamp") == START
    assert got.rows[0]["id"] == 1


async def test_readings_tell_the_true_registers(api: Api, house: House) -> None:
    span = {"timestamp__gte": NOW - 2 * HOUR, "timestamp__lte": NOW}
    for row in (await rows(api, "datalogger/dsmrreading", **span))[::50]:
        when = at(row, "timestamp")
        registers = house.registers(when)
        assert units(row, "electricity_delivered_1") == registers[0]
        assert units(row, "electricity_delivered_2") == registers[1]
        assert units(row, "electricity_returned_1") == registers[2]
        assert units(row, "electricity_returned_2") == registers[3]
        power = house.power(when)
        assert units(row, "electricity_currently_delivered") == power.delivered
        phases = sum(units(row, f"phase_currently_delivered_l{n}") for n in (1, 2, 3))
        back = sum(units(row, f"phase_currently_returned_l{n}") for n in (1, 2, 3))
        assert phases - back == power.delivered - power.returned


async def test_electricity_describes_the_minute_before(api: Api, house: House) -> None:
    (row,) = (await api.get("consumption/electricity?ordering=-read_at&limit=1")).rows
    assert at(row, "read_at") == NOW.replace(second=0)
    last = NOW.replace(second=0) - timedelta(seconds=10)
    assert units(row, "delivered_1") == house.register(Channel.DELIVERED_1, last)
    assert units(row, "currently_delivered") == house.power(last).delivered


async def test_gas_steps_add_up(api: Api, house: House) -> None:
    start = NOW - timedelta(days=40)  # Thinned: the steps stay five minutes long.
    found = await rows(api, "consumption/gas", read_at__gte=start)
    for row in found[:: len(found) // 20]:
        when = at(row, "read_at")
        assert units(row, "delivered") == house.register(Channel.GAS, when)
        step = house.true_energy(Channel.GAS, when - timedelta(minutes=5), when)
        assert units(row, "currently_delivered") == step
    (first,) = (await api.get("consumption/gas?limit=1")).rows
    assert first["currently_delivered"] == "0.000"


async def test_hours_lose_the_step_over_the_border(api: Api, house: House) -> None:
    found = await rows(api, "statistics/hour", hour_start__gte=NOW - timedelta(days=60))
    for row in found[::37]:
        start = at(row, "hour_start")
        # Records of H:00 and H:59 hold the last reading of the minute before.
        ends = (
            start - timedelta(seconds=10),
            start + timedelta(minutes=58, seconds=50),
        )
        for field, channel in zip(list(row)[2:6], (0, 1, 2, 3), strict=True):
            assert units(row, field) == house.true_energy(Channel(channel), *ends)
        burnt = house.true_energy(Channel.GAS, start, start + timedelta(minutes=55))
        assert units(row, "gas") == burnt


async def test_days_are_off_as_much_as_measured(api: Api, house: House) -> None:
    days = await rows(api, "statistics/day")
    hours = await rows(api, "statistics/hour")
    start, end = START, MIDNIGHT
    true = sum(house.true_energy(Channel(channel), start, end) for channel in (0, 1))
    day_sum = sum(
        units(row, f) for row in days for f in ("electricity1", "electricity2")
    )
    hour_sum = sum(
        units(row, f) for row in hours for f in ("electricity1", "electricity2")
    )
    assert 0.9985 < day_sum / true < 1
    assert 0.98 < hour_sum / true < 0.99
    gas = house.true_energy(Channel.GAS, start, end)
    assert 0.91 < sum(units(row, "gas") for row in days) / gas < 0.925
    assert sum(units(row, "gas") for row in hours) == sum(
        units(row, "gas") for row in days
    )


async def test_day_positions_are_exact(api: Api, house: House) -> None:
    days = await rows(api, "statistics/day")
    for row, after in zip(days[::9], days[1::9], strict=False):
        start, end = (at(one, "electricity_reading_timestamp") for one in (row, after))
        assert start.date().isoformat() == row["day"]
        for field, channel in (
            ("electricity1_reading", Channel.DELIVERED_1),
            ("electricity2_returned_reading", Channel.RETURNED_2),
            ("gas_reading", Channel.GAS),
        ):
            used = units(after, field) - units(row, field)
            assert used == house.true_energy(channel, start, end)
    last = days[-1]
    parts = ("electricity1_cost", "electricity2_cost", "gas_cost", "fixed_cost")
    total = sum(Decimal(str(last[part])) for part in parts)
    assert abs(total - Decimal(str(last["total_cost"]))) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (MIDNIGHT - timedelta(seconds=1), "2026-11-19"),
        (MIDNIGHT + timedelta(minutes=4), "2026-11-19"),
        (MIDNIGHT + timedelta(minutes=6), "2026-11-20"),
        (MIDNIGHT + timedelta(hours=23), "2026-11-20"),
    ],
)
async def test_statistics_follow_midnight(api: Api, now: datetime, newest: str) -> None:
    api.simulator.clock = lambda: now
    assert (await rows(api, "statistics/day", ordering="-day"))[0]["day"] == newest
    (hour, *_) = await rows(api, "statistics/hour", ordering="-hour_start")
    assert str(hour["hour_start"]).startswith(f"{newest}T23:00")


async def test_hourly_gas_delays_the_statistics(api: Api) -> None:
    api.simulator.dsmr4 = True
    for minutes, newest in ((50, "2026-11-19"), (63, "2026-11-20")):
        now = MIDNIGHT + timedelta(minutes=minutes)
        api.simulator.clock = lambda now=now: now  # type: ignore[misc]
        assert (await rows(api, "statistics/day", ordering="-day"))[0]["day"] == newest


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)]
)
async def test_days_of_a_clock_change(api: Api, day: str, hours: int) -> None:
    end = (date.fromisoformat(day) + DAY).isoformat()
    found = await rows(
        api,
        "statistics/hour",
        hour_start__gte=day,
        hour_start__lte=f"{end}%2000:00:00",
    )
    starts = [at(row, "hour_start") for row in found]
    assert len([start for start in starts if start.date().isoformat() == day]) == hours
    assert [b - a for a, b in pairwise(starts)] == [HOUR] * hours
    assert len({row["hour_start"] for row in found}) == hours + 1


async def test_long_interval_has_other_minutes(api: Api) -> None:
    api.simulator.interval = 300
    (row,) = (await api.get("datalogger/dsmrreading?ordering=-timestamp&limit=1")).rows
    assert at(row, "timestamp") == NOW.replace(minute=30, second=0)
    (row,) = (await api.get("consumption/electricity?ordering=-read_at&limit=1")).rows
    assert at(row, "read_at") == NOW.replace(minute=26, second=0)
    api.simulator.interval = 7
    with pytest.raises(ValueError, match="interval"):
        Store(api.simulator)


def test_first_second_is_epoch() -> None:
    assert epoch(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1


def outage(start: str, end: str) -> Callable[[], DsmrReaderSimulator]:
    gap = Outage(datetime.fromisoformat(start), datetime.fromisoformat(end))
    house = House(7, START, outages=[gap])
    return lambda: DsmrReaderSimulator(house, api_key=KEY, clock=lambda: NOW)


class TestOutage:
    """Nothing stored from the 17th at 14:30:05 to the 19th at 09:10 (local)."""

    @pytest.fixture
    def simulator(self) -> DsmrReaderSimulator:
        return outage("2026-11-17T14:30:05+01:00", "2026-11-19T09:10:00+01:00")()

    async def test_readings(self, api: Api, house: House) -> None:
        low, high = (
            datetime(2026, 11, 17, 13, 30, tzinfo=UTC),
            datetime(2026, 11, 19, 8, 11, tzinfo=UTC),
        )
        found = await rows(
            api, "datalogger/dsmrreading", timestamp__gte=low, timestamp__lte=high
        )
        times = [at(row, "timestamp") for row in found]
        assert times[0] == low
        assert times[1] == datetime(2026, 11, 19, 8, 10, tzinfo=UTC)
        assert len(times) == 8
        used = units(found[1], "electricity_delivered_1") - units(
            found[0], "electricity_delivered_1"
        )
        assert used == house.true_energy(Channel.DELIVERED_1, times[0], times[1])

    async def test_consumption(self, api: Api, house: House) -> None:
        span = {
            "read_at__gte": datetime(2026, 11, 17, 13, 29, tzinfo=UTC),
            "read_at__lte": datetime(2026, 11, 19, 8, 12, tzinfo=UTC),
        }
        minutes = await rows(api, "consumption/electricity", **span)
        assert [at(row, "read_at").minute for row in minutes] == [29, 30, 31, 11, 12]
        gas = await rows(api, "consumption/gas", **span)
        times = [at(row, "read_at") for row in gas]
        assert [time.minute for time in times] == [30, 10]
        step = house.true_energy(Channel.GAS, times[0], times[1])
        assert units(gas[1], "currently_delivered") == step

    async def test_statistics(self, api: Api) -> None:
        days = await rows(api, "statistics/day", day__gte="2026-11-16")
        assert [str(row["day"])[-2:] for row in days] == ["16", "17", "19", "20"]
        assert days[2]["electricity_reading_timestamp"] == "2026-11-19T09:10:00+01:00"
        hours = await rows(
            api,
            "statistics/hour",
            hour_start__gte="2026-11-17%2012:00:00",
            hour_start__lte="2026-11-19%2010:00:00",
        )
        assert [at(row, "hour_start").hour for row in hours] == [12, 13, 14, 9, 10]

    async def test_peaks(self, api: Api) -> None:
        found = await rows(
            api,
            "consumption/quarter-hour-peak-electricity",
            read_at_start__gte="2026-11-17%2014:00:00",
            read_at_start__lte="2026-11-19%2009:30:00",
        )
        spans = [
            (str(row["read_at_start"])[11:16], str(row["read_at_end"])[11:19])
            for row in found
        ]
        assert spans == [
            ("14:00", "14:15:00"),
            ("14:15", "14:30:00"),
            ("09:10", "09:15:00"),
            ("09:15", "09:30:00"),
            ("09:30", "09:45:00"),
        ]


class TestExchange:
    """Another electricity meter since 10 November, 10:00 UTC."""

    AT = datetime(2026, 11, 10, 10, tzinfo=UTC)

    @pytest.fixture
    def house(self) -> House:
        positions = dict.fromkeys(ELECTRICITY, 0)
        return House(7, START, exchange=MeterExchange(self.AT, positions))

    async def test_registers_and_statistics(self, api: Api) -> None:
        span = {
            "timestamp__gte": self.AT - timedelta(seconds=10),
            "timestamp__lte": self.AT,
        }
        before, after = await rows(api, "datalogger/dsmrreading", **span)
        assert units(before, "electricity_delivered_1") > 10_000_000
        assert after["electricity_delivered_1"] == "0.000"
        assert units(after, "extra_device_delivered") > 8_000_000
        (day,) = await rows(
            api, "statistics/day", day__gte="2026-11-10", day__lte="2026-11-10"
        )
        assert units(day, "electricity1") < -10_000_000
        assert units(day, "gas") > 0

    async def test_serial(self, api: Api) -> None:
        serials = []
        for now in (NOW, self.AT - HOUR):
            api.simulator.clock = lambda now=now: now  # type: ignore[misc]
            telegram = (await api.get("datalogger/meter-statistics")).json[
                "latest_telegram"
            ]
            serials.append(str(telegram).split("0-0:96.1.1(")[1][:34])
        assert len(set(serials)) == 2


def test_late_telegrams_are_missing_until_they_arrive(house: House) -> None:
    """Then they have later row numbers than those that were there before."""
    now = NOW
    hour = NOW.replace(minute=0, second=0) - timedelta(hours=1)
    arrives = hour + timedelta(hours=2)
    simulator = DsmrReaderSimulator(house, clock=lambda: now)
    simulator.late.append(Late(hour, hour + timedelta(minutes=1), arrives))
    span = epoch(hour), epoch(hour) + 60
    assert not Store(simulator).readings.between(*span)
    now = arrives + timedelta(seconds=25)
    store = Store(simulator)
    there = [store.readings[at] for at in store.readings.between(*span)]
    assert there == [*range(*span, 10)]
    before, after, last, newest = (
        row_number(store, at)
        for at in (span[0] - 10, span[1], epoch(arrives) - 10, epoch(arrives) + 20)
    )
    assert after == before + 1
    assert [row_number(store, at) for at in there] == [*range(last + 1, last + 7)]
    # The telegrams of the moment of arrival and of ten seconds later come between.
    assert newest == last + 9
    assert newest == len(store.all_readings)
