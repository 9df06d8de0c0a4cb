"""Endpoints: keys, filters, order, pages, languages, and what each version has."""

from datetime import UTC, datetime, timedelta

import pytest

from simulators.house import House

from .conftest import KEY, NOW, Api

LATEST = "datalogger/dsmrreading?ordering=-timestamp&limit=1"
READINGS = "datalogger/dsmrreading?limit=1"
METER = "datalogger/meter-statistics"
LIVE = "consumption/electricity-live"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-AUTHKEY": KEY}, 200),
        ({"Authorization": f"Token {KEY}"}, 200),
        ({"X-AUTHKEY": "no", "Authorization": f"Token {KEY}"}, 200),
        ({"X-AUTHKEY": KEY, "Authorization": "Token no"}, 200),
        ({"Authorization": f"Bearer {KEY}"}, 403),
        ({}, 403),
        ({"X-AUTHKEY": KEY, "Accept": "application/json"}, 200),
        ({"X-AUTHKEY": KEY, "Accept": "text/html, application/xml"}, 406),
        ({"X-AUTHKEY": KEY, "Accept": "text/html, */*;q=0.1"}, 200),
    ],
)
async def test_credentials(api: Api, headers: dict[str, str], status: int) -> None:
    assert (await api.get(READINGS, headers=headers)).status == status


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("2026-11-20T12:00:00%2B01:00", 31),
        ("2026-11-20T11:00:00Z", 31),
        ("2026-11-20 12:00:00", 31),
        ("2026-11-20T11:59:59.5Z", None),
        ("2026-11-20T11:00:00.5Z", 30),
    ],
)
async def test_datetime_filters(api: Api, value: str, count: int | None) -> None:
    end = "timestamp__lte=2026-11-20T11:05:00Z"
    got = await api.get(f"datalogger/dsmrreading?timestamp__gte={value}&{end}")
    assert got.json["count"] == (0 if count is None else count)


async def test_date_only_is_local_midnight(api: Api) -> None:
    got = await api.get(f"{READINGS}&timestamp__gte=2026-11-20")
    assert got.rows[0]["timestamp"] == "2026-11-20T00:00:00+01:00"


@pytest.mark.parametrize(
    "value",
    ["1763692390", "1711122300", "2026-11-20T12:00:00+01:00", "soon", "2026-13-01"],
)
async def test_bad_datetimes(api: Api, value: str) -> None:
    path = f"{READINGS}&timestamp__gte={value}"
    got = await api.get(path)
    assert got.status == 400
    assert got.body == b'{"timestamp__gte":["Enter a valid date/time."]}'
    got = await api.get(path, headers={"X-AUTHKEY": KEY, "Accept-Language": "nl-NL,nl"})
    assert got.body.decode() == '{"timestamp__gte":["Voer een geldige datum/tijd in."]}'
    assert got.headers["Content-Language"] == "nl"


@pytest.mark.parametrize("value", ["2026-03-29 02:30:00", "2026-10-25T02:30:00"])
async def test_naive_times_around_a_clock_change(api: Api, value: str) -> None:
    got = await api.get(f"statistics/hour?hour_start__lte={value}")
    assert got.status == 400
    messages = got.json["hour_start__lte"]
    assert isinstance(messages, list)
    message = str(messages[0])
    assert message.startswith(value.replace("T", " "))
    assert message.endswith(
        "in time zone Europe/Amsterdam; it may be ambiguous or it may not exist."
    )
    got = await api.get(f"statistics/hour?hour_start__lte={value}Z")
    assert got.status == 200


@pytest.mark.parametrize(
    "query",
    [
        "foo=bar",
        "timestamp__gt=2099-01-01",
        "timestamp__lt=x",
        "timestamp__gte=",
        "ordering=bogus",
    ],
)
async def test_what_is_unknown_is_ignored(api: Api, query: str) -> None:
    plain = (await api.get(READINGS)).json
    got = (await api.get(f"{READINGS}&{query}")).json
    assert got["count"] == plain["count"]
    assert got["results"] == plain["results"]


async def test_exact_filter_and_empty_range(api: Api) -> None:
    got = await api.get("datalogger/dsmrreading?timestamp=2026-11-20T11:00:00Z")
    assert got.json["count"] == 1
    got = await api.get("datalogger/dsmrreading?timestamp__gte=2030-01-01")
    assert got.json == {"count": 0, "next": None, "previous": None, "results": []}


async def test_pages_join_up(api: Api) -> None:
    whole = (await api.get("statistics/day?limit=300")).rows
    pages = [
        await api.get(f"statistics/day?limit=50&offset={n}") for n in range(0, 300, 50)
    ]
    assert [row for page in pages for row in page.rows] == whole
    newest = (await api.get("statistics/day?limit=300&ordering=-day")).rows
    assert newest == whole[::-1]


async def test_links(api: Api) -> None:
    got = await api.get(
        "consumption/gas?ordering=-read_at&offset=5&limit=5&read_at__gte=2026-11-20%2000:00:00"
    )
    base = f"{api.url}/api/v2/consumption/gas?limit=5"
    rest = "ordering=-read_at&read_at__gte=2026-11-20+00%3A00%3A00"
    assert got.json["next"] == f"{base}&offset=10&{rest}"
    assert got.json["previous"] == f"{base}&{rest}"


async def test_number_too_large(api: Api) -> None:
    got = await api.get(f"datalogger/dsmrreading?limit={10**23}")
    assert got.status == 500
    assert got.headers["Content-Type"] == "text/html"


async def test_no_cap_on_the_limit(api: Api) -> None:
    got = await api.get("datalogger/dsmrreading?limit=3000&ordering=-timestamp")
    assert len(got.rows) == 3000


@pytest.mark.parametrize("path", ["", "datalogger/dsmrreading/", "nope", "../v3/x"])
async def test_not_found(api: Api, path: str) -> None:
    got = await api.get(path)
    assert got.status == 404
    assert got.headers["Content-Type"] == "text/html"
    assert "Allow" not in got.headers


async def test_methods(api: Api) -> None:
    got = await api.get("statistics/hour", method="POST")
    assert (got.status, got.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    got = await api.get("statistics/hour", method="DELETE", headers={})
    assert got.status == 403
    got = await api.get("datalogger/dsmrreading", method="OPTIONS")
    assert got.status == 501
    headers = {"X-AUTHKEY": KEY, "Accept-Language": "nl"}
    got = await api.get("statistics/hour", method="PUT", headers=headers)
    assert got.json == {"detail": 'Methode "PUT" niet toegestaan.'}
    got = await api.get("statistics/hour", method="HEAD")
    assert (got.status, got.body) == (200, b"")


async def test_live_costs_follow_the_language(api: Api) -> None:
    path = "consumption/electricity-live"
    english = (await api.get(path)).json["cost_per_hour"]
    assert isinstance(english, str)
    dutch = await api.get(path, headers={"X-AUTHKEY": KEY, "Accept-Language": "nl"})
    assert dutch.json["cost_per_hour"] == english.replace(".", ",")
    api.simulator.language = "nl"
    assert (await api.get(path)).json == dutch.json
    weighted = {"X-AUTHKEY": KEY, "Accept-Language": "fr, nl;q=0.3, en-GB;q=0.8"}
    assert (await api.get(path, headers=weighted)).json["cost_per_hour"] == english


async def test_schema_needs_no_key(api: Api) -> None:
    api.simulator.api_enabled = False
    got = await api.get("schema", headers={})
    assert got.status == 200
    assert b"version: v5.11" in got.body
    api.simulator.version = "4.20.0"
    assert (await api.get("schema", headers={})).status == 404


async def test_two_applications_share_the_state(api: Api) -> None:
    assert api.simulator.app is not api.simulator.app


async def test_newest_reading(api: Api, house: House) -> None:
    (row,) = (await api.get(f"{LATEST}&timestamp__gte=2026-11-21T02:30:00Z")).rows
    assert row["timestamp"] == "2026-11-21T03:33:20+01:00"
    assert row["electricity_delivered_1"] == f"{house.registers(NOW)[0] / 1000:.3f}"
    stamp = NOW.replace(minute=30, second=0)
    assert row["extra_device_timestamp"] == "2026-11-21T03:30:00+01:00"
    assert row["extra_device_delivered"] == f"{house.registers(stamp)[4] / 1000:.3f}"


async def test_peaks_by_average(api: Api) -> None:
    api.simulator.peaks_since = datetime(2026, 11, 1, tzinfo=UTC)
    path = "consumption/quarter-hour-peak-electricity"
    rows = (await api.get(f"{path}?limit=5000")).rows
    assert len(rows) == (NOW - datetime(2026, 11, 1, tzinfo=UTC)) // timedelta(
        minutes=15
    )
    best = (await api.get(f"{path}?ordering=-average_delivered&limit=3")).rows
    highest = sorted(
        (float(str(row["average_delivered"])) for row in rows), reverse=True
    )
    assert [float(str(row["average_delivered"])) for row in best] == highest[:3]


async def test_prices(api: Api) -> None:
    path = "consumption/energy-supplier-prices"
    rows = (await api.get(f"{path}?ordering=-start")).rows
    assert [row["start"] for row in rows] == ["2026-01-01", "2025-01-01"]
    got = await api.get(f"{path}?start__lte=2025-06-01&end__gte=2025-06-01")
    assert [row["id"] for row in got.rows] == [1]
    got = await api.get(f"{path}?start__lte=x&end__gte=y")
    assert got.body == (
        b'{"start__lte":["Enter a valid date."],"end__gte":["Enter a valid date."]}'
    )


@pytest.mark.parametrize(
    ("path", "since", "before"),
    [
        ("application/monitoring", "4.4.0", "4.3.0"),
        ("consumption/energy-supplier-prices", "5.3.0", "5.2.0"),
        ("consumption/quarter-hour-peak-electricity", "5.9.0", "5.8.0"),
        (METER, "3.1.0", "3.0.0"),
        ("consumption/gas-live", "2.1.0", "2.0.0"),
        ("application/version", "1.20.0", "1.19.0"),
    ],
)
async def test_endpoints_by_version(
    api: Api, path: str, since: str, before: str
) -> None:
    api.simulator.version = since
    assert (await api.get(path)).status == 200
    api.simulator.version = before
    assert (await api.get(path)).status == 404


@pytest.mark.parametrize(
    ("path", "field", "since", "before"),
    [
        ("statistics/day?limit=1", "fixed_cost", "4.3.0", "4.2.0"),
        ("statistics/day?limit=1", "electricity1_reading", "4.13.0", "4.12.0"),
        ("statistics/day?limit=1", "electricity_reading_timestamp", "5.10.0", "5.9.0"),
        (LATEST, "phase_voltage_l1", "2.5.0", "2.4.0"),
        (LATEST, "phase_power_current_l3", "3.5.0", "3.4.0"),
        (LATEST, "phase_currently_returned_l1", "1.22.0", "1.21.0"),
    ],
)
async def test_fields_by_version(
    api: Api, path: str, field: str, since: str, before: str
) -> None:
    api.simulator.version = since
    assert field in (await api.get(path)).rows[0]
    api.simulator.version = before
    assert field not in (await api.get(path)).rows[0]


async def test_fields_of_single_answers_by_version(api: Api) -> None:
    api.simulator.version = "3.3.0"
    assert "tariff_name" not in (await api.get(LIVE)).json
    today = (await api.get("consumption/today")).json
    assert not {"electricity_merged", "fixed_cost"} & set(today)
    assert (await api.get("application/version")).json == {"version": "3.3.0"}


async def test_health_check_is_newer(api: Api) -> None:
    for version, status in (("5.11.0", 404), ("6.0.0", 200)):
        api.simulator.version = version
        async with api.session.get(f"{api.url}/healthcheck") as response:
            assert response.status == status
