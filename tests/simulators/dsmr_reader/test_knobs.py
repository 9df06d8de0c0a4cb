"""Each knob of the simulator."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from simulators.dsmr_reader import Contract, Problem, crc16
from simulators.dsmr_reader.knobs import ExtraDevice
from simulators.faults import Json
from simulators.house import House

from .conftest import KEY, NOW, Api

LATEST = "datalogger/dsmrreading?ordering=-timestamp&limit=1"
METER = "datalogger/meter-statistics"
LIVE = "consumption/electricity-live"


async def latest(api: Api) -> dict[str, Json]:
    (row,) = (await api.get(LATEST)).rows
    return row


async def telegram(api: Api) -> str:
    text = (await api.get(METER)).json["latest_telegram"]
    assert isinstance(text, str)
    body, _, checksum = text.rpartition("!")
    assert f"{crc16(f'{body}!'.encode()):04X}" == checksum
    return text


async def test_api_disabled_comes_before_the_key(api: Api) -> None:
    api.simulator.api_enabled = False
    got = await api.get(LATEST, headers={})
    assert (got.status, got.json) == (403, {"detail": "API is disabled"})


async def test_api_key(api: Api) -> None:
    api.simulator.api_key = "other"
    assert (await api.get(LATEST)).json == {"detail": "Invalid auth key"}
    api.simulator.api_key = ""
    assert (await api.get(LATEST, headers={"X-AUTHKEY": ""})).status == 403


async def test_without_gas(api: Api) -> None:
    api.simulator.extra_device = "none"
    row = await latest(api)
    assert row["extra_device_timestamp"] is None
    assert row["extra_device_delivered"] is None
    assert (await api.get("consumption/gas")).json["count"] == 0
    assert (await api.get("consumption/gas-live")).body == b"{}"
    today = (await api.get("consumption/today")).json
    assert list(today)[-2:] == ["gas", "gas_cost"]
    assert today["gas"] == 0
    (day,) = (await api.get("statistics/day?ordering=-day&limit=1")).rows
    assert day["day"] == "2026-11-20"
    assert (day["gas"], day["gas_cost"], day["gas_reading"]) == ("0.000", "0.00", None)
    assert "24.1.0" not in await telegram(api)


@pytest.mark.parametrize(
    ("device", "code", "unit"),
    [("gas", "003", "m3"), ("heat", "004", "GJ"), ("water", "007", "m3")],
)
async def test_kinds_of_extra_devices(
    api: Api, device: str, code: str, unit: str
) -> None:
    api.simulator.extra_device = device  # type: ignore[assignment]
    text = await telegram(api)
    assert f"0-1:24.1.0({code})\r\n0-1:96.1.0(47" in text
    position = text.split("(")[-1].split("*")[0]
    assert Decimal(position) == Decimal(
        str((await latest(api))["extra_device_delivered"])
    )
    assert f"*{unit})\r\n!" in text
    assert (await api.get("consumption/gas")).json["count"]


async def test_without_telegram(api: Api) -> None:
    api.simulator.telegram = False
    meter = (await api.get(METER)).json
    nulls = {key for key, value in meter.items() if value is None}
    assert set(meter) - nulls == {"id", "timestamp", "rejected_telegrams"}
    live = (await api.get(LIVE)).json
    assert live["cost_per_hour"] is None
    assert live["tariff_name"] is None
    assert live["currently_delivered"]
    assert (await latest(api))["electricity_delivered_1"]


async def test_belgian(api: Api, house: House) -> None:
    dutch = await latest(api)
    api.simulator.belgian = True
    row = await latest(api)
    positions = house.registers(NOW)
    for field, position in (
        ("delivered_1", positions[0]),
        ("delivered_2", positions[1]),
    ):
        assert Decimal(str(row[f"electricity_{field}"])) * 1000 == position
        assert row[f"electricity_{field}"] != dutch[f"electricity_{field}"]
    meter = (await api.get(METER)).json
    assert meter["dsmr_version"] is None
    assert meter["electricity_tariff"] == 2  # At night, in Belgian numbers.
    text = await telegram(api)
    assert text.startswith("/FLU5\\")
    assert "0-0:96.1.4(50217)" in text
    assert "0-1:96.1.1(47" in text
    assert "0-1:24.2.3(" in text


async def test_single_phase(api: Api, house: House) -> None:
    api.simulator.phases = 1
    row = await latest(api)
    power = house.power(NOW)
    assert row["phase_currently_delivered_l1"] == row["electricity_currently_delivered"]
    assert Decimal(str(row["phase_currently_delivered_l1"])) * 1000 == power.delivered
    for field in (
        "phase_currently_delivered",
        "phase_currently_returned",
        "phase_voltage",
        "phase_power_current",
    ):
        assert row[f"{field}_l1"] is not None
        assert row[f"{field}_l2"] is None
        assert row[f"{field}_l3"] is None
    meter = (await api.get(METER)).json
    assert meter["voltage_sag_count_l1"] is not None
    assert meter["voltage_sag_count_l2"] is None
    assert "1-0:52.7.0" not in await telegram(api)


async def test_dsmr4(api: Api) -> None:
    api.simulator.dsmr4 = True
    row = await latest(api)
    assert [row[f"phase_voltage_l{n}"] for n in (1, 2, 3)] == [None] * 3
    assert row["extra_device_timestamp"] == "2026-11-21T03:00:00+01:00"
    assert (await api.get(METER)).json["dsmr_version"] == "42"
    text = await telegram(api)
    assert "*V)" not in text
    gas = (await api.get("consumption/gas?ordering=-read_at&limit=2")).rows
    # The hour from two to three, reported at three, is stamped two.
    assert gas[0]["read_at"] == "2026-11-21T02:00:00+01:00"
    assert gas[1]["read_at"] == "2026-11-21T01:00:00+01:00"
    assert gas[0]["delivered"] == row["extra_device_delivered"]
    hours = (await api.get("statistics/hour?ordering=-hour_start&limit=1")).rows
    (record,) = (await api.get("consumption/gas?read_at=2026-11-20T22:00:00Z")).rows
    assert hours[0]["gas"] == record["currently_delivered"]


async def test_dsmr2(api: Api) -> None:
    api.simulator.dsmr2 = True
    row = await latest(api)
    assert [row[f"phase_power_current_l{n}"] for n in (1, 2, 3)] == [None] * 3
    assert row["extra_device_timestamp"] == "2026-11-21T03:00:00+01:00"
    meter = (await api.get(METER)).json
    assert (meter["dsmr_version"], meter["power_failure_count"]) == (None, None)
    text = await telegram(api)
    assert "1-3:0.2.8" not in text
    assert "0-1:24.3.0(261121030000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(0" in text


async def test_luxembourg(api: Api, house: House) -> None:
    api.simulator.luxembourg = True
    row = await latest(api)
    both = sum(house.registers(NOW)[:2])
    assert Decimal(str(row["electricity_delivered_1"])) * 1000 == both
    assert row["electricity_delivered_2"] == row["electricity_returned_2"] == "0.000"
    meter = (await api.get(METER)).json
    assert (meter["dsmr_version"], meter["electricity_tariff"]) == ("42", None)
    text = await telegram(api)
    assert f"1-0:1.8.0({both / 1000:010.3f}*kWh)" in text
    assert "1.8.1" not in text
    today = (await api.get("consumption/today")).json
    assert today["electricity2"] == 0


@pytest.mark.parametrize(("stored", "other"), [("gas", "water"), ("water", "gas")])
async def test_belgian_meters_side_by_side(
    api: Api, stored: ExtraDevice, other: ExtraDevice
) -> None:
    """The gas comes first, whichever the server stores."""
    api.simulator.belgian = True
    api.simulator.extra_device, api.simulator.other_device = stored, other
    row = await latest(api)
    text = await telegram(api)
    gas, _, water = text.partition("0-2:24.2.1(")
    assert "0-1:24.2.3(" in gas
    position = f"{Decimal(str(row['extra_device_delivered'])):09.3f}"
    assert position in (gas if stored == "gas" else water)


async def test_dutch_meters_side_by_side(api: Api) -> None:
    """The server stores the last one."""
    api.simulator.other_device = "water"
    row = await latest(api)
    position = f"{Decimal(str(row['extra_device_delivered'])):09.3f}"
    assert position in (await telegram(api)).partition("0-2:24.2.1(")[2]


async def test_dead_extra_meter(api: Api) -> None:
    api.simulator.extra_dead_since = NOW - timedelta(days=10)
    row = await latest(api)
    assert row["extra_device_timestamp"] == "2026-11-11T03:30:00+01:00"
    earlier = NOW - timedelta(days=9)
    path = f"{LATEST}&timestamp__lte={earlier:%Y-%m-%dT%H:%M:%SZ}"
    (before,) = (await api.get(path)).rows
    assert before["extra_device_delivered"] == row["extra_device_delivered"]
    (day,) = (await api.get("statistics/day?ordering=-day&limit=1")).rows
    assert day["day"] == "2026-11-20"


async def test_misdated_extra_meter(api: Api) -> None:
    api.simulator.extra_clock = lambda _: 1_000_000_000
    assert (await latest(api))["extra_device_timestamp"] == "2001-09-09T03:46:40+02:00"
    assert "0-1:24.2.1(010909034640S)(" in await telegram(api)


async def test_stopped(api: Api) -> None:
    api.simulator.stopped_at = datetime(2026, 11, 19, 12, 0, 7, tzinfo=UTC)
    assert (await latest(api))["timestamp"] == "2026-11-19T13:00:00+01:00"
    assert b"No electricity readings" in (await api.get("consumption/today")).body
    assert (await api.get(LIVE)).json["timestamp"] == "2026-11-19T13:00:00+01:00"
    (day,) = (await api.get("statistics/day?ordering=-day&limit=1")).rows
    assert day["day"] == "2026-11-18"


async def test_no_readings_today(api: Api) -> None:
    api.simulator.no_readings_today = True
    got = await api.get("consumption/today")
    assert got.status == 200
    assert got.body == b'"No electricity readings found for: 2026-11-21"'
    assert (await api.get(LIVE)).body == b"{}"
    assert (await api.get("consumption/gas-live")).body == b"{}"
    assert (await latest(api))["timestamp"] == "2026-11-20T23:59:50+01:00"


async def test_new_installation_has_nothing(api: Api) -> None:
    api.simulator.clock = lambda: datetime(2020, 1, 1, tzinfo=UTC)
    for path in (
        "datalogger/dsmrreading",
        "consumption/electricity",
        "consumption/gas",
        "consumption/quarter-hour-peak-electricity",
        "statistics/day",
        "statistics/hour",
    ):
        assert (await api.get(path)).json["count"] == 0
    assert (await api.get(LIVE)).body == b"{}"
    assert (await api.get(METER)).json["latest_telegram"] is None


async def test_first_minutes(api: Api) -> None:
    for seconds in (0, 30, 90, 400, 1000, 3700):
        now = api.simulator.house.start + timedelta(seconds=seconds)
        api.simulator.clock = lambda now=now: now  # type: ignore[misc]
        for path in ("consumption/electricity", "consumption/gas", "statistics/hour"):
            assert (await api.get(path)).status == 200
        peaks = await api.get("consumption/quarter-hour-peak-electricity")
        assert peaks.json["count"] == seconds // 900


async def test_problems(api: Api) -> None:
    since = datetime(2026, 11, 20, 12, tzinfo=UTC)
    api.simulator.problems = [Problem("Datalogger", "Geen metingen", since)]
    assert (await api.get("application/monitoring")).json == {
        "problems": 1,
        "details": [
            {
                "source": "Datalogger",
                "description": "Geen metingen",
                "since": "2026-11-20T13:00:00+01:00",
            }
        ],
    }


async def test_register_override_hits_the_newest_reading_only(api: Api) -> None:
    true = (await api.get("datalogger/dsmrreading?ordering=-timestamp&limit=2")).rows
    api.simulator.register_override = {
        "electricity_delivered_1": 0,
        "extra_device_delivered": lambda position: position - 5000,
    }
    got = (await api.get("datalogger/dsmrreading?ordering=-timestamp&limit=2")).rows
    assert got[0]["electricity_delivered_1"] == "0.000"
    gas = [Decimal(str(rows[0]["extra_device_delivered"])) for rows in (true, got)]
    assert gas[0] - gas[1] == 5
    assert got[1] == true[1]
    assert "1-0:1.8.1(000000.000*kWh)" in await telegram(api)
    api.simulator.register_override = {}
    assert await latest(api) == true[0]


async def test_prices(api: Api) -> None:
    day = date(2026, 11, 21)
    api.simulator.prices = [
        Contract(start=day, end=day, gas_price="2.000000", fixed_daily_cost="1.000000"),
        Contract(start=day, end=day, electricity_delivered_1_price="0.500000"),
        Contract(start=day, end=day, electricity_delivered_1_price="0.400000"),
    ]
    today = (await api.get("consumption/today")).json
    assert today["energy_supplier_price_gas"] == 2.0
    # Two contracts with the same price collide.
    assert today["energy_supplier_price_electricity_delivered_1"] == 0.0
    assert today["fixed_cost"] == 1.0
    api.simulator.prices = []
    assert (await api.get(LIVE)).json["cost_per_hour"] is None
    assert "cost_per_interval" not in (await api.get("consumption/gas-live")).json
    assert (await api.get("consumption/today")).json["total_cost"] == 0.0
    assert (await api.get("consumption/energy-supplier-prices")).json["count"] == 0


async def test_tariff(api: Api) -> None:
    assert (await api.get(LIVE)).json["tariff_name"] == "Daltarief"
    api.simulator.tariff = 2
    api.simulator.tariff_names = ("Laag", "Hoog")
    assert (await api.get(LIVE)).json["tariff_name"] == "Hoog"
    assert (await api.get(METER)).json["electricity_tariff"] == 2
    assert "0-0:96.14.0(0002)" in await telegram(api)


async def test_behind_nginx(api: Api) -> None:
    api.simulator.behind_nginx = True
    got = await api.get("datalogger/dsmrreading?limit=25")
    assert got.headers["Server"] == "nginx"
    assert got.headers.get("Connection") != "close"
    assert got.headers["Content-Encoding"] == "gzip"
    following = got.json["next"]
    assert isinstance(following, str)
    assert following.startswith("http://127.0.0.1/api/v2/")
    small = await api.get("application/version")
    assert "Content-Encoding" not in small.headers


async def test_header_names_have_no_case(api: Api) -> None:
    assert (await api.get(LATEST, headers={"x-authkey": KEY})).status == 200


async def test_readings_since_leaves_statistics(api: Api) -> None:
    before = {}
    for path in ("statistics/day", "statistics/hour"):
        before[path] = (await api.get(f"{path}?limit=2")).rows
    api.simulator.readings_since = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    for path, field in (
        ("datalogger/dsmrreading", "timestamp"),
        ("consumption/electricity", "read_at"),
        ("consumption/gas", "read_at"),
    ):
        (oldest,) = (await api.get(f"{path}?limit=1")).rows
        assert oldest[field] == "2026-11-20T13:30:00+01:00"
    for path, rows in before.items():
        assert (await api.get(f"{path}?limit=2")).rows == rows
