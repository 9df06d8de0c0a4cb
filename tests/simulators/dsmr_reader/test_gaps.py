"""Outages and an exchanged meter, as the API shows them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import Channel, House, MeterExchange, Outage

from .conftest import KEY, NOW, START, Api
from .helpers import at, rows, units

HOUR = timedelta(hours=1)
ELECTRICITY = list(Channel)[:4]


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
