"""The wire format of each endpoint in both editions, and every refusal."""

from datetime import UTC, datetime, timedelta

import pytest

from simulators.besmart import (
    CLIENT,
    HOUSE_MID,
    INVERTER_MID,
    WORKSHOP_MID,
    BesmartSimulator,
    Workspace,
)
from simulators.besmart.endpoints import ENDPOINTS
from simulators.faults import Json

from .conftest import NOW, START, BesmartApi, Reply, data_path, ms, objects, points

FIND_KEYS = (
    *("address_city", "address_flat_number", "address_postcode", "address_street"),
    *("address_street_number", "client_cid", "sensor_mid", "ppe", "lat", "lon"),
    *("name", "owner", "sensor_eid", "sensor_type_description", "sensor_type_id"),
    *("sensor_type_name", "write"),
)


@pytest.fixture
def old(besmart: BesmartSimulator) -> BesmartSimulator:
    besmart.edition = "2021"
    return besmart


async def test_login_of_2021(old: BesmartSimulator, besmart_api: BesmartApi) -> None:
    reply = await besmart_api.log_in()
    assert (reply.status, reply.content_type) == (200, "application/json")
    assert list(reply.row) == ["expiration", "id", "token"]
    assert reply.row["expiration"] == ms(NOW + timedelta(hours=2))
    assert len(str(reply.row["token"])) == 32


async def test_login_of_2026(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.token_life = timedelta(minutes=7)
    reply = await besmart_api.log_in()
    assert set(reply.row) == {"account_status", "expiration", "token", "user_id"}
    assert isinstance(reply.row["expiration"], float)
    assert reply.row["expiration"] == (NOW + timedelta(minutes=7)).timestamp()


async def test_expiration_in_the_other_unit(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.expiration_unit = "ms"
    reply = await besmart_api.log_in()
    assert reply.row["expiration"] == ms(NOW + timedelta(hours=2))


@pytest.mark.parametrize("status", [401, 404])
@pytest.mark.parametrize("field", ["login", "password"])
async def test_wrong_login(besmart_api: BesmartApi, status: int, field: str) -> None:
    besmart_api.simulator.bad_login_status = 401 if status == 401 else 404
    body = {"login": besmart_api.simulator.login, "password": "right"}
    sent: Json = {**body, field: "wrong"}
    reply = await besmart_api.ask("users/token", "POST", headers={}, body=sent)
    assert reply.status == status
    assert reply.json == {"detail": "Invalid login or password"}


@pytest.mark.parametrize(
    "body", [b"login: login\npassword: password\n", b"", b"[]", b'{"login": "a"}']
)
async def test_login_that_is_no_json_object(
    besmart_api: BesmartApi, body: bytes
) -> None:
    reply = await besmart_api.ask("users/token", "POST", headers={}, body=body)
    assert reply.status == 422
    besmart_api.simulator.edition = "2021"
    reply = await besmart_api.ask("users/token", "POST", headers={}, body=body)
    assert (reply.status, reply.content_type) == (400, "application/problem+json")


async def test_workspace_key(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.workspace_key = "secret"
    assert (await besmart_api.log_in()).status == 200
    assert (await besmart_api.log_in(X_Auth="secret")).status == 200
    assert (await besmart_api.log_in(X_Auth="other")).status == 401
    besmart_api.simulator.key_required = True
    assert (await besmart_api.log_in()).status == 401
    assert (await besmart_api.log_in(X_Auth="secret")).status == 200


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "No authorization token provided"),
        (
            {"Authorization": "Bearer other"},
            "Provided authorization token is not valid",
        ),
        ({"Authorization": "{token}"}, "Provided authorization token is not valid"),
    ],
)
async def test_bad_token(
    besmart_api: BesmartApi, headers: dict[str, str], detail: str
) -> None:
    sent = {
        name: value.format(token=besmart_api.token) for name, value in headers.items()
    }
    reply = await besmart_api.ask("sensors/signals/types", headers=sent)
    assert (reply.status, reply.json) == (401, {"detail": detail})
    besmart_api.simulator.edition = "2021"
    reply = await besmart_api.ask("sensors/signals/types", headers=sent)
    assert (reply.status, reply.content_type) == (401, "application/problem+json")
    assert reply.json == {
        "detail": detail,
        "status": 401,
        "title": "Unauthorized",
        "type": "about:blank",
    }
    besmart_api.simulator.errors = "text"
    reply = await besmart_api.ask("sensors/signals/types", headers=sent)
    assert (reply.status, reply.json) == (401, detail)


async def test_every_endpoint_but_two_needs_a_token(besmart_api: BesmartApi) -> None:
    for endpoint in ENDPOINTS:
        if "2026" not in endpoint.editions:
            continue
        path = endpoint.path.replace(r"(\d+)", "1").replace("\\", "")
        reply = await besmart_api.ask(path, endpoint.method, headers={}, body=b"{}")
        is_open = endpoint.name in ("login", "time")
        assert (reply.status == 401) is not is_open, endpoint.name


async def test_tokens_run_out(besmart_api: BesmartApi) -> None:
    simulator = besmart_api.simulator
    now = NOW
    simulator.clock = lambda: now
    now = NOW + timedelta(hours=2) - timedelta(seconds=1)
    assert (await besmart_api.ask("sensors/signals/types")).status == 200
    now = NOW + timedelta(hours=2)
    assert (await besmart_api.ask("sensors/signals/types")).status == 401
    assert simulator.tokens.logins == 1
    await besmart_api.log_in()
    assert (await besmart_api.ask("sensors/signals/types")).status == 200
    assert simulator.tokens.logins == 2


async def test_tokens_die_in_mid_poll(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.tokens.expire(after=2)
    statuses = [(await besmart_api.ask("sensors/states")).status for _ in range(4)]
    assert statuses == [200, 200, 401, 401]
    await besmart_api.log_in()
    assert (await besmart_api.ask("sensors/states")).status == 200


async def test_token_info(besmart_api: BesmartApi) -> None:
    now = NOW + timedelta(hours=1)
    besmart_api.simulator.clock = lambda: now
    reply = await besmart_api.ask("users/token")
    assert reply.row["token"] == besmart_api.token
    assert reply.row["expiration"] == (NOW + timedelta(hours=2)).timestamp()
    besmart_api.simulator.token_refresh = True
    reply = await besmart_api.ask("users/token")
    assert reply.row["expiration"] == (now + timedelta(hours=2)).timestamp()


async def test_workspaces(old: BesmartSimulator, besmart_api: BesmartApi) -> None:
    old.workspaces.append(Workspace(22, "Puste"))
    first, second = (await besmart_api.ask("workspaces")).rows
    assert list(first.items()) == [
        ("config", "workspace_1"),
        ("descritpion", "Moje mieszkanie"),
        ("id", 21),
        ("name", "Złocieniec"),
        ("owner", True),
        ("root_node_id", 263468),
        ("client_cid", CLIENT),
        ("sensor_mid", CLIENT),
        ("write", False),
    ]
    assert second["descritpion"] is None
    old.description_key = "description"
    row = (await besmart_api.ask("workspaces")).rows[0]
    assert row["description"] == "Moje mieszkanie"
    assert "descritpion" not in row


async def test_find(old: BesmartSimulator, besmart_api: BesmartApi) -> None:
    rows = (await besmart_api.ask("sensors/find")).rows
    assert [row["sensor_mid"] for row in rows] == [
        HOUSE_MID,
        WORKSHOP_MID,
        INVERTER_MID,
    ]
    # Fields without a value are there as well.
    assert all(tuple(row) == FIND_KEYS for row in rows)
    assert rows[1]["sensor_eid"] is None
    assert rows[2]["ppe"] is None
    assert rows[0]["name"] == "Dom – Złocieniec"  # noqa: RUF001 A real dash.


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"client_cid": CLIENT}, [HOUSE_MID, WORKSHOP_MID, INVERTER_MID]),
        ({"client_cid": 1}, []),
        ({"sensor_type_id": 5}, [INVERTER_MID]),
        ({"name": "warsztat"}, [WORKSHOP_MID]),
        ({"name": "SŁONECZNY"}, [INVERTER_MID]),
        ({"meter_eid": "135620"}, [HOUSE_MID]),
        ({"client_cid": CLIENT, "name": "dom", "sensor_type_id": 2}, [HOUSE_MID]),
    ],
)
async def test_filters_of_find(
    old: BesmartSimulator,
    besmart_api: BesmartApi,
    query: dict[str, int | str],
    found: list[int],
) -> None:
    rows = (await besmart_api.ask("sensors/find", **query)).rows
    assert [row["sensor_mid"] for row in rows] == found


async def test_columns_of_find(old: BesmartSimulator, besmart_api: BesmartApi) -> None:
    reply = await besmart_api.ask("sensors/find", columns="name, ppe", name="dom")
    assert [list(row) for row in reply.rows] == [["ppe", "name"]]
    reply = await besmart_api.ask("sensors/find", client_cid="x")
    assert (reply.status, reply.row["title"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (["48003752B205900001", "ex12"], [HOUSE_MID]),
        ("48003752B205900001", [HOUSE_MID]),
        (["1"], []),
        ([], []),
    ],
)
async def test_external(
    old: BesmartSimulator, besmart_api: BesmartApi, body: Json, found: list[int]
) -> None:
    reply = await besmart_api.ask("sensors/external", "POST", body=body)
    assert [row["sensor_mid"] for row in reply.rows] == found
    assert all(tuple(row) == FIND_KEYS for row in reply.rows)


async def test_external_with_an_object(
    old: BesmartSimulator, besmart_api: BesmartApi
) -> None:
    reply = await besmart_api.ask("sensors/external", "POST", body={"id": "1"})
    assert (reply.status, reply.json) == (422, "Error")


async def test_signal_types(besmart_api: BesmartApi) -> None:
    rows = (await besmart_api.ask("sensors/signals/types")).rows
    assert "is_incremental" not in rows[0]
    assert "time_series_type" in rows[0]
    besmart_api.simulator.edition = "2021"
    rows = (await besmart_api.ask("sensors/signals/types")).rows
    # The published example.
    assert list(rows[0].items()) == [
        ("signal_type_moid", 32),
        ("symbol", "A+"),
        ("is_incremental", True),
        ("description", "Energia czynna pobrana z sieci"),
        ("unit_id", 1),
        ("unit_symbol", "kW.h"),
        ("group_id", 2),
        ("group", "Energetyka"),
        ("obis_mapping", "1.8.0"),
        ("chart_expected_unit", "kW"),
        ("keep_prefix", False),
    ]
    units = {row["signal_type_moid"]: row["unit_symbol"] for row in rows}
    assert [units[moid] for moid in (34, 36, 44, 53, 56, 70, 103, 139)] == [
        *("kW.h", "kvar.h", "kV.A.h", "V", "A", "kW", "Hz", "K")
    ]
    incremental = {row["signal_type_moid"] for row in rows if row["is_incremental"]}
    assert incremental == {32, 34, 36, 38, 40, 42, 44, 46}
    assert {row["signal_type_moid"]: row["obis_mapping"] for row in rows}[
        58
    ] == "71.7.0"


@pytest.mark.parametrize(
    ("knob", "answer"), [("text", "None"), ("null", None), ("empty", [])]
)
async def test_signal_types_that_say_nothing(
    besmart_api: BesmartApi, knob: str, answer: Json
) -> None:
    besmart_api.simulator.types_answer = knob  # type: ignore[assignment]
    assert (await besmart_api.ask("sensors/signals/types")).json == answer


async def test_signal_types_in_part_and_as_text(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.unlisted = {32, 34}
    besmart_api.simulator.moids_as_text = True
    rows = (await besmart_api.ask("sensors/signals/types")).rows
    assert rows[0]["signal_type_moid"] == "36"


async def test_sensor(besmart_api: BesmartApi) -> None:
    reply = await besmart_api.ask(f"sensors/{CLIENT}.{INVERTER_MID}")
    assert reply.row["name"] == "Falownik słoneczny"
    assert reply.row["sensor_type_name"] == "pv"
    assert {"info", "comments", "lat", "lon", "uncertain"} <= set(reply.row)
    reply = await besmart_api.ask(f"sensors/{CLIENT}.1")
    assert (reply.status, reply.json) == (404, {"detail": "Resource not found"})


async def test_sensor_types(besmart_api: BesmartApi) -> None:
    rows = (await besmart_api.ask("sensors/types")).rows
    assert (rows[0]["id"], rows[0]["name"]) == (1, "virtual")
    assert rows[0]["description"] == "Wirtualny"


async def test_states(besmart_api: BesmartApi) -> None:
    rows = (await besmart_api.ask("sensors/states")).rows
    assert [row["sensor_mid"] for row in rows] == [
        HOUSE_MID,
        WORKSHOP_MID,
        INVERTER_MID,
    ]
    assert list(rows[1]) == [
        *("sensor_state_id", "client_cid", "sensor_mid", "since", "till"),
        *("meter_eid", "info", "meter_type_id", "meter_type_name"),
        *("meter_type_is_ami", "meter_type_is_dcu", "signal_states"),
    ]
    assert (rows[1]["since"], rows[1]["till"]) == ("2026-03-26T23:00:00Z", None)
    (signal,) = objects(rows[1]["signal_states"])
    assert signal["signal_type_moid"] == 32
    assert signal["value_for_since"] == 987.654
    assert signal["value_for_till"] is None
    assert isinstance(rows[0]["meter_eid"], int)
    assert isinstance(rows[1]["meter_eid"], str)
    query = {"client_cid": CLIENT, "sensor_mid": WORKSHOP_MID}
    assert (await besmart_api.ask("sensors/states", **query)).rows == [rows[1]]
    query["sensor_mid"] = 1
    assert (await besmart_api.ask("sensors/states", **query)).status == 404
    besmart_api.house.meters.clear()
    assert len((await besmart_api.ask("sensors/states")).rows) == 2


async def test_states_of_a_signal(besmart_api: BesmartApi) -> None:
    query = {"client_cid": CLIENT, "sensor_mid": HOUSE_MID, "signal_type_moid": 34}
    (row,) = (await besmart_api.ask("sensors/states/signals", **query)).rows
    (signal,) = objects(row["signal_states"])
    assert signal["signal_type_moid"] == 34


async def test_time(besmart_api: BesmartApi) -> None:
    reply = await besmart_api.ask("time", headers={}, unit="s")
    assert datetime.fromtimestamp(float(str(reply.json)), UTC) == NOW
    assert (await besmart_api.ask("time", headers={})).json == ms(NOW)


async def test_cap(besmart_api: BesmartApi) -> None:
    path = f"sensors/{CLIENT}.{HOUSE_MID}/signals/cap"
    besmart_api.simulator.delay = timedelta(minutes=10)
    reply = await besmart_api.ask(path, signal_type_moid=32, signal_origin_id=1)
    assert reply.row == {
        "cap_max": ms(datetime(2026, 11, 21, 2, 15, tzinfo=UTC)),
        "client_cid": CLIENT,
        "sensor_mid": HOUSE_MID,
        "signal_origin_id": 1,
        "signal_type_moid": 32,
    }
    reply = await besmart_api.ask(path, signal_type_moid=32, signal_origin_id=4)
    assert reply.row["cap_max"] is None
    assert (await besmart_api.ask(path, signal_type_moid=70)).status == 404
    assert (await besmart_api.ask(path)).status == 422


def batch_item(mid: int, moid: int, **more: Json) -> dict[str, Json]:
    hour = timedelta(hours=1)
    return {
        "client_cid": CLIENT,
        "sensor_mid": mid,
        "signal_type_moid": moid,
        "since": ms(NOW - hour),
        "till": ms(NOW),
        **more,
    }


async def batch(api: BesmartApi, *items: Json) -> Reply:
    return await api.ask("sensors/signals/data", "POST", body=[*items])


async def test_batch_equals_single_requests(besmart_api: BesmartApi) -> None:
    asked = [(HOUSE_MID, 32), (INVERTER_MID, 70), (HOUSE_MID, 103)]
    items = [batch_item(mid, moid) for mid, moid in asked]
    got = await batch(besmart_api, *items)
    hour = timedelta(hours=1)
    for (mid, moid), answer in zip(asked, got.rows, strict=True):
        sensor = besmart_api.simulator.sensor(mid)
        single = await besmart_api.get_data(NOW - hour, NOW, moid, sensor)
        assert answer == single.json
        assert points(answer)
    assert besmart_api.simulator.faults.count("signals/data", "POST") == 1


async def test_the_second_batch(besmart_api: BesmartApi) -> None:
    item = batch_item(HOUSE_MID, 32, signal_origin_id=1, last_acq=True)
    path = "sensors/signals/data/v2"
    second = await besmart_api.ask(path, "POST", body=[item])
    assert second == await batch(besmart_api, item)
    besmart_api.simulator.absent = {"batch": 404}
    assert (await batch(besmart_api, item)).status == 404
    assert (await besmart_api.ask(path, "POST", body=[item])).json == second.json


@pytest.mark.parametrize("name", ["signal_origin_id", "origin_id"])
async def test_both_names_of_the_batch_origin(
    besmart_api: BesmartApi, name: str
) -> None:
    besmart_api.simulator.predictions = timedelta(hours=1)
    plain, item = batch_item(HOUSE_MID, 32), batch_item(HOUSE_MID, 32, **{name: 2})
    both, one = (await batch(besmart_api, plain, item)).rows
    assert {point.origin for point in points(both)} == {1, 2}
    assert {point.origin for point in points(one)} == {2}


async def test_batch_with_unknown_signals(besmart_api: BesmartApi) -> None:
    items = [batch_item(WORKSHOP_MID, moid) for moid in (34, 32)]
    (known,) = (await batch(besmart_api, *items)).rows
    assert known["signal_type_moid"] == 32
    besmart_api.simulator.batch_unknown = "empty"
    unknown, again = (await batch(besmart_api, *items)).rows
    assert unknown["data"] == {"time": [], "value": []}
    assert again == known
    besmart_api.simulator.batch_unknown = "refused"
    assert (await batch(besmart_api, *items)).status == 404


async def test_bad_batches(besmart_api: BesmartApi) -> None:
    reply = await besmart_api.ask("sensors/signals/data", "POST", body={})
    assert reply.status == 422
    assert (await batch(besmart_api)).json == []
    assert (await batch(besmart_api, 1)).status == 422
    reply = await batch(besmart_api, batch_item(HOUSE_MID, 32, since="x"))
    assert reply.status == 422
    (complaint,) = objects(reply.row["detail"])
    assert complaint["loc"] == ["body", 0, "since"]
    besmart_api.simulator.batch_limit = 1
    item = batch_item(HOUSE_MID, 32)
    assert (await batch(besmart_api, item)).status == 200
    assert (await batch(besmart_api, item, item)).status == 422


async def test_missing_and_bad_parameters(besmart_api: BesmartApi) -> None:
    path = data_path(besmart_api.house, 32)
    reply = await besmart_api.ask(path, till=ms(NOW))
    assert reply.status == 422
    (complaint,) = objects(reply.row["detail"])
    assert set(complaint) == {"loc", "msg", "type"}
    assert complaint["loc"] == ["query", "since"]
    for bad in ({"since": "now"}, {"delta_t": 0}, {"raw": "maybe"}):
        query = {"since": ms(START), "till": ms(START), **bad}
        assert (await besmart_api.ask(path, **query)).status == 422
    besmart_api.simulator.edition = "2021"
    reply = await besmart_api.ask(path, till=ms(NOW))
    assert (reply.status, reply.row["status"]) == (400, 400)
    besmart_api.simulator.errors = "text"
    reply = await besmart_api.ask(path, till=ms(NOW))
    assert (reply.status, type(reply.json)) == (422, str)


async def test_unknown_sensors_and_signals(besmart_api: BesmartApi) -> None:
    workshop = besmart_api.simulator.sensor(WORKSHOP_MID)
    assert (await besmart_api.get_data(START, NOW, 34, workshop)).status == 404
    besmart_api.simulator.sensors.remove(workshop)
    assert (await besmart_api.get_data(START, NOW, 32, workshop)).status == 404


async def test_what_each_edition_has(besmart_api: BesmartApi) -> None:
    simulator = besmart_api.simulator
    old = ("workspaces", "sensors/find")
    new = ("sensors/states", "sensors/types", f"sensors/{CLIENT}.{HOUSE_MID}")
    for path in old:
        assert (await besmart_api.ask(path)).status == 404
    simulator.retired_status = 405
    for path in old:
        assert (await besmart_api.ask(path)).status == 405
    assert (await besmart_api.ask("sensors/external", "POST")).status == 405
    for path in new:
        assert (await besmart_api.ask(path)).status == 200
    simulator.edition = "2021"
    for path in old:
        assert (await besmart_api.ask(path)).status == 200
    for path in new:
        reply = await besmart_api.ask(path)
        assert (reply.status, reply.row["title"]) == (404, "Not Found")
    assert (await besmart_api.ask("sensors/signals/data", "POST")).status == 404
    assert (await besmart_api.ask("users/token")).status == 405


async def test_absent_endpoints(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.absent = {"batch": 405, "states": 404, "token_info": 404}
    assert (await batch(besmart_api)).status == 405
    assert (await besmart_api.ask("sensors/states")).status == 404
    assert (await besmart_api.ask("users/token")).status == 404
    assert (await besmart_api.log_in()).status == 200
    assert (await besmart_api.ask("nothing")).status == 404


async def test_answered_endpoints_are_remembered(besmart_api: BesmartApi) -> None:
    besmart_api.simulator.answered.clear()
    await besmart_api.ask("sensors/states")
    await besmart_api.ask("sensors/states", headers={})
    await besmart_api.get_data(NOW, NOW)
    assert list(besmart_api.simulator.answered) == ["states", "data"]
