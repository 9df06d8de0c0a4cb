"""What a user may write to the BEMServer simulator."""

from datetime import timedelta

import pytest
from yarl import URL

from simulators.bemserver.model import Series
from simulators.faults import Json

from .conftest import ADMIN, NOW, OUTSIDER, Bem, window

FIRST = "/notifications/1"
VALUES = "/timeseries_data/?data_state=1"
STAMP = "2026-11-21T01:00:00+00:00"


@pytest.fixture(autouse=True)
def empty(bem: Bem) -> Series:
    """Let a campaign have a series without data."""
    series = Series(900, "Empty", "kWh", 1, 1)
    bem.simulator.world.series[900] = series
    return series


async def test_a_notification_is_marked_as_read(bem: Bem) -> None:
    tag = (await bem.get(FIRST)).headers["ETag"]
    got = await bem.send("PUT", FIRST, {"If-Match": tag}, {"read": True})
    assert got.status == 200
    assert got.json["read"] is True
    assert bem.simulator.world.notifications[1].read
    again = await bem.send("PUT", FIRST, {"If-Match": tag}, {"read": True})
    assert again.status == 412
    tag = (await bem.get(FIRST)).headers["ETag"]
    got = await bem.send("PUT", FIRST, {"If-Match": tag}, {"read": False})
    assert got.json["read"] is False


async def test_notifications_that_cannot_be_changed(bem: Bem) -> None:
    assert (await bem.send("PUT", FIRST, {}, {"read": True})).status == 428
    stale = {"If-Match": '"xxxx"'}
    assert (await bem.send("PUT", FIRST, stale, {"read": True})).status == 412
    assert (await bem.send("PUT", "/notifications/99", stale, {})).status == 404
    got = await bem.send("PUT", FIRST, stale, {"read": "maybe", "id": 1})
    assert got.status == 422
    assert got.json["errors"] == {
        "json": {"id": ["Unknown field."], "read": ["Not a valid boolean."]}
    }
    for user, status in ((OUTSIDER, 403), (ADMIN, 403)):
        tag = (await bem.get(FIRST)).headers.get("ETag", '"xxxx"')
        await bem.log_in(*user)
        tag = (await bem.get(FIRST)).headers.get("ETag", tag)
        got = await bem.send("PUT", FIRST, {"If-Match": tag}, {"read": True})
        assert got.status == status
    assert not bem.simulator.world.notifications[1].read


async def test_points_are_stored_once(bem: Bem) -> None:
    """By id or name, in JSON or CSV; what exists is kept."""
    got = await bem.send("POST", VALUES, {}, {"900": {STAMP: 1.5}})
    assert (got.status, got.body) == (201, b"null\n")
    path = "/timeseries_data/campaign/1/?data_state=1"
    later = "2026-11-21T02:00:00+00:00"
    got = await bem.send("POST", path, {}, {"Empty": {STAMP: 99, later: 2}})
    assert got.status == 201
    url = URL(f"{bem.url}{VALUES}", encoded=True)
    headers = {"Authorization": f"Bearer {bem.token}", "Content-Type": "text/csv"}
    body = f"Datetime,900\n{STAMP},7\n2026-11-21T01:30:00+0000,3\n{later},\n"
    async with bem.session.post(url, data=body, headers=headers) as response:
        assert response.status == 201
    read = await bem.get(f"/timeseries_data/?{window(900, 3, NOW, 1)}")
    assert [*read.points["900"].values()] == [1.5, 3, 2]
    assert (await bem.get(f"/timeseries_data/?{window(900, 3, NOW, 2)}")).json == {}


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/timeseries_data/", {"900": {}}, 422, None),
        ("/timeseries_data/?data_state=9", {"900": {}}, 422, None),
        (VALUES, {"777": {STAMP: 1}, "900": {}}, 422, "Unknown timeseries: [777]"),
        (VALUES, {"Empty": {STAMP: 1}}, 422, "Wrong timeseries ID type"),
        (VALUES, {"900": {"2026-11-21": 1}}, 422, "Invalid timestamp"),
        (
            VALUES,
            {"900": {"2026-11-21T01:00:00": 1}},
            422,
            "Invalid or TZ-naive timestamp",
        ),
        (VALUES, {"900": {STAMP: "full"}}, 422, "Invalid values"),
        (VALUES, {"900": {STAMP: [1]}}, 422, "Invalid values"),
        (VALUES, {"900": 1}, 422, "Wrong JSON file"),
        (VALUES, {"50": {STAMP: 1}}, 403, "Authorization error"),
    ],
)
async def test_points_that_are_refused(
    bem: Bem, path: str, body: Json, status: int, message: str | None
) -> None:
    """One bad value costs the whole request."""
    if isinstance(body, dict):
        body = {"900": {"2026-11-21T00:30:00+00:00": 1}, **body}
    got = await bem.send("POST", path, {}, body)
    assert got.status == status
    if message is not None:
        assert got.json["message"] == message
    start = NOW - timedelta(hours=5)
    assert not bem.simulator.amount(900, start, NOW)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "Missing headers"),
        ("Datetime,900,\n", "Empty timeseries name or trailing comma"),
        ("Time,900\n", "Invalid file"),
    ],
)
async def test_csv_that_is_refused(bem: Bem, body: str, message: str) -> None:
    url = URL(f"{bem.url}{VALUES}", encoded=True)
    headers = {"Authorization": f"Bearer {bem.token}", "Content-Type": "text/csv"}
    async with bem.session.post(url, data=body, headers=headers) as response:
        assert response.status == 422
        assert (await response.json())["message"] == message


async def test_broken_json_is_refused(bem: Bem) -> None:
    url = URL(f"{bem.url}{VALUES}", encoded=True)
    headers = {
        "Authorization": f"Bearer {bem.token}",
        "Content-Type": "application/json",
    }
    async with bem.session.post(url, data="{", headers=headers) as response:
        assert response.status == 422
        assert (await response.json())["message"] == "Wrong JSON file"
