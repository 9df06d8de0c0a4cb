"""All endpoints, with all the shapes of their answers."""

from datetime import timedelta

import orjson
import pytest

from custom_components.metering_hub.backends.besmart.models import (
    DataQuery,
    SensorId,
    SignalId,
)
from custom_components.metering_hub.backends.errors import NotFoundError, ProtocolError
from simulators.besmart import CLIENT
from simulators.faults import Answer, Fault, set_fields

from .conftest import HOUSE, LATEST, NOW, QUARTER, Bench, both_editions

DELIVERED = SignalId(HOUSE, 32)
QUERY = DataQuery(signal=DELIVERED, since=LATEST - QUARTER, till=NOW)


def json(body: str, path: str) -> Fault:
    """Return a fault that answers a path with a JSON body."""
    return Fault(Answer(200, body, "application/json"), path=path)


@pytest.mark.parametrize("edition", ["2021"])
async def test_clients_of_workspaces(bench: Bench) -> None:
    """Only the client numbers of workspaces are used."""
    (workspace,) = await bench.client().workspaces()
    assert (workspace.client_cid, workspace.name) == (CLIENT, "Złocieniec")


@pytest.mark.parametrize("edition", ["2021"])
async def test_sensors(bench: Bench) -> None:
    """All parameters are optional."""
    client = bench.client()
    (house,) = await client.sensors()
    assert house.id == HOUSE
    assert house.name == "Dom – Złocieniec"  # noqa: RUF001 The dash is real.
    assert house.type_name == "Licznik"
    assert house.name not in repr(house)
    bench.simulator.faults.clear_requests()
    found = await client.sensors(
        client_cid=CLIENT, columns="client_cid,sensor_mid,name"
    )
    assert [sensor.id for sensor in found] == [HOUSE]
    (request,) = bench.simulator.faults.requests
    assert dict(request.query) == {
        "client_cid": str(CLIENT),
        "columns": "client_cid,sensor_mid,name",
    }
    assert await client.sensors(client_cid=1) == []


@pytest.mark.parametrize("edition", ["2021"])
async def test_sensors_by_external_id(bench: Bench) -> None:
    """The body is an array of ids."""
    client = bench.client()
    eid = bench.house.sensor_eid or ""
    assert [s.id for s in await client.external_sensors([eid, "x"])] == [HOUSE]
    assert await client.external_sensors(["x"]) == []


async def test_endpoints_that_are_gone(bench: Bench) -> None:
    """The lists of 2021 do not exist in 2026."""
    client = bench.client()
    for answer in (
        client.workspaces(),
        client.sensors(),
        client.external_sensors(["x"]),
    ):
        with pytest.raises(NotFoundError):
            await answer


async def test_one_sensor(bench: Bench) -> None:
    """The newer edition reports a single sensor."""
    sensor = await bench.client().sensor(HOUSE)
    assert sensor is not None
    assert sensor.name == bench.house.name
    with pytest.raises(NotFoundError):
        await bench.client().sensor(SensorId(CLIENT, 1))


@both_editions
@pytest.mark.parametrize("as_text", [False, True])
async def test_signal_types(bench: Bench, as_text: bool) -> None:
    """Numbers can be text; only the older edition reports what is incremental."""
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
    """The text "None", null and [] are the same."""
    bench.simulator.types_answer = answer  # type: ignore[assignment]  # One of these.
    assert await bench.client().signal_types() == []


@pytest.mark.parametrize("times", ["iso", "ms"])
async def test_states(bench: Bench, times: str) -> None:
    """Times are ISO texts or milliseconds; the meter's id can be a number."""
    bench.simulator.state_times = times  # type: ignore[assignment]  # Either.
    at = NOW - timedelta(days=3)
    bench.house.exchange(at, {32: 5000}, "0135-WŻ/7")
    client = bench.client()
    old, new = await client.sensor_states(HOUSE)
    assert await client.sensor_states() == [old, new]
    assert new.since == at.replace(microsecond=0)
    assert (old.meter_eid, new.meter_eid) == ("135620", "0135-WŻ/7")
    assert "135620" not in repr(old)
    ends = {state.moid: state.value_for_till for state in old.signals}
    assert ends[32] == pytest.approx(bench.true(32, at - QUARTER), rel=1e-3)
    begins = {state.moid: state.value_for_since for state in new.signals}
    assert begins[32] == 5.0


def knobs_id(knobs: dict[str, object]) -> str:
    """Return a name that is the same in each process, unlike the order of a set."""
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
        (at.timestamp(), bench.true(32, at), 1) for at in (LATEST - QUARTER, LATEST)
    ]


@pytest.mark.parametrize("edition", ["2021"])
async def test_signal_data_takes_all_parameters(bench: Bench) -> None:
    """Only given parameters are sent, under the server's names."""
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
    """An unknown signal raises NotFoundError in every edition."""
    query = DataQuery(signal=SignalId(HOUSE, 70), since=QUERY.since, till=NOW)
    with pytest.raises(NotFoundError):
        await bench.client().signal_data(query)


@pytest.mark.parametrize("body", ["null", '"Error"', "5", "[5]", "[[]]", "[]", "{}"])
async def test_an_answer_without_data(bench: Bench, body: str) -> None:
    """Such an answer is not from this API."""
    path = f"/api/sensors/{HOUSE}/signals/32/data"
    bench.simulator.faults.add(json(body, path))
    with pytest.raises(ProtocolError):
        await bench.client().signal_data(QUERY)


@pytest.mark.parametrize("data", [None, {}, "x", [None], {"time": None}])
async def test_data_of_another_shape(bench: Bench, data: object) -> None:
    """Data without rows and columns do not say that there are no samples."""
    path = f"/api/sensors/{HOUSE}/signals/32/data"
    bench.simulator.faults.add(
        Fault(set_fields(data=data), path=path)  # type: ignore[arg-type]  # JSON.
    )
    with pytest.raises(ProtocolError):
        await bench.client().signal_data(QUERY)


@pytest.mark.parametrize("data", [[], {"time": []}, {"time": [1]}])
async def test_data_without_samples(bench: Bench, data: object) -> None:
    """An empty answer is not an error."""
    path = f"/api/sensors/{HOUSE}/signals/32/data"
    bench.simulator.faults.add(
        Fault(set_fields(data=data), path=path)  # type: ignore[arg-type]  # JSON.
    )
    found = await bench.client().signal_data(QUERY)
    assert list(found.samples) == []
    assert found.unit == "kW.h"


@pytest.mark.parametrize("edition_", ["", "/v2"])
async def test_a_batch(bench: Bench, edition_: str) -> None:
    """Signals are identified by their ids, not by their order."""
    queries = [
        DataQuery(signal=SignalId(HOUSE, moid), since=QUERY.since, till=NOW)
        for moid in (34, 32, 70)
    ]
    found = await bench.client().batch_data(queries, edition_)  # type: ignore[arg-type]  # Either.
    assert found.keys() == {SignalId(HOUSE, 32), SignalId(HOUSE, 34)}
    assert [s.value for s in found[DELIVERED].samples] == [
        bench.true(32, LATEST - QUARTER),
        bench.true(32),
    ]


@pytest.mark.parametrize("edition", ["2021"])
async def test_empty_lists(bench: Bench) -> None:
    """An empty list says that there is nothing."""
    for path in ("workspaces", "sensors/find", "sensors/signals/types"):
        bench.simulator.faults.add(json("[]", f"/api/{path}"))
    client = bench.client()
    assert await client.workspaces() == []
    assert await client.sensors() == []
    assert await client.signal_types() == []


@pytest.mark.parametrize("rows", [[{}], [{"client_cid": None, "sensor_mid": []}]])
@pytest.mark.parametrize("edition", ["2021"])
async def test_lists_without_a_readable_row(bench: Bench, rows: object) -> None:
    """They do not mean that there are no sensors; workspaces only have names."""
    text = orjson.dumps(rows).decode()
    for path in ("workspaces", "sensors/find", "sensors/signals/types"):
        bench.simulator.faults.add(json(text, f"/api/{path}"))
    client = bench.client()
    assert await client.workspaces() == []
    for answer in (client.sensors(), client.signal_types()):
        with pytest.raises(ProtocolError):
            await answer


@pytest.mark.parametrize("text", ["{}", "5", "[null]", '["x"]'])
@pytest.mark.parametrize("edition", ["2021"])
async def test_lists_of_another_shape(bench: Bench, text: str) -> None:
    """They do not mean that there are no sensors."""
    for path in ("workspaces", "sensors/find", "sensors/signals/types"):
        bench.simulator.faults.add(json(text, f"/api/{path}"))
    client = bench.client()
    for answer in (client.workspaces(), client.sensors(), client.signal_types()):
        with pytest.raises(ProtocolError):
            await answer


@pytest.mark.parametrize("shape", ["rows", "columns"])
async def test_an_answer_of_a_hundred_thousand_samples(
    bench: Bench, shape: str
) -> None:
    """All samples are parsed."""
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
