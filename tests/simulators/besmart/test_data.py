"""The data: exact registers, plausible shapes, ranges, units and aggregates."""

import asyncio
from datetime import UTC, datetime, timedelta
import time

import pytest

from simulators.besmart import (
    HOUSE_MID,
    INVERTER_MID,
    PV_PER_QUARTER,
    SIGNAL_TYPES,
    TARIFF,
    UTILITY_TYPES,
    VALVE,
    WORKSHOP_MID,
    BesmartSimulator,
    Estimate,
    Revision,
    default_sensors,
)
from simulators.besmart.signal_types import Edition
from simulators.faults import Json
from simulators.house import Channel
from simulators.house_profile import solar
from simulators.times import epoch

from .conftest import NOW, START, BesmartApi, ms, points

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
NOON = datetime(2026, 7, 14, 10, 0, tzinfo=UTC)
REGISTERS = (32, 34, 36, 38, 40, 42, 44, 46)


async def test_rows_of_2021(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.edition = "2021"
    row = (await besmart_api.get_data(NOON, NOON + QUARTER)).row
    house = besmart_api.house
    assert row == {
        "client_cid": house.client_cid,
        "sensor_mid": HOUSE_MID,
        "signal_type_moid": 32,
        "data": [
            {
                "time": ms(NOON),
                "value": besmart_api.simulator.position(house, 32, NOON) / 1000,
                "type": "DBL",
                "origin": 1,
            }
        ],
        "unit": "kW.h",
    }
    assert list(row) == ["client_cid", "sensor_mid", "signal_type_moid", "data", "unit"]


async def test_columns_of_2026(besmart_api: BesmartApi) -> None:
    reply = await besmart_api.get_data(NOON, NOON + 2 * QUARTER)
    position = besmart_api.simulator.position
    assert reply.row["data"] == {
        "time": [ms(NOON), ms(NOON + QUARTER)],
        "value": [
            position(besmart_api.house, 32, at) / 1000 for at in (NOON, NOON + QUARTER)
        ],
        "type": ["DBL", "DBL"],
        "origin": [1, 1],
    }
    assert {"time_tstorage", "time_other"} <= set(reply.row)
    besmart_api.simulator.wrapped = True
    again = await besmart_api.get_data(NOON, NOON + 2 * QUARTER)
    assert again.json == [reply.json]


async def test_shapes_can_be_had_in_both_editions(besmart_api: BesmartApi) -> None:
    columns = (await besmart_api.get_data(NOON, NOON + HOUR)).row
    besmart_api.simulator.rows = True
    rows = (await besmart_api.get_data(NOON, NOON + HOUR)).row
    assert isinstance(columns["data"], dict)
    assert isinstance(rows["data"], list)
    assert points(columns) == points(rows)
    assert len(points(rows)) == 4


async def test_ranges_are_half_open(besmart_api: BesmartApi) -> None:
    async def times(start: datetime, end: datetime) -> list[object]:
        return [point.time for point in await besmart_api.points(start, end)]

    second = timedelta(seconds=1)
    assert await times(NOON, NOON + QUARTER) == [ms(NOON)]
    assert await times(NOON + second, NOON + QUARTER + second) == [ms(NOON + QUARTER)]
    assert await times(NOON + second, NOON + QUARTER) == []
    assert await times(NOON + HOUR, NOON) == []
    assert await times(START - DAY, START + second) == [ms(START)]
    path = f"sensors/{besmart_api.house.client_cid}.{HOUSE_MID}/signals/32/data"
    for since, till, count in ((0, 1, 1), (1, 1, 0), (1, 2, 0), (-1, 1, 1)):
        reply = await besmart_api.ask(
            path, since=ms(NOON) + since, till=ms(NOON) + till
        )
        assert len(points(reply.row)) == count


async def test_nothing_comes_from_the_future(besmart_api: BesmartApi) -> None:
    got = await besmart_api.points(NOW - HOUR, NOW + DAY)
    assert [point.time for point in got] == [
        ms(datetime(2026, 11, 21, hour, minute, tzinfo=UTC))
        for hour, minute in ((1, 45), (2, 0), (2, 15), (2, 30))
    ]


@pytest.mark.parametrize("moid", REGISTERS)
async def test_registers_never_fall_and_add_up(
    besmart_api: BesmartApi, moid: int
) -> None:
    simulator, house = besmart_api.simulator, besmart_api.house
    got = await besmart_api.points(NOON - DAY, NOON + timedelta(seconds=1), moid)
    values = [round(float(str(point.value)) * 1000) for point in got]
    assert len(values) == 97
    assert values == sorted(values)
    assert values[-1] > values[0]
    amount = simulator.amount(house, moid, NOON - DAY, NOON)
    assert values[-1] - values[0] == amount
    parts = [
        simulator.amount(
            house, moid, NOON - DAY + i * HOUR, NOON - DAY + (i + 1) * HOUR
        )
        for i in range(24)
    ]
    assert sum(parts) == amount


async def test_registers_are_those_of_the_house(besmart_api: BesmartApi) -> None:
    simulator, sensor = besmart_api.simulator, besmart_api.house
    house = sensor.house
    for moid, channels in (
        (32, (Channel.DELIVERED_1, Channel.DELIVERED_2)),
        (34, (Channel.RETURNED_1, Channel.RETURNED_2)),
    ):
        real = sum(house.true_energy(channel, START, NOON) for channel in channels)
        assert abs(simulator.amount(sensor, moid, START, NOON) - real) <= 1
        first = sensor.meters[0].positions[moid]
        assert simulator.position(sensor, moid, START) == first
        assert simulator.shown(sensor, moid, START) == first / 1000


async def test_the_house_uses_what_it_draws_and_makes(besmart_api: BesmartApi) -> None:
    simulator = besmart_api.simulator
    inverter = simulator.sensor(INVERTER_MID)
    pv = await besmart_api.points(NOON - DAY, NOON, 70, inverter)
    watts = [round(float(str(point.value)) * 1000) for point in pv]
    assert len(watts) == 96
    assert min(watts) == 0
    assert 1000 < max(watts) < 8000
    for number, point in enumerate(pv):
        end = epoch(NOON - DAY) + number * 900
        assert point.time == end * 1000
        # A sample belongs to the quarter that ends at its time.
        day, quarter = divmod(end // 900 - 1, 96)
        assert watts[number] == solar(7, day)[quarter]
        drawn, fed = (
            simulator.amount(besmart_api.house, moid, end - 900, end)
            for moid in (32, 34)
        )
        used = drawn - fed + watts[number] / 4
        assert 10 < used < 2500


async def test_pv_as_energy_per_quarter(besmart_api: BesmartApi) -> None:
    inverter = besmart_api.simulator.sensor(INVERTER_MID)
    power = (await besmart_api.get_data(NOON, NOON + HOUR, 70, inverter)).row
    besmart_api.simulator.types[70] = PV_PER_QUARTER
    energy = (await besmart_api.get_data(NOON, NOON + HOUR, 70, inverter)).row
    assert (power["unit"], energy["unit"]) == ("kW", "kW.h")
    for kilowatt, amount in zip(points(power), points(energy), strict=True):
        assert float(str(amount.value)) * 4 == pytest.approx(float(str(kilowatt.value)))


async def test_what_comes_each_minute(besmart_api: BesmartApi) -> None:
    limits = {53: (227, 234), 56: (0, 40), 103: (49.9, 50.1)}
    for moid, (low, high) in limits.items():
        got = await besmart_api.points(NOON, NOON + HOUR, moid)
        assert [point.time for point in got] == [
            ms(NOON) + i * 60_000 for i in range(60)
        ]
        values = [float(str(point.value)) for point in got]
        assert low <= min(values) < max(values) <= high
    house = besmart_api.house.house
    volts = float(str((await besmart_api.points(NOON, NOON + HOUR, 54))[0].value))
    amperes = float(str((await besmart_api.points(NOON, NOON + HOUR, 57))[0].value))
    watts = abs(house.power(NOON).phases[1])
    assert volts * amperes == pytest.approx(watts, abs=2)


async def test_all_signals_of_all_sensors(besmart_api: BesmartApi) -> None:
    for sensor in besmart_api.simulator.sensors:
        for moid in sensor.signals:
            row = (await besmart_api.get_data(NOON, NOON + HOUR, moid, sensor)).row
            kind = SIGNAL_TYPES[moid]
            assert row["unit"] == kind.unit
            assert len(points(row)) == 3600 // kind.step


async def test_data_depend_on_nothing_but_seed_and_time(
    besmart_api: BesmartApi,
) -> None:
    once = await besmart_api.points(NOON, NOON + HOUR)
    await besmart_api.points(START, START + DAY)
    assert await besmart_api.points(NOON, NOON + HOUR) == once
    besmart_api.simulator.sensors = default_sensors(7, START)
    assert await besmart_api.points(NOON, NOON + HOUR) == once
    besmart_api.simulator.sensors = default_sensors(8, START)
    assert await besmart_api.points(NOON, NOON + HOUR) != once


async def test_the_workshop_is_another_house(besmart_api: BesmartApi) -> None:
    simulator = besmart_api.simulator
    amounts = {
        simulator.amount(simulator.sensor(mid), 32, NOON - DAY, NOON)
        for mid in (HOUSE_MID, WORKSHOP_MID)
    }
    assert len(amounts) == 2


@pytest.mark.parametrize(
    ("query", "unit", "factor"),
    [
        ({"output_unit_id": 1}, "kW.h", 0.001),
        ({"output_unit_id": 3}, "W.h", 1),
        ({"output_unit_id": 4}, "MW.h", 0.000001),
        ({"raw": "true"}, None, 1),
    ],
)
async def test_output_units(
    besmart_api: BesmartApi,
    query: dict[str, int | str],
    unit: str | None,
    factor: float,
) -> None:
    row = (await besmart_api.get_data(NOON, NOON + HOUR, **query)).row
    assert row["unit"] == unit
    position = besmart_api.simulator.position(besmart_api.house, 32, NOON)
    assert points(row)[0].value == pytest.approx(position * factor, rel=1e-12)


@pytest.mark.parametrize("number", [2, 77])
async def test_output_units_that_do_not_fit(
    besmart_api: BesmartApi, number: int
) -> None:
    reply = await besmart_api.get_data(NOON, NOON + HOUR, output_unit_id=number)
    assert (reply.status, reply.json) == (422, {"detail": "Error"})
    besmart_api.simulator.edition = "2021"
    reply = await besmart_api.get_data(NOON, NOON + HOUR, output_unit_id=number)
    assert (reply.status, reply.json) == (422, "Error")


async def test_aggregates_are_no_registers(besmart_api: BesmartApi) -> None:
    simulator, house = besmart_api.simulator, besmart_api.house
    got = await besmart_api.points(NOON, NOON + 3 * HOUR, delta_t=60)
    assert [(point.time, point.origin) for point in got] == [
        (ms(NOON), 3),
        (ms(NOON + HOUR), 3),
    ]
    assert [point.value for point in got] == [
        simulator.amount(house, 32, NOON + i * HOUR, NOON + (i + 1) * HOUR) / 1000
        for i in range(2)
    ]
    volts = await besmart_api.points(NOON, NOON + HOUR, 53, delta_t=15)
    assert len(volts) == 4
    assert all(227 < float(str(point.value)) < 234 for point in volts)


async def test_charts_are_power(besmart_api: BesmartApi) -> None:
    row = (await besmart_api.get_data(NOON, NOON + HOUR, is_chart="true")).row
    assert row["unit"] == "kW"
    amount = besmart_api.simulator.amount(besmart_api.house, 32, NOON, NOON + QUARTER)
    assert points(row)[0].value == amount * 4 / 1000
    besmart_api.simulator.edition = "2021"
    row = (await besmart_api.get_data(NOON, NOON + HOUR, is_chart="true")).row
    assert row["unit"] == "kW.h"


@pytest.mark.parametrize("rows", [True, False])
async def test_a_hundred_thousand_points_are_made_in_slices(
    besmart_api: BesmartApi, rows: bool
) -> None:
    turns = 0
    running = True

    async def count() -> None:
        nonlocal turns
        while running:
            turns += 1
            await asyncio.sleep(0)

    besmart_api.simulator.rows = rows
    counting = asyncio.create_task(count())
    end = NOON + timedelta(minutes=100_000)
    reply = await besmart_api.get_data(NOON, end, 53)
    running = False
    await counting
    assert len(points(reply.row)) == 100_000
    # Other tasks ran after every few hundred points.
    assert turns > 400


def test_years_of_history_start_at_once() -> None:
    before = time.process_time()
    start = datetime(2016, 1, 1, tzinfo=UTC)
    simulator = BesmartSimulator(sensors=default_sensors(1, start))
    assert simulator.position(simulator.sensor(HOUSE_MID), 32, start) == 22_111_110
    assert time.process_time() - before < 0.5


async def test_rows_that_a_client_must_not_count(besmart_api: BesmartApi) -> None:
    """Estimates stand between measured rows, whose origin may be null."""
    simulator = besmart_api.simulator
    simulator.null_origins = True
    simulator.events.append(Estimate(NOON, NOON + HOUR, offset=400))
    data = (await besmart_api.get_data(NOON, NOON + QUARTER)).row["data"]
    right = simulator.position(besmart_api.house, 32, NOON)
    assert data == {
        "time": [ms(NOON), ms(NOON) + 7 * 60_000],
        "value": [right / 1000, (right + 400) / 1000],
        "type": ["DBL", "DBL"],
        "origin": [None, 4],
    }


@pytest.mark.parametrize(("keeps", "rows"), [(False, 1), (True, 2)])
async def test_rows_that_were_acquired_again(
    besmart_api: BesmartApi, keeps: bool, rows: int
) -> None:
    """Not every server leaves out the earlier acquisitions if it is asked to."""
    simulator = besmart_api.simulator
    simulator.keeps_acquisitions = keeps
    wrong = Revision(NOON, NOON + QUARTER, offset=-700, origin=1)
    simulator.events.append(wrong)
    found = await besmart_api.points(NOON, NOON + QUARTER, get_last="true")
    assert len(found) == rows


@pytest.mark.parametrize(
    ("edition", "moid", "words", "type_"),
    [
        ("2021", TARIFF, ["G12", "G12w"], "STR"),
        ("2026", TARIFF, ["G12", "G12w"], "STR"),
        ("2021", VALVE, ["false", "true"], "BOOL"),
        ("2026", VALVE, [False, True], "BOOL"),
    ],
)
async def test_words(
    besmart_api: BesmartApi, edition: Edition, moid: int, words: list[Json], type_: str
) -> None:
    """The first description knows no boolean values."""
    simulator = besmart_api.simulator
    simulator.edition = edition
    simulator.rows = True
    simulator.types |= UTILITY_TYPES
    besmart_api.house.signals = (moid,)
    reply = await besmart_api.get_data(NOON, NOON + 2 * HOUR, moid=moid)
    data = reply.row["data"]
    assert isinstance(data, list)
    shown = [(row["value"], row["type"]) for row in data if isinstance(row, dict)]
    assert shown == [(word, type_) for word in words for _ in range(4)]
    assert reply.row["unit"] is None
