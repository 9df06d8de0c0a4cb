"""Logins, tokens and permissions of the BEMServer simulator."""

from datetime import timedelta

import jwt
import pytest

from simulators.bemserver import DEFAULT_EMAIL, DEFAULT_PASSWORD, Group
from simulators.faults import Json

from .conftest import ADMIN, NOW, OUTSIDER, Bem, query

FAILURE = {"status": "failure"}
FORBIDDEN = {"code": 403, "status": "Forbidden", "message": "Authorization error"}


def unauthorized(code: str) -> dict[str, Json]:
    return {
        "code": 401,
        "status": "Unauthorized",
        "errors": {"authentication": code},
    }


async def test_tokens_say_who_what_and_how_long(bem: Bem) -> None:
    key = bem.simulator.secret_key
    claims = [
        jwt.decode(token, key, ["HS256"], options={"verify_exp": False})
        for token in (bem.token, bem.renewal)
    ]
    assert [set(each) for each in claims] == [{"email", "exp", "type"}] * 2
    assert [each["type"] for each in claims] == ["access", "refresh"]
    assert [each["email"] for each in claims] == [DEFAULT_EMAIL] * 2
    lifetimes = [each["exp"] - int(NOW.timestamp()) for each in claims]
    assert lifetimes == [900, 60 * 86400]
    bem.simulator.access_lifetime = timedelta(seconds=30)
    await bem.log_in()
    claims = [jwt.decode(bem.token, key, ["HS256"], options={"verify_exp": False})]
    assert claims[0]["exp"] - int(NOW.timestamp()) == 30


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (DEFAULT_EMAIL, "wrong"),
        (DEFAULT_EMAIL.upper(), DEFAULT_PASSWORD),
        ("who@example.com", DEFAULT_PASSWORD),
    ],
)
async def test_a_failed_login_is_a_200(bem: Bem, email: str, password: str) -> None:
    got = await bem.log_in(email, password)
    assert (got.status, got.json) == (200, FAILURE)
    counters = bem.simulator.counters
    assert (counters.logins, counters.failed_logins, counters.refreshes) == (1, 1, 0)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"email": 1, "password": None}, ["Not a valid string."]),
        ({"email": "a@b", "password": ""}, ["Not a valid email address."]),
        ({"email": None, "password": "x"}, ["Field may not be null."]),
    ],
)
async def test_login_is_checked(bem: Bem, body: Json, errors: Json) -> None:
    got = await bem.send("POST", "/auth/token", body=body)
    assert got.status == 422
    wrong = got.json["errors"]
    assert isinstance(wrong, dict)
    assert isinstance(wrong["json"], dict)
    assert wrong["json"]["email"] == errors
    got = await bem.send("POST", "/auth/token", body=[])
    assert got.json["errors"] == {"json": {"_schema": ["Invalid input type."]}}


async def test_a_slash_at_the_end_is_another_path(bem: Bem) -> None:
    assert (await bem.send("POST", "/auth/token/")).status == 404


async def test_refreshing_leaves_the_old_token_good(bem: Bem) -> None:
    old = bem.renewal
    bem.clock.forward(minutes=15)
    got = await bem.get("/sites/")
    assert (got.status, got.json) == (401, unauthorized("expired_token"))
    assert got.headers["WWW-Authenticate"] == "Bearer"
    for _ in range(2):
        got = await bem.refresh(old)
        assert got.json["status"] == "success"
        assert got.json["refresh_token"] != old
        bem.token = str(got.json["access_token"])
        assert (await bem.get("/sites/")).status == 200
    assert bem.simulator.counters.refreshes == 2
    bem.clock.forward(days=60)
    assert (await bem.refresh(old)).json == unauthorized("expired_token")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "missing_authentication"),
        ("Bearer  {token}", "invalid_token"),
        ("Bearer {renewal}", "invalid_token"),
        ("Bearer nonsense", "invalid_token"),
        ("bearer {token}", "invalid_scheme"),
        ("Basic {token}", "invalid_scheme"),
    ],
)
async def test_codes(bem: Bem, header: str | None, code: str) -> None:
    sent = header and header.format(token=bem.token, renewal=bem.renewal)
    assert (await bem.get("/sites/", Authorization=sent)).json == unauthorized(code)
    assert (await bem.get("/sites/", Authorization="Bearer")).status == 400


async def test_another_server_key_spoils_all_tokens(bem: Bem) -> None:
    bem.simulator.secret_key = "the key that the server has got today"
    assert (await bem.get("/sites/")).json == unauthorized("invalid_token")
    assert (await bem.refresh()).json == unauthorized("invalid_token")
    await bem.log_in()
    assert (await bem.get("/sites/")).status == 200


async def test_a_deactivated_user_is_forbidden(bem: Bem) -> None:
    bem.simulator.reader.is_active = False
    got = await bem.get("/sites/")
    assert (got.status, got.json) == (403, FORBIDDEN)
    assert (await bem.refresh()).status == 403
    assert (await bem.log_in()).json == FAILURE


async def test_another_email_spoils_tokens_another_password_does_not(bem: Bem) -> None:
    bem.simulator.reader.password = "new"
    assert (await bem.get("/sites/")).status == 200
    assert (await bem.log_in()).json == FAILURE
    bem.simulator.reader.email = "new@example.com"
    assert (await bem.get("/sites/")).json == unauthorized("invalid_token")


async def test_users_and_groups(bem: Bem) -> None:
    (row,) = (await bem.get("/users/")).rows
    assert row == {
        "id": 2,
        "name": "reader",
        "email": DEFAULT_EMAIL,
        "is_admin": False,
        "is_active": True,
    }
    assert (await bem.get("/users/1")).status == 403
    await bem.log_in(*ADMIN)
    assert (await bem.get("/users/")).ids == [1, 2, 3]
    assert (await bem.get("/campaigns/")).ids == [1, 2, 3]
    assert len((await bem.get("/timeseries/?page_size=100")).rows) == len(
        bem.simulator.world.series
    )


async def test_somebody_without_a_group_sees_nothing(bem: Bem) -> None:
    await bem.log_in(*OUTSIDER)
    for path in ("campaigns", "sites", "timeseries", "events", "notifications"):
        assert (await bem.get(f"/{path}/")).rows == []
    assert (await bem.get("/energies/")).rows
    assert (await bem.get("/timeseries/1")).json == FORBIDDEN


async def test_a_scope_without_its_campaign(bem: Bem) -> None:
    """Series and links are visible, but places and the time zone are not."""
    (group,) = bem.simulator.groups
    group.campaigns.remove(1)
    assert (await bem.get("/campaigns/")).ids == [2]
    assert (await bem.get("/campaigns/1")).status == 403
    assert (await bem.get("/sites/1")).status == 403
    assert (await bem.get("/timeseries/?campaign_id=1")).status == 403
    assert (await bem.get("/timeseries/1")).status == 200
    assert (await bem.get("/energy_consumption_timeseries_by_sites/")).rows
    assert (await bem.get("/timeseries_by_sites/?site_id=1")).rows == []
    analysis = "/analysis/energy_consumption/site/1?" + query(
        start_time=NOW - timedelta(days=1),
        end_time=NOW,
        bucket_width_value=1,
        bucket_width_unit="day",
    )
    assert (await bem.get(analysis)).status == 403


async def test_two_groups_repeat_rows(bem: Bem) -> None:
    """The real server counts 73 for 50 series, in pages of 14, 16, 13 and 9."""
    once = await bem.get("/timeseries/?campaign_id=1&page_size=100&sort=name")
    thermal = [row for row in once.rows if row["campaign_scope_id"] == 2]
    bem.simulator.groups.append(Group(2, "Heating people", {2}, {1}, {2}))
    total = len(once.rows) + len(thermal)
    pages = -(-total // 20)
    found: list[int] = []
    for page in range(1, pages + 1):
        path = f"/timeseries/?campaign_id=1&page_size=20&sort=name&page={page}"
        got = await bem.get(path)
        said = got.headers["X-Pagination"]
        assert said.startswith(f'{{"total": {total}, "total_pages": {pages}, ')
        assert len(set(got.ids)) == len(got.ids) <= 20
        found += got.ids
    assert sorted(set(found)) == sorted(once.ids)
    assert len(once.ids) < len(found) < total
    # Lists that are not paged have no repeats.
    assert len((await bem.get("/campaign_scopes/?campaign_id=1")).ids) == 3
