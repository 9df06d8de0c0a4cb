"""Every endpoint, in the shapes that it has had."""

from datetime import timedelta

import orjson
import pytest

from custom_components.metering_hub.backends.besmart.models import (
    DataQuery,
    SensorId,
    SignalId,
)
from custom_components.metering_hub.backends.errors import NotFoundError, ProtocolError
from simulators.besmart import CLIENT, HOUSE_MID
from simulators.faults import Answer, Fault, set_fields

from .conftest import NEWEST, NOW, QUARTER, Bench, both_editions

HOUSE = SensorId(CLIENT, HOUSE_MID)
DELIVERED = SignalId(HOUSE, 32)
QUERY = DataQuery(signal=DELIVERED, since=NEWEST - QUARTER, till=NOW)


def json(body: str, path: str) -> Fault:
    return Fault(Answer(200, body, "application/json"), path=path)


@pytest.mark.parametrize("edition", ["2021"])
@pytest.mark.parametrize("spelling", ["descritpion", "description"])
async def test_workspaces(bench: Bench, spelling: str) -> None:
    """The description's key is misspelt, or not."""
    bench.simulator.description_key = spelling  # type: ignore[assignment]  # Either.
    (workspace,) = await bench.client().workspaces()
    assert workspace.number == 21
    assert workspace.name == "Złocieniec"
    assert workspace.description == "Moje mieszkanie"
    assert workspace.client_cid == CLIENT
    assert "Złocieniec" not in repr(workspace)


@pytest.mark.parametrize("edition", ["2021"])
async def test_sensors_by_every_parameter(bench: Bench) -> None:
    """Each narrows the list, and none need be given."""
    client = bench.client()
    (house,) = await client.find_sensors()
    assert house.id == HOUSE
    assert house.name == "Dom – Złocieniec"  # noqa: RUF001 The dash is real.
    assert house.type_name == "Licznik"
    assert house.name not in repr(house)
    bench.simulator.faults.clear_requests()
    found = await client.find_sensors(
        client_cid=CLIENT,
        sensor_type_id=2,
        name="złocieniec",
        columns="client_cid,sensor_mid,name",
    )
    assert [sensor.id for sensor in found] == [HOUSE]
    (request,) = bench.simulator.faults.requests
    assert dict(request.query) == {
        "client_cid": str(CLIENT),
        "sensor_type_id": "2",
        "name": "złocieniec",
        "columns": "client_cid,sensor_mid,name",
    }
    assert await client.find_sensors(client_cid=1) == []
    assert await client.find_sensors(sensor_type_id=5) == []
    assert await client.find_sensors(name="other") == []


@pytest.mark.parametrize("edition", ["2021"])
async def test_sensors_by_external_id(bench: Bench) -> None:
    """The body is an array of ids."""
    client = bench.client()
    eid = bench.house.sensor_eid or ""
    assert [s.id for s in await client.external_sensors([eid, "x"])] == [HOUSE]
    assert await client.external_sensors(["x"]) == []


async def test_endpoints_that_are_gone(bench: Bench) -> None:
    """The lists of 2021 are not found in 2026."""
    client = bench.client()
    for answer in (
        client.workspaces(),
        client.find_sensors(),
        client.external_sensors(["x"]),
    ):
        with pytest.raises(NotFoundError):
            await answer


async def test_one_sensor(bench: Bench) -> None:
    """The newer edition tells of a sensor that it is asked for."""
    sensor = await bench.client().sensor(HOUSE)
    assert sensor is not None
    assert sensor.name == bench.house.name
    with pytest.raises(NotFoundError):
        await bench.client().sensor(SensorId(CLIENT, 1))


@both_editions
@pytest.mark.parametrize("as_text", [False, True])
async def test_signal_types(bench: Bench, as_text: bool) -> None:
    """Numbers may be texts; only the older edition says what is incremental."""
    bench.simulator.moids_as_text = as_text
    types = {each.moid: each for each in await bench.client().signal_types()}
    delivered = types[32]
    assert delivered.symbol == "A+"
    assert delivered.description == "Energia czynna pobrana z sieci"
    assert (delivered.unit, delivered.obis) == ("kW.h", "1.8.0")
    is_old = bench.simulator.edition == "2021"
    assert delivered.is_incremental is (True if is_old else None)
    assert types[53].is_incremental is (False if is_old else None)


@pytest.mark.parametrize("answer", ["text", "null", "empty"])
async def test_no_signal_types(bench: Bench, answer: str) -> None:
    """ "None", null and [] say as much."""
    bench.simulator.types_answer = answer  # type: ignore[assignment]  # One of these.
    assert await bench.client().signal_types() == []


@pytest.mark.parametrize("times", ["iso", "ms"])
async def test_states(bench: Bench, times: str) -> None:
    """Times are ISO texts or ms; the meter's number may be a number."""
    bench.simulator.state_times = times  # type: ignore[assignment]  # Either.
    at = NOW - timedelta(days=3)
    bench.house.exchange(at, {32: 5000}, "0135-WŻ/7")
    client = bench.client()
    old, new = await client.states(HOUSE)
    assert await client.states() == [old, new]
    assert old.till == new.since == at.replace(microsecond=0)
    assert new.till is None
    assert (old.meter_eid, new.meter_eid) == ("135620", "0135-WŻ/7")
    assert "135620" not in repr(old)
    ends = {state.moid: state.value_for_till for state in old.signals}
    assert ends[32] == pytest.approx(bench.true(32, at - QUARTER), rel=1e-3)
    begins = {state.moid: state.value_for_since for state in new.signals}
    assert begins[32] == 5.0


def knobs_id(knobs: dict[str, object]) -> str:
    """Name knobs alike in each process, which the order of a set is not."""
    return ", ".join(
        f"{name}: {sorted(value) if isinstance(value, set) else value}"
        for name, value in knobs.items()
    )


@both_editions
@pytest.mark.parametrize(
    "knobs",
    [
        {},
        {"rows": True},
        {"rows": False},
        {"rows": True, "wrapped": True},
        {"rows": False, "wrapped": True},
        {"number_format": "text"},
        {"number_format": "whole"},
        {"time_format": "float"},
        {"time_format": "text"},
        {"moids_as_text": True},
        {"extra_columns": True},
        {"absent_columns": {"type"}},
        {"absent_columns": {"origin"}},
        {"absent_columns": {"type", "origin"}},
        {"order": "newest_first"},
        {"order": "shuffled"},
    ],
    ids=knobs_id,
)
async def test_signal_data_in_every_shape(
    bench: Bench, knobs: dict[str, object]
) -> None:
    """Rows or columns, an object or a list of one, and all types of values."""
    for name, value in knobs.items():
        setattr(bench.simulator, name, value)
    data = await bench.client().signal_data(QUERY)
    assert data.unit == "kW.h"
    assert sorted(data.samples) == [
        (at.timestamp(), bench.true(32, at), 1) for at in (NEWEST - QUARTER, NEWEST)
    ]


@pytest.mark.parametrize("edition", ["2021"])
async def test_signal_data_takes_all_parameters(bench: Bench) -> None:
    """They are sent by the server's names; those not given are not sent."""
    client = bench.client()
    await client.signal_data(QUERY)
    await client.signal_data(
        DataQuery(
            signal=DELIVERED,
            since=NOW - timedelta(days=1),
            till=NOW,
            delta_t=60,
            raw=False,
            output_unit_id=3,
            origin=1,
        )
    )
    plain, full = (
        dict(r.query) for r in bench.simulator.faults.requests if "since" in r.query
    )
    assert plain == {
        "since": str(round(QUERY.since.timestamp() * 1000)),
        "till": str(round(NOW.timestamp() * 1000)),
    }
    assert full.keys() - plain.keys() == {
        "delta_t",
        "raw",
        "output_unit_id",
        "signal_origin_id",
    }
    assert (full["delta_t"], full["raw"]) == ("60", "false")


async def test_a_signal_that_is_not_there(bench: Bench) -> None:
    """It is not found, whatever the edition writes about it."""
    query = DataQuery(signal=SignalId(HOUSE, 70), since=QUERY.since, till=NOW)
    with pytest.raises(NotFoundError):
        await bench.client().signal_data(query)


@pytest.mark.parametrize("body", ["null", '"Error"', "5", "[5]", "[[]]"])
async def test_an_answer_that_is_no_data(bench: Bench, body: str) -> None:
    """It is no answer of this API."""
    path = f"/api/sensors/{HOUSE}/signals/32/data"
    bench.simulator.faults.add(json(body, path))
    with pytest.raises(ProtocolError):
        await bench.client().signal_data(QUERY)


@pytest.mark.parametrize(
    "data", [None, [], {}, "x", [None], {"time": None}, {"time": []}, {"time": [1]}]
)
async def test_data_without_samples(bench: Bench, data: object) -> None:
    """Nothing is no error."""
    path = f"/api/sensors/{HOUSE}/signals/32/data"
    bench.simulator.faults.add(
        Fault(set_fields(data=data), path=path)  # type: ignore[arg-type]  # JSON.
    )
    found = await bench.client().signal_data(QUERY)
    assert list(found.samples) == []
    assert found.unit == "kW.h"


@pytest.mark.parametrize("edition_", ["", "/v2"])
async def test_a_batch(bench: Bench, edition_: str) -> None:
    """Signals are told apart by their ids, whatever their order."""
    queries = [
        DataQuery(signal=SignalId(HOUSE, moid), since=QUERY.since, till=NOW)
        for moid in (34, 32, 70)
    ]
    found = await bench.client().batch_data(queries, edition_)  # type: ignore[arg-type]  # Either.
    assert found.keys() == {SignalId(HOUSE, 32), SignalId(HOUSE, 34)}
    assert [s.value for s in found[DELIVERED].samples] == [
        bench.true(32, NEWEST - QUARTER),
        bench.true(32),
    ]


@pytest.mark.parametrize(
    "rows", [[], [None], [5], ["x"], [{}], [{"client_cid": None, "sensor_mid": []}]]
)
@pytest.mark.parametrize("edition", ["2021"])
async def test_lists_with_rubbish(bench: Bench, rows: object) -> None:
    """A row that says nothing is left out."""
    text = orjson.dumps(rows).decode()
    for path in ("workspaces", "sensors/find", "sensors/signals/types"):
        bench.simulator.faults.add(json(text, f"/api/{path}"))
    client = bench.client()
    for workspace in await client.workspaces():
        assert workspace.client_cid is None
    assert await client.find_sensors() == []
    assert await client.signal_types() == []


@pytest.mark.parametrize("shape", ["rows", "columns"])
async def test_an_answer_of_a_hundred_thousand_samples(
    bench: Bench, shape: str
) -> None:
    """It is read to the end."""
    count = 100_000
    columns: dict[str, list[object]] = {
        "time": [1_700_000_000_000 + n * 1000 for n in range(count)],
        "value": [n / 1000 for n in range(count)],
        "type": ["DBL"] * count,
        "origin": [1] * count,
    }
    rows = [
        dict(zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]
    body = {"data": rows if shape == "rows" else columns, "unit": "kW.h"}
    path = f"/api/sensors/{HOUSE}/signals/32/data"
    bench.simulator.faults.add(json(orjson.dumps(body).decode(), path))
    del rows, columns
    found = await bench.client().signal_data(QUERY)
    assert len(found.samples) == count
    assert (found.unit, list(found.samples)[-1].value) == ("kW.h", (count - 1) / 1000)
