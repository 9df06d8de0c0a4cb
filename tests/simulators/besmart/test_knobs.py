"""Each event and each knob about form."""

from datetime import UTC, datetime, timedelta

from aiohttp import ClientError
import pytest

from simulators.besmart import (
    HOUSE_MID,
    WORKSHOP_MID,
    BesmartSimulator,
    Garble,
    Late,
    Outage,
    Removal,
    Revision,
    Substitute,
)
from simulators.faults import Drop, Fault, Json, busy
from simulators.times import epoch

from .conftest import NOW, BesmartApi, Point, minutes, ms, objects, points

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
FROM = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HALF = FROM + 2 * QUARTER


async def at(api: BesmartApi, when: datetime, **query: int | str) -> list[Point]:
    """Return the rows of one time."""
    return await api.points(when, when + QUARTER, **query)


def true(api: BesmartApi, when: datetime, off: int = 0) -> float:
    return (api.simulator.position(api.house, 32, when) + off) / 1000


async def times(api: BesmartApi, start: datetime, end: datetime) -> list[int]:
    """Return the times of the rows, as quarters after `start`."""
    got = await api.points(start, end)
    return [int(str(point.time)) // 900_000 - epoch(start) // 900 for point in got]


@pytest.mark.parametrize(
    ("delay", "newest"), [(3, 30), (4, 15), (15, 15), (19, 0)], ids=str
)
async def test_delay(besmart_api: BesmartApi, delay: int, newest: int) -> None:
    besmart_api.simulator.delay = minutes(delay)
    got = await besmart_api.points(NOW - HOUR, NOW + HOUR)
    last = datetime(2026, 11, 21, 2, newest, tzinfo=UTC)
    assert got[-1].time == ms(last)


async def test_late_data_get_visible_by_themselves(besmart_api: BesmartApi) -> None:
    now = NOW
    besmart_api.simulator.clock = lambda: now
    besmart_api.simulator.delay = minutes(15)
    before = await besmart_api.points(NOW - HOUR, NOW + HOUR)
    now = NOW + minutes(15)
    after = await besmart_api.points(NOW - HOUR, NOW + HOUR)
    assert after[:-1] == before
    assert len(after) == len(before) + 1


async def test_whole_hours(besmart_api: BesmartApi) -> None:
    now = NOW
    simulator = besmart_api.simulator
    simulator.clock = lambda: now
    simulator.whole_hours = True
    hour = NOW.replace(minute=0, second=0)
    assert await times(besmart_api, hour, NOW + HOUR) == [0]
    now = hour + HOUR - timedelta(seconds=1)
    assert await times(besmart_api, hour, hour + 2 * HOUR) == [0]
    now = hour + HOUR
    assert await times(besmart_api, hour, hour + 2 * HOUR) == [0, 1, 2, 3, 4]
    simulator.delay = minutes(1)
    assert await times(besmart_api, hour, hour + 2 * HOUR) == [0]


async def test_outage(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.events.append(Outage(FROM, HALF))
    assert await times(besmart_api, FROM - QUARTER, FROM + HOUR) == [0, 3, 4]


async def test_events_of_one_sensor_or_signal(besmart_api: BesmartApi) -> None:
    simulator = besmart_api.simulator
    simulator.events += [
        Outage(FROM, FROM + HOUR, mid=WORKSHOP_MID),
        Outage(FROM, FROM + HOUR, mid=HOUSE_MID, moid=34),
    ]
    workshop = simulator.sensor(WORKSHOP_MID)
    assert len(await besmart_api.points(FROM, FROM + HOUR)) == 4
    assert await besmart_api.points(FROM, FROM + HOUR, 34) == []
    assert await besmart_api.points(FROM, FROM + HOUR, sensor=workshop) == []


async def test_data_kept_back(besmart_api: BesmartApi) -> None:
    now = NOW
    besmart_api.simulator.clock = lambda: now
    arrives = NOW + minutes(5)
    besmart_api.simulator.events.append(Late(FROM, FROM + HOUR, arrives=arrives))
    assert await times(besmart_api, FROM - QUARTER, FROM + HOUR + QUARTER) == [0, 5]
    now = arrives
    assert len(await times(besmart_api, FROM - QUARTER, FROM + HOUR + QUARTER)) == 6


async def test_corrections(besmart_api: BesmartApi) -> None:
    now = FROM + minutes(59)
    besmart_api.simulator.clock = lambda: now
    besmart_api.simulator.events.append(Revision(FROM, HALF, offset=-120))
    assert [(p.value, p.origin) for p in await at(besmart_api, FROM)] == [
        (true(besmart_api, FROM, -120), 1)
    ]
    now = FROM + HOUR
    assert [(p.value, p.origin) for p in await at(besmart_api, FROM)] == [
        (true(besmart_api, FROM, -120), 1),
        (true(besmart_api, FROM), 5),
    ]
    # Not the next quarter, whose own hour is not over; nor what was right before.
    assert len(await at(besmart_api, FROM + QUARTER)) == 1
    assert [p.value for p in await at(besmart_api, HALF)] == [true(besmart_api, HALF)]
    only = await at(besmart_api, FROM, signal_origin_id=5)
    assert [p.value for p in only] == [true(besmart_api, FROM)]
    both = await at(besmart_api, FROM, get_last="true")
    assert [p.origin for p in both] == [1, 5]


async def test_corrections_that_come_together(besmart_api: BesmartApi) -> None:
    now = NOW
    besmart_api.simulator.clock = lambda: now
    besmart_api.simulator.events.append(
        Revision(FROM, FROM + HOUR, offset=5, at=NOW + minutes(1))
    )
    assert {p.origin for p in await besmart_api.points(FROM, FROM + HOUR)} == {1}
    now = NOW + minutes(1)
    got = await besmart_api.points(FROM, FROM + HOUR)
    assert [point.origin for point in got] == [1, 5] * 4


async def test_acquired_again(besmart_api: BesmartApi) -> None:
    event = Revision(FROM, HALF, offset=77, origin=1, after=minutes(20))
    besmart_api.simulator.events.append(event)
    wrong, right = await at(besmart_api, FROM)
    assert (wrong.time, wrong.origin) == (right.time, right.origin) == (ms(FROM), 1)
    assert wrong.value == true(besmart_api, FROM, 77)
    assert right.value == true(besmart_api, FROM)
    assert await at(besmart_api, FROM, get_last="true") == [right]
    besmart_api.simulator.edition = "2021"
    assert await at(besmart_api, FROM, get_last="true") == [wrong, right]


async def test_deleted_samples(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.events.append(Removal(FROM, HALF))
    assert await at(besmart_api, FROM) == [Point(ms(FROM), None, "RM", 1)]
    besmart_api.simulator.events[:] = [Removal(FROM, HALF, keeps_row=True)]
    assert [(p.value, p.type) for p in await at(besmart_api, FROM)] == [
        (true(besmart_api, FROM), "DBL"),
        (None, "RM"),
    ]


@pytest.mark.parametrize("origin", [3, 4, 5])
async def test_what_was_not_measured(besmart_api: BesmartApi, origin: int) -> None:
    event = Substitute(FROM, HALF, origin=origin)  # type: ignore[arg-type]
    besmart_api.simulator.events.append(event)
    got = await besmart_api.points(FROM, FROM + HOUR)
    assert [point.origin for point in got] == [origin, origin, 1, 1]
    assert got[0].value == true(besmart_api, FROM)
    measured = await besmart_api.points(FROM, FROM + HOUR, signal_origin_id=1)
    assert len(measured) == 2


async def test_predictions(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.predictions = HOUR
    got = await besmart_api.points(NOW - 2 * HOUR, NOW + 2 * HOUR)
    predicted = [point for point in got if point.origin == 2]
    measured = [point for point in got if point.origin == 1]
    assert len(predicted) == len(measured) == 8
    assert predicted[-1].time == ms(NOW.replace(minute=30, second=0) + HOUR)
    last = float(str(measured[-1].value))
    assert all(float(str(point.value)) > last + 1 for point in predicted)
    # The prediction was there before the measurement.
    both = [point.origin for point in got if point.time == measured[-1].time]
    assert both == [2, 1]
    assert await besmart_api.points(NOW, NOW + HOUR, signal_origin_id=1) == []
    kept = await besmart_api.points(NOW - HOUR, NOW, get_last="true")
    assert {point.origin for point in kept} == {1, 2}


@pytest.mark.parametrize("value", [None, "NaN", "12,5", "", True, [], {"a": 1}, 1e300])
async def test_values_that_are_none(besmart_api: BesmartApi, value: Json) -> None:
    besmart_api.simulator.events.append(Garble(FROM, FROM + QUARTER, value=value))
    got = await besmart_api.points(FROM, FROM + HOUR)
    assert got[0] == Point(ms(FROM), value, "DBL", 1)
    assert got[1].value == true(besmart_api, FROM + QUARTER)


async def test_numbers_and_times_in_other_forms(besmart_api: BesmartApi) -> None:
    simulator = besmart_api.simulator
    right = true(besmart_api, FROM)
    simulator.number_format = "text"
    assert (await at(besmart_api, FROM))[0].value == str(right)
    simulator.number_format = "whole"
    volts = await besmart_api.points(FROM, FROM + HOUR, 53)
    assert {type(point.value) for point in volts} == {int, float}
    for form, shown in (
        ("float", float(ms(FROM))),
        ("fraction", ms(FROM) + 0.25),
        ("text", str(ms(FROM))),
    ):
        simulator.time_format = form  # type: ignore[assignment]
        (point,) = await at(besmart_api, FROM)
        assert (point.time, type(point.time)) == (shown, type(shown))


async def test_columns_that_are_absent_short_or_many(besmart_api: BesmartApi) -> None:
    simulator = besmart_api.simulator
    simulator.absent_columns = {"type", "origin"}
    simulator.cut_columns = {"value": 1}
    data = (await besmart_api.get_data(FROM, FROM + HOUR)).row["data"]
    assert isinstance(data, dict)
    assert {name: len(str(data[name]).split(",")) for name in data} == {
        "time": 4,
        "value": 3,
    }
    simulator.cut_columns = {"value": 9}
    data = (await besmart_api.get_data(FROM, FROM + HOUR)).row["data"]
    assert isinstance(data, dict)
    assert data["value"] == []
    simulator.edition = "2021"
    row = objects((await besmart_api.get_data(FROM, FROM + HOUR)).row["data"])[0]
    assert list(row) == ["time", "value"]


async def test_extra_columns(besmart_api: BesmartApi) -> None:
    simulator = besmart_api.simulator
    simulator.extra_columns, simulator.predictions = True, HOUR
    simulator.delay = minutes(5)
    data = (await besmart_api.get_data(NOW - HOUR, NOW)).row["data"]
    assert isinstance(data, dict)
    assert list(data) == [
        *("time", "value", "type", "origin", "lower_prediction_bound"),
        *("upper_prediction_bound", "original_acq", "com"),
    ]
    columns = [column for column in data.values() if isinstance(column, list)]
    assert len({len(column) for column in columns}) == 1
    for time, value, _, origin, lower, upper, acquired, _ in zip(*columns, strict=True):
        if origin == 2:
            assert float(str(lower)) < float(str(value)) < float(str(upper))
        else:
            assert lower is upper is None
            assert acquired == int(str(time)) + 5 * 60_000


async def test_orders(besmart_api: BesmartApi) -> None:
    simulator = besmart_api.simulator
    simulator.events.append(
        Revision(FROM, FROM + QUARTER, offset=9, origin=1, after=HOUR)
    )
    sorted_ = await besmart_api.points(FROM, FROM + 3 * HOUR)
    wrong, right = sorted_[:2]
    got = {}
    for order in ("shuffled", "newest_first", "acquired"):
        simulator.order = order  # type: ignore[assignment]
        got[order] = await besmart_api.points(FROM, FROM + 3 * HOUR)
        assert got[order] != sorted_
        assert len(got[order]) == len(sorted_) == 13
        assert got[order].index(wrong) < got[order].index(right)
    assert got["newest_first"][-2:] == [wrong, right]
    assert got["acquired"].index(right) == 4
    assert sorted(got["shuffled"], key=lambda point: int(str(point.time))) == sorted_


async def test_units_of_replies(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.reply_units = {32: "W.h", 34: "furlong"}
    row = (await besmart_api.get_data(FROM, FROM + QUARTER)).row
    assert row["unit"] == "W.h"
    assert points(row)[0].value == round(true(besmart_api, FROM) * 1000)
    row = (await besmart_api.get_data(FROM, FROM + QUARTER, 34)).row
    assert row["unit"] == "furlong"
    right = besmart_api.simulator.shown(besmart_api.house, 34, FROM)
    assert points(row)[0].value == right
    types = (await besmart_api.ask("sensors/signals/types")).rows
    assert types[0]["unit_symbol"] == "kW.h"


async def test_an_exchanged_meter(besmart_api: BesmartApi) -> None:
    simulator, house = besmart_api.simulator, besmart_api.house
    moment = FROM + timedelta(minutes=20)
    before = await besmart_api.points(FROM, moment)
    old = simulator.position(house, 32, moment)
    amount = simulator.amount(house, 32, FROM, FROM + HOUR)
    house.exchange(moment, {32: 5_000, 34: 0}, "NEW-1")
    assert await besmart_api.points(FROM, moment) == before
    assert simulator.amount(house, 32, FROM, FROM + HOUR) == amount
    assert simulator.position(house, 32, moment) == 5_000
    at_half = 5_000 + simulator.amount(house, 32, moment, HALF)
    assert (await at(besmart_api, HALF))[0].value == at_half / 1000
    query = {"client_cid": house.client_cid, "sensor_mid": HOUSE_MID}
    first, second = (await besmart_api.ask("sensors/states", **query)).rows
    assert first["till"] == second["since"] == "2026-11-20T12:20:00Z"
    assert second["till"] is None
    assert (first["meter_eid"], second["meter_eid"]) == (135620, "NEW-1")
    ended, began = (objects(row["signal_states"])[0] for row in (first, second))
    assert ended["value_for_till"] == old / 1000
    assert (began["value_for_since"], began["value_for_till"]) == (5.0, None)
    volts = next(
        row for row in objects(first["signal_states"]) if row["signal_type_moid"] == 53
    )
    assert volts["value_for_till"] is None


async def test_states_in_other_forms(besmart_api: BesmartApi) -> None:
    simulator, house = besmart_api.simulator, besmart_api.house
    house.exchange(FROM)
    simulator.state_times, simulator.state_values = "ms", "text"
    first, second, *_ = (await besmart_api.ask("sensors/states")).rows
    assert first["till"] == second["since"] == ms(FROM)
    assert objects(second["signal_states"])[0]["value_for_since"] == "0.0"
    simulator.state_values = "null"
    first, *_ = (await besmart_api.ask("sensors/states")).rows
    values = {row["value_for_since"] for row in objects(first["signal_states"])}
    assert values == {None}
    # A meter that will be exchanged tomorrow is still the only one.
    house.meters.pop()
    house.exchange(NOW + HOUR)
    first, second, *_ = (await besmart_api.ask("sensors/states")).rows
    assert first["till"] is None
    assert second["sensor_mid"] == WORKSHOP_MID


async def test_sensors_without_signals_or_renamed(besmart_api: BesmartApi) -> None:
    house = besmart_api.house
    house.signals, house.name = (), "Łódź ☀"
    assert (await besmart_api.get_data(FROM, NOW)).status == 404
    (row, *_) = (await besmart_api.ask("sensors/states")).rows
    assert row["signal_states"] == []
    path = f"sensors/{house.client_cid}.{HOUSE_MID}"
    assert (await besmart_api.ask(path)).row["name"] == "Łódź ☀"


async def test_faults_and_counters(besmart_api: BesmartApi) -> None:
    faults = besmart_api.simulator.faults
    faults.add(Fault(busy(429, 7), "signals/32/data", times=1))
    faults.add(Fault(busy(503, 30), "sensors/states", times=1))
    assert (await besmart_api.get_data(FROM, NOW)).status == 429
    assert (await besmart_api.ask("sensors/states")).status == 503
    assert (await besmart_api.get_data(FROM, NOW)).status == 200
    assert faults.count("/data") == 0  # A prefix; a part has no slash in front.
    assert faults.count("signals/32/data", "GET") == 2
    assert faults.requests[-1].query["since"] == str(ms(FROM))
    faults.add(Fault(Drop()))
    with pytest.raises(ClientError):
        await besmart_api.ask("sensors/states")


def test_knobs_hide_secrets() -> None:
    shown = repr(BesmartSimulator(password="hidden-1", workspace_key="hidden-2"))
    assert "hidden" not in shown
