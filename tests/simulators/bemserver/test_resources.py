"""The resources of the BEMServer simulator: paths, pages, filters, ETags."""

from datetime import timedelta
import json

from aiohttp import ClientSession
import pytest

from simulators.bemserver import BemserverSimulator
from simulators.server import serve

from .conftest import ADMIN, NOW, Bem, query


async def test_paths_are_exact(bem: Bem) -> None:
    got = await bem.get("/timeseries?page=2&sort=name")
    assert got.status == 308
    # The proxy drops the port.
    assert got.headers["Location"] == "http://127.0.0.1/timeseries/?page=2&sort=name"
    bem.simulator.loses_port = False
    got = await bem.get("/sites")
    assert got.headers["Location"] == f"{bem.url}/sites/"
    assert (await bem.get("/sites/1/")).status == 404
    assert (await bem.get("/sites/one")).status == 404
    assert (await bem.get("/")).status == 404
    assert (await bem.send("DELETE", "/energies/1")).status == 405


async def test_prefix(socket_enabled: None) -> None:
    simulator = BemserverSimulator(years=0.1, clock=lambda: NOW, prefix="/api/v0")
    async with serve(simulator.app) as url, ClientSession() as session:
        async with session.get(f"{url}/api/v0/about/") as response:
            assert response.status == 200
            versions = {"bemserver_core": "0.22.0", "bemserver_api": "0.27.0"}
            assert await response.json() == {"versions": versions}
        async with session.get(f"{url}/about/") as response:
            assert response.status == 404
            assert await response.json() == {"code": 404, "status": "Not Found"}
        path = f"{url}/api/v0/about"
        async with session.get(path, allow_redirects=False) as response:
            assert response.headers["Location"] == "http://127.0.0.1/api/v0/about/"


async def test_pages(bem: Bem) -> None:
    found: list[int] = []
    page, last = 0, 1
    while page < last:
        page += 1
        got = await bem.get(f"/timeseries/?sort=name&page_size=15&page={page}")
        said = json.loads(got.headers["X-Pagination"])
        last = said["total_pages"]
        assert said["page"] == page
        assert said.get("previous_page") == (page - 1 or None)
        assert said.get("next_page") == (page + 1 if page < last else None)
        found += got.ids
    assert len(found) == len(set(found)) == said["total"]
    names = [bem.simulator.world.series[number].name for number in found]
    assert names == sorted(names)
    assert len((await bem.get("/timeseries/")).rows) == 10
    got = await bem.get("/timeseries/?page=0&page_size=x")
    assert got.errors == {
        "page": ["Must be greater than or equal to 1."],
        "page_size": ["Not a valid integer."],
    }
    assert "X-Pagination" not in (await bem.get("/sites/?page=1")).headers


async def test_etags(bem: Bem) -> None:
    for path in ("/sites/", "/sites/1", "/timeseries/?page_size=100", "/about/"):
        tag = (await bem.get(path)).headers["ETag"]
        for given in (tag, tag.strip('"'), f'"x", {tag}'):
            got = await bem.get(path, If_None_Match=given)
            assert (got.status, got.body) == (304, b"")
        assert (await bem.get(path, If_None_Match='"x"')).status == 200
    tag = (await bem.get("/timeseries/?page_size=100")).headers["ETag"]
    bem.simulator.world.series[13].name = "A elec index (old)"
    got = await bem.get("/timeseries/?page_size=100", If_None_Match=tag)
    assert got.status == 200
    assert "ETag" not in (await bem.get("/timeseries_by_sites/")).headers


def named(bem: Bem, *names: str) -> list[int]:
    return sorted(bem.simulator.world.named(name).id for name in names)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ("name=A%20power", ["A power"]),
        ("in_name=water%20INDEX&campaign_scope_id=2&building_id=2", ["B water index"]),
        ("unit_symbol=BTU", ["Steam heat"]),
        ("space_id=1", ["A indoor temperature"]),
        ("space_id=2", ["Server room elec"]),
        ("storey_id=1", ["Ground floor temperature"]),
        (
            "recurse_storey_id=1",
            ["Ground floor temperature", "A indoor temperature"],
        ),
        ("zone_id=1", ["North zone temperature"]),
        ("site_id=2", ["Annex site elec"]),
        ("recurse_site_id=2", ["Annex site elec", "Annex elec all", "Annex heat"]),
        ("event_id=2", ["A elec index"]),
        ("properties=%7B%22Interval%22:%2286400%22%7D", ["Annex heat"]),
        ("properties=%7B%22Interval%22:60%7D", ["Minute power 1 year"]),
        ("campaign_id=2", ["Office elec"]),
    ],
)
async def test_filters_of_series(bem: Bem, filters: str, names: list[str]) -> None:
    got = await bem.get(f"/timeseries/?page_size=100&{filters}")
    assert sorted(got.ids) == named(bem, *names)


async def test_recursion_is_wider(bem: Bem) -> None:
    flat = (await bem.get("/timeseries/?building_id=2&page_size=100")).ids
    deep = (await bem.get("/timeseries/?recurse_building_id=2&page_size=100")).ids
    assert set(deep) - set(flat) == {bem.simulator.world.named("Server room elec").id}
    everything = (await bem.get("/timeseries/?user_id=2&page_size=100")).ids
    assert set(everything) == set((await bem.get("/timeseries/?page_size=100")).ids)
    assert (await bem.get("/timeseries/?user_id=1")).status == 403


async def test_bad_filters(bem: Bem) -> None:
    got = await bem.get("/timeseries/?campaign_id=x&unit_symbol=m3&properties=1")
    assert got.errors == {
        "campaign_id": ["Not a valid integer."],
        "unit_symbol": ["Undefined unit."],
        "properties": ["Not a valid mapping type."],
    }
    assert (await bem.get("/timeseries/?campaign_id=99")).rows == []
    assert (await bem.get("/timeseries/?campaign_id=3")).status == 403
    assert (await bem.get("/sites/?campaign_id=3")).status == 403
    got = await bem.get("/weather_timeseries_by_sites/?parameter=temperature")
    assert got.status == 500


async def test_places(bem: Bem) -> None:
    assert (await bem.get("/buildings/?site_id=1")).ids == [1, 2, 3]
    assert (await bem.get("/buildings/?campaign_id=1")).ids == [1, 2, 3, 4]
    assert (await bem.get("/storeys/?building_id=1")).ids == [1, 2]
    assert (await bem.get("/spaces/?storey_id=3")).ids == [2]
    assert (await bem.get("/zones/?campaign_id=2")).ids == []
    annex = (await bem.get("/sites/2")).json
    assert annex == {"id": 2, "name": "Annex", "campaign_id": 1}
    (link,) = (await bem.get("/timeseries_by_zones/")).rows
    assert link["zone"] == {"name": "North zone", "campaign_id": 1}
    (link,) = (await bem.get("/timeseries_by_storeys/")).rows
    assert list(link) == [
        *("id", "site", "building", "storey", "timeseries_id", "storey_id")
    ]


async def test_links(bem: Bem) -> None:
    path = "/energy_consumption_timeseries_by_buildings/?building_id=3&energy_id=2"
    uses = {row["end_use_id"] for row in (await bem.get(path)).rows}
    assert uses == {1, 2, 3, 4, 5, 6}
    (row,) = (await bem.get(f"{path}&end_use_id=5")).rows
    number = row["timeseries_id"]
    again = await bem.get(
        f"/energy_consumption_timeseries_by_buildings/?timeseries_id={number}"
    )
    assert again.rows == [row]
    path = "/energy_production_timeseries_by_sites/?prod_tech_id="
    assert [len((await bem.get(f"{path}{tech}")).rows) for tech in (2, 3)] == [1, 0]
    (forecast,) = (await bem.get("/weather_timeseries_by_sites/?forecast=true")).rows
    assert forecast["timeseries_id"] == 46
    path = "/timeseries_property_data/?timeseries_id=61"
    (row,) = (await bem.get(path)).rows
    assert row["value"] == "86400"
    assert (await bem.get("/timeseries_data_states/2")).json["name"] == "Clean"


async def test_events_and_notifications(bem: Bem) -> None:
    assert (await bem.get("/events/?sort=-timestamp")).ids == [4, 3, 2]
    assert (await bem.get("/events/?level=INFO")).ids == [3]
    assert (await bem.get("/events/?level_min=WARNING")).ids == [2, 4]
    middle = NOW - timedelta(hours=2)
    assert (await bem.get("/events/?" + query(timestamp_min=middle))).ids == [3, 4]
    assert (await bem.get("/events/?" + query(timestamp_max=middle))).ids == [2]
    for filters in ("timeseries_id=13", "site_id=1", "building_id=1", "category_id=1"):
        assert (await bem.get(f"/events/?{filters}")).ids == [2]
    assert (await bem.get("/events/?campaign_id=2")).ids == []
    assert (await bem.get("/events/?campaign_id=3")).status == 403
    bem.simulator.world.notifications[1].read = True
    assert (await bem.get("/notifications/?read=false")).ids == [2]
    assert (await bem.get("/notifications/?campaign_id=1")).ids == [1, 2]
    count = "/notifications/count_by_campaign"
    got = await bem.get(f"{count}?user_id=2&read=false")
    campaign = {"campaign_id": 1, "campaign_name": "Campus Paris", "count": 1}
    assert got.json == {"total": 1, "campaigns": [campaign]}
    assert (await bem.get(f"{count}?user_id=2")).json["total"] == 2
    assert (await bem.get(count)).errors == {
        "user_id": ["Missing data for required field."]
    }


async def test_writing_is_refused_like_the_server_does(bem: Bem) -> None:
    tag = (await bem.get("/sites/1")).headers["ETag"]
    for method in ("PUT", "DELETE"):
        assert (await bem.send(method, "/sites/1")).status == 428
        stale = {"If-Match": '"x"'}
        assert (await bem.send(method, "/sites/1", stale)).status == 412
        fresh = {"If-Match": tag}
        assert (await bem.send(method, "/sites/1", fresh)).status == 403
    assert (await bem.send("PUT", "/sites/99")).status == 404
    await bem.log_in(*ADMIN)
    site = {"name": "New", "campaign_id": 1}
    assert (await bem.send("POST", "/sites/", body={**site})).status == 501


async def test_series_that_change(bem: Bem) -> None:
    world = bem.simulator.world
    world.series[10].name = "Renamed"
    # The server refuses this unit, but older data may have it.
    world.series[15].unit = "m3"
    world.delete_series(1)
    assert (await bem.get("/timeseries/1")).status == 404
    assert (await bem.get("/timeseries/10")).json["name"] == "Renamed"
    assert (await bem.get("/timeseries/15")).json["unit_symbol"] == "m3"
    for path in (
        "energy_consumption_timeseries_by_sites",
        "timeseries_by_sites",
        "timeseries_property_data",
    ):
        rows = (await bem.get(f"/{path}/?page_size=100")).rows
        assert rows
        assert 1 not in {row["timeseries_id"] for row in rows}


async def test_thousands_of_series(socket_enabled: None) -> None:
    simulator = BemserverSimulator(years=3, series=2500, clock=lambda: NOW)
    async with serve(simulator.app) as url, ClientSession() as session:
        client = Bem(simulator, simulator.clock, session, url)  # type: ignore[arg-type]
        await client.log_in()
        got = await client.get("/timeseries/?page_size=100&sort=name&campaign_id=4")
        total = json.loads(got.headers["X-Pagination"])["total"]
        assert (
            (await client.get("/timeseries/"))
            .headers["X-Pagination"]
            .startswith('{"total": 2500, ')
        )
        links = await client.get("/timeseries_by_buildings/?page_size=100")
        linked = json.loads(links.headers["X-Pagination"])["total"]
        assert total * 0.7 < linked < total
        rows = (await client.get("/energy_consumption_timeseries_by_buildings/")).rows
        assert len([row for row in rows if int(str(row["timeseries_id"])) > 1000]) == 10
