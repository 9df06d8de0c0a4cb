"""Each kind of fault over a real socket."""

from time import monotonic

from aiohttp import ClientPayloadError, ServerDisconnectedError
import pytest

from simulators.faults import (
    Answer,
    Delay,
    Drop,
    Fault,
    Faults,
    Huge,
    MutateJson,
    Truncate,
    busy,
    drop_fields,
    html_error,
    redirect,
    set_fields,
)

from .dsmr_reader.conftest import Api

VERSION = "application/version"
READINGS = "datalogger/dsmrreading?limit=2"


@pytest.fixture
def faults(api: Api) -> Faults:
    return api.simulator.faults


async def test_answers_instead_and_expires(api: Api, faults: Faults) -> None:
    faults.add(Fault(html_error(500), path="/api/v2/application", times=2))
    for _ in range(2):
        got = await api.get(VERSION)
        assert got.status == 500
        assert got.headers["Content-Type"] == "text/html"
        assert b"<h1>500" in got.body
    assert (await api.get(READINGS)).status == 200
    assert (await api.get(VERSION)).status == 200


async def test_skips_first(api: Api, faults: Faults) -> None:
    faults.add(Fault(html_error(502), skip=1, times=1))
    statuses = [(await api.get(VERSION)).status for _ in range(3)]
    assert statuses == [200, 502, 200]


@pytest.mark.parametrize("status", [429, 503])
async def test_busy(api: Api, faults: Faults, status: int) -> None:
    faults.add(Fault(busy(status, 7), path="version"))
    got = await api.get(VERSION)
    assert (got.status, got.headers["Retry-After"]) == (status, "7")
    faults.clear()
    assert (await api.get(VERSION)).status == 200


async def test_redirects(api: Api, faults: Faults) -> None:
    faults.add(Fault(redirect("http://192.0.2.1/")))
    async with api.session.get(api.url, allow_redirects=False) as response:
        assert response.status == 301
        assert response.headers["Location"] == "http://192.0.2.1/"


async def test_delays_what_then_fails(api: Api, faults: Faults) -> None:
    faults.add(Fault(Delay(0.2)))
    faults.add(Fault(Answer(418, "{}", "application/json", {"X-Tea": "yes"})))
    began = monotonic()
    got = await api.get(VERSION)
    assert monotonic() - began >= 0.2
    assert (got.status, got.headers["X-Tea"]) == (418, "yes")


async def test_drops_the_connection(api: Api, faults: Faults) -> None:
    faults.add(Fault(Drop(), times=2))
    # aiohttp's client repeats an idempotent request once by itself.
    with pytest.raises(ServerDisconnectedError):
        await api.get(VERSION)
    assert faults.count(VERSION) == 2
    assert (await api.get(VERSION)).status == 200


async def test_stops_in_mid_answer(api: Api, faults: Faults) -> None:
    whole = await api.get(READINGS)
    faults.add(Fault(Truncate(), times=1))
    async with api.session.get(
        f"{api.url}/api/v2/{READINGS}", headers={"X-AUTHKEY": api.simulator.api_key}
    ) as response:
        assert response.content_length == len(whole.body)
        with pytest.raises(ClientPayloadError):
            await response.read()
    assert (await api.get(READINGS)).body == whole.body


async def test_huge_answer_is_streamed(api: Api, faults: Faults) -> None:
    size = 30_000_000
    faults.add(Fault(Huge(size)))
    async with api.session.get(api.url) as response:
        assert response.headers["Transfer-Encoding"] == "chunked"
        start = await response.content.readexactly(100)
        assert start.startswith(b'{"count":1,')
        response.close()
    faults.clear()
    faults.add(Fault(Huge(200_000)))
    assert len((await api.get(READINGS)).rows) > 5000


async def test_mutates_json(api: Api, faults: Faults) -> None:
    faults.add(Fault(set_fields(timestamp=None, surprise={"a": 1}), path="dsmrreading"))
    faults.add(Fault(drop_fields("id", "phase_voltage_l1"), path="dsmrreading"))
    faults.add(Fault(set_fields(version=5), path="version"))
    got = await api.get(READINGS)
    assert got.json["count"]
    for row in got.rows:
        assert row["timestamp"] is None
        assert row["surprise"] == {"a": 1}
        assert not {"id", "phase_voltage_l1"} & set(row)
    assert got.headers["Server"] == "gunicorn"
    assert (await api.get(VERSION)).json == {"version": 5}
    faults.clear()
    faults.add(Fault(MutateJson(lambda _: [1, 2]), method="GET"))
    assert (await api.get(VERSION)).body == b"[1,2]"
    assert (await api.get(VERSION, method="DELETE")).status == 405


async def test_records_requests(api: Api, faults: Faults) -> None:
    await api.get(READINGS)
    await api.get(VERSION)
    await api.get(VERSION, method="DELETE")
    assert [request.path for request in faults.requests][1:] == [
        f"/api/v2/{VERSION}"
    ] * 2
    assert faults.requests[0].query["limit"] == "2"
    assert faults.requests[0].headers["X-AUTHKEY"] == "test-key"
    assert faults.requests[0].time.tzinfo is not None
    assert faults.count() == 3
    assert faults.count("/api/v2/application") == 2
    assert faults.count("version", "GET") == 1
    faults.clear_requests()
    assert faults.count() == 0


def test_log_is_bounded() -> None:
    assert Faults(log_size=5).requests.maxlen == 5
    assert Faults().requests.maxlen
