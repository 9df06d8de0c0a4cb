"""The BEMServer simulator against the recorded answers of the real server."""

from dataclasses import replace
from datetime import timedelta
import json

from multidict import CIMultiDict
import pytest

from simulators.bemserver import BemserverSimulator, User
from simulators.bemserver.auth import TokenType, token
from simulators.server import serve
from tests.captures import Capture, bemserver as recorded, replay_app
from tests.simulators.captured import HttpAnswer, Likeness, exchange, kept

from .conftest import NOW

CAPTURES = recorded()

# The real server names the time zones that its own libraries know.
OTHER_TEXT = {"data_bad_tz"}
# Answers that are identical to the byte, with the same ETag.
SAME_BODY = {
    *("about", "energies", "energy_end_uses", "energy_production_technologies"),
    *("event_categories", "event_categories_by_users", "timeseries_data_states"),
    *("structural_element_properties", "site_properties", "site_property_data"),
    *("timeseries_properties", "timeseries_property_data_one", "tasks"),
    *("timeseries_one", "etag_stale_200", "user_groups", "users_self", "zones"),
    *("timeseries_unknown_campaign", "data_all_empty", "data_all_empty_csv"),
    *("data_end_before_start", "degree_days_no_data", "weather_filter_param"),
    *("auth_token_bad_password", "auth_token_unknown_user", "notifications_count"),
    # The campus has all of the recorded one; the test takes the rest of it away.
    *("campaign_scopes", "campaigns_filter", "sites", "site_1", "timeseries"),
    *("energy_consumption_timeseries_by_sites", "timeseries_by_sites"),
    "energy_production_timeseries_by_buildings",
    *("energy_production_timeseries_by_sites", "timeseries_default_page"),
    *("timeseries_page2_size5", "timeseries_page_999", "timeseries_recurse_site"),
    *("timeseries_unknown_filter", "weather_timeseries_by_sites"),
}
ADMIN = {"conflict_409", "validation_422_body"}
OUTSIDER = {"site_403"}
EXPIRED = {"auth_expired_access", "auth_expired_refresh"}
REFRESH = {
    *("auth_access_with_refresh_token", "auth_expired_refresh", "auth_refresh_ok"),
    "auth_expired_access_refresh_still_ok",
}
# The headers that the files kept.
KEPT = ("Content-Type", "Location", "X-Pagination", "ETag", "WWW-Authenticate")


@pytest.fixture
def simulator() -> BemserverSimulator:
    """Return a campus with forty days of history, as the recorded server had."""
    # The recorded points of the last quarter were there before it was over.
    now = NOW + timedelta(minutes=2)
    simulator = BemserverSimulator(
        years=40 / 365.25, clock=lambda: now, loses_port=False, series=600
    )
    # The recorded server had 50 readable series, one elsewhere and 500 generic ones.
    for number in list(simulator.world.series):
        if 53 < number <= 1000 or number > 1500:
            simulator.world.delete_series(number)
    for links in simulator.world.place_links.values():
        for number in [key for key, link in links.items() if link.series_id > 50]:
            del links[number]
    return simulator


def credentials(simulator: BemserverSimulator, capture: Capture) -> str | None:
    """Return the Authorization header that was cut out of the file."""
    header = capture.request_headers.get("Authorization")
    if header is None or not header.endswith(" eyJhbGciOiJ..."):
        return None if header is None else header.removesuffix("...")
    admin, reader, outsider = simulator.users
    user: User = reader
    if capture.name in ADMIN:
        user = admin
    elif capture.name in OUTSIDER:
        user = outsider
    kind: TokenType = "refresh" if capture.name in REFRESH else "access"
    lifetime = timedelta(seconds=-1 if capture.name in EXPIRED else 900)
    good = token(simulator, user, kind, lifetime)
    if capture.name == "auth_bad_signature":
        good = good[:-6] + "AAAAAA"
    return f"{header.partition(' ')[0]} {good}"


async def ask(url: str, capture: Capture, authorization: str | None) -> HttpAnswer:
    """Send the recorded request over a bare socket and return the whole answer."""
    headers = {"Connection": "close"}
    if capture.request_body:
        headers["Content_Type"] = "application/json"
    if authorization is not None:
        headers["Authorization"] = authorization
    return await exchange(url, capture, **headers)


def test_names_are_those_of_captures() -> None:
    names = {capture.name for capture in CAPTURES}
    assert len(names) == 151
    assert names >= SAME_BODY | OTHER_TEXT | ADMIN | OUTSIDER | REFRESH | EXPIRED


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.name)
async def test_answers_like_the_real_server(
    simulator: BemserverSimulator, capture: Capture
) -> None:
    if capture.name == "events":
        del simulator.world.events[2]
    async with serve(simulator.app) as url:
        status, headers, body = await ask(url, capture, credentials(simulator, capture))
    assert status == capture.status, body
    assert set(kept(headers, KEPT)) == set(kept(capture.headers, KEPT))
    plain = ("Content-Type", "WWW-Authenticate")
    assert kept(headers, plain) == kept(capture.headers, plain)
    location = capture.headers.get("Location")
    if location is not None:
        location = location.replace("http://127.0.0.1:18081", url)
    assert headers.get("Location") == location
    same = capture.name in SAME_BODY or status not in (200, 308)
    if capture.name in OTHER_TEXT:
        assert body[:140] == capture.body[:140]
    elif same:
        assert body == capture.body
        assert headers.get("ETag") == capture.headers.get("ETag")
    elif status == 308:
        assert body.replace(url.encode(), b"http://127.0.0.1:18081") == capture.body
    elif capture.body.startswith(b"Datetime"):
        assert columns(body) == columns(capture.body)
    else:
        found = Likeness().differences(json.loads(capture.body), json.loads(body))
        assert found == []
    if "X-Pagination" in capture.headers and not same:
        got, wanted = (
            json.loads(each["X-Pagination"]) for each in (headers, capture.headers)
        )
        assert list(got) == list(wanted)


def columns(body: bytes) -> list[tuple[str, int]]:
    """Return the first column of a CSV file and how many others there are."""
    lines = body.decode().split("\n")
    assert lines[-1] == ""
    return [(line.split(",")[0], line.count(",")) for line in lines]


@pytest.mark.usefixtures("socket_enabled")
async def test_replays_byte_for_byte() -> None:
    async with replay_app(CAPTURES) as replay:
        for capture in CAPTURES:
            status, headers, body = await ask(
                replay.url, capture, whole(capture.request_headers.get("Authorization"))
            )
            same = [other for other in CAPTURES if alike(other, capture)]
            assert (status, body) in [(other.status, other.body) for other in same]
            assert kept(headers, KEPT) in [kept(other.headers, KEPT) for other in same]
    assert len(replay.requests) == len(CAPTURES)


def whole(authorization: str | None) -> str | None:
    """Return a shortened header of a file as a client would send it."""
    if authorization is None or len(authorization) < 18:
        return None if authorization is None else authorization.removesuffix("...")
    return authorization.replace("...", "IUzI1NiJ9.e30.signature")


def alike(one: Capture, other: Capture) -> bool:
    """Return True if two captures differ only in what the files lack.

    That is the user, and a body that is not JSON.
    """
    names = ("Accept", "Authorization", "If-None-Match", "If-Match")
    return (one.method, one.target, one.request_body) == (
        other.method,
        other.target,
        other.request_body,
    ) and kept(one.request_headers, names) == kept(other.request_headers, names)


@pytest.mark.usefixtures("socket_enabled")
async def test_replay_minds_conditions_accept_and_moments() -> None:
    by_name = {capture.name: capture for capture in CAPTURES}

    async def put(replay: str, name: str, target: str = "", **headers: str) -> bytes:
        capture = by_name[name]
        sent = {"Accept": "application/json", **headers}
        asked = replace(
            capture,
            target=target or capture.target,
            request_headers=CIMultiDict(sent),
            request_body=capture.request_body and capture.request_body.replace(" ", ""),
        )
        got = await ask(replay, asked, "Bearer eyJhbGciOiJIUzI1NiJ9.e30.s")
        return b"%d %s" % (got[0], got[2])

    def answer(name: str) -> bytes:
        return b"%d %s" % (by_name[name].status, by_name[name].body)

    later = by_name["data_csv_2h"].target.replace("2026-11-21", "2027-01-02")
    turned = "&".join(reversed(later.partition("?")[2].split("&")))
    async with replay_app(CAPTURES) as replay:
        url = replay.url
        # There is no 304 without a condition.
        assert await put(url, "etag_304") == answer("timeseries_one")
        assert await put(url, "etag_304", **{"If-None-Match": '"other"'}) == answer(
            "timeseries_one"
        )
        # The same request in JSON and CSV, at another time, in another order.
        assert await put(url, "data_csv_2h", later) == answer("data_json_2h")
        path = "/timeseries_data/?"
        csv = await put(url, "data_csv_2h", path + turned, Accept="text/csv")
        assert csv == answer("data_csv_2h")
        # The first page needs no number.
        paged = by_name["timeseries"].target + "&page=1"
        assert await put(url, "timeseries", paged) == answer("timeseries")
        assert (await put(url, "timeseries", f"{paged}0"))[:3] == b"404"
