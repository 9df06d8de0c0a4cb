"""What clients send is stored like the meter's own readings, or refused."""

from datetime import UTC, datetime, timedelta

import pytest

from simulators.dsmr_reader import ClockError, crc16
from simulators.faults import Json

from .conftest import KEY, NOW, START, Api
from .helpers import query

PATH = "datalogger/dsmrreading"
LATER = NOW + timedelta(minutes=5)
ENDS = ("", "_returned", "_cost")
ROW: dict[str, Json] = {
    "timestamp": LATER.isoformat(),
    "electricity_delivered_1": 1,
    "electricity_returned_1": 0,
    "electricity_delivered_2": "2.5",
    "electricity_returned_2": 0,
    "electricity_currently_delivered": 0.25,
    "electricity_currently_returned": 0,
}


async def post_row(api: Api, **changes: Json) -> tuple[int, dict[str, Json]]:
    url = f"{api.url}/api/v2/{PATH}"
    headers = {"X-AUTHKEY": KEY}
    async with api.session.post(url, json={**ROW, **changes}, headers=headers) as got:
        return got.status, await got.json()


async def post_telegram(api: Api, text: str) -> tuple[int, str]:
    url = f"{api.url}/api/v1/{PATH}"
    headers = {"X-AUTHKEY": KEY}
    data = {"telegram": text}
    async with api.session.post(url, data=data, headers=headers) as got:
        return got.status, await got.text()


async def test_rows_are_listed_with_the_meters_own(api: Api) -> None:
    """In the order of time, and a second one of a moment beside the first."""
    for _ in range(2):
        status, row = await post_row(api)
        assert status == 201
    early = (NOW - timedelta(seconds=15)).isoformat()
    await post_row(api, timestamp=early, phase_voltage_l1="230.4")
    since = query(timestamp__gte=NOW - timedelta(seconds=20))
    rows = (await api.get(f"{PATH}?{since}")).rows
    times = [datetime.fromisoformat(str(row["timestamp"])) for row in rows]
    assert times == [
        *(NOW - timedelta(seconds=ago) for ago in (20, 15, 10, 0)),
        LATER,
        LATER,
    ]
    assert rows[4]["electricity_delivered_2"] == "2.500"
    assert rows[1]["phase_voltage_l1"] == "230.4"
    assert list(rows[4]) == list(rows[3]) == list(row)
    newest = (await api.get(f"{PATH}?ordering=-timestamp&limit=1")).rows
    assert newest == [row]
    until = query(timestamp__lte=START - timedelta(seconds=1))
    assert (await api.get(f"{PATH}?{until}")).json["count"] == 0


async def test_rows_beside_a_wrong_clock(api: Api) -> None:
    error = ClockError(NOW - timedelta(minutes=1), NOW, timedelta(days=1))
    api.simulator.clock_errors.append(error)
    await post_row(api)
    newest = (await api.get(f"{PATH}?ordering=-timestamp&limit=9")).rows
    assert str(newest[0]["timestamp"]).startswith("2026-11-22")
    assert datetime.fromisoformat(str(newest[6]["timestamp"])) == LATER


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"timestamp": None}, "This field may not be null."),
        ({"timestamp": 5}, "Datetime has wrong format."),
        ({"electricity_delivered_1": "NaN"}, "A valid number is required."),
        ({"electricity_delivered_1": "1e3"}, None),
        ({"electricity_delivered_1": "1e9"}, "more than 9 digits in total."),
        ({"electricity_delivered_1": 1234567}, "more than 6 digits before"),
        ({"electricity_delivered_1": 1.2345}, "more than 3 decimal places."),
        ({"phase_voltage_l1": "230.45"}, "more than 4 digits in total."),
        ({"phase_voltage_l1": "1.23"}, "more than 1 decimal places."),
        ({"phase_power_current_l1": "1.5"}, "A valid integer is required."),
        ({"phase_power_current_l1": 1000}, "less than or equal to 999."),
        ({"phase_power_current_l1": 3, "extra_device_delivered": None}, None),
    ],
)
async def test_numbers_are_checked(
    api: Api, changes: dict[str, Json], error: str | None
) -> None:
    status, body = await post_row(api, **changes)
    assert (status == 201) == (error is None)
    if error:
        assert list(body) == [next(iter(changes))]
        assert error in str(body)
        assert not api.simulator.inbox


async def test_a_local_time_is_the_servers(api: Api) -> None:
    _, row = await post_row(api, timestamp="2026-11-21T03:00:00")
    assert row["timestamp"] == "2026-11-21T03:00:00+01:00"


async def test_the_meters_own_telegram_can_be_posted(api: Api) -> None:
    """Its row is the one that the server has of it, and it is the latest telegram."""
    statistics = (await api.get("datalogger/meter-statistics")).json
    text = str(statistics["latest_telegram"])
    (own,) = (await api.get(f"{PATH}?ordering=-timestamp&limit=1")).rows
    assert await post_telegram(api, text) == (201, "")
    (row,) = api.simulator.inbox.rows
    known = {name: value for name, value in row.items() if value is not None}
    assert {**own, **known, "id": own["id"]} == own
    assert len(known) >= 15
    lines = text.rpartition("!")[0].replace("ISK5", "ISK6") + "!"
    other = f"{lines}{crc16(lines.encode()):04X}"
    assert await post_telegram(api, other) == (201, "")
    statistics = (await api.get("datalogger/meter-statistics")).json
    assert statistics["latest_telegram"] == other


async def test_telegrams_without_checksum_are_old_ones(api: Api) -> None:
    """DSMR 2 and 3 have neither a checksum nor a time."""
    text = str((await api.get("datalogger/meter-statistics")).json["latest_telegram"])
    lines = text.rpartition("!")[0]
    failed = (500, "Failed to parse telegram")
    assert await post_telegram(api, f"{lines}!") == failed
    assert await post_telegram(api, lines) == failed
    start, _, rest = lines.partition("0-0:1.0.0(")
    old = f"{start}{rest.partition('\r\n')[2]}!"
    assert await post_telegram(api, old) == (201, "")
    (row,) = api.simulator.inbox.rows
    assert datetime.fromisoformat(str(row["timestamp"])).astimezone(UTC) == NOW
    assert await post_telegram(api, "/ISK5 without a number!") == failed


async def send(api: Api, method: str, path: str, body: Json) -> tuple[int, Json]:
    url = f"{api.url}/api/v2/{path}"
    headers = {"X-AUTHKEY": KEY}
    async with api.session.request(method, url, json=body, headers=headers) as got:
        return got.status, await got.json()


async def test_a_row_is_an_object(api: Api) -> None:
    error = "Invalid data. Expected a dictionary, but got list."
    assert await send(api, "POST", PATH, [ROW]) == (400, {"non_field_errors": [error]})
    assert not api.simulator.inbox


async def test_days_are_checked(api: Api) -> None:
    """A new one is not stored, which the simulator admits."""
    fields = [f"electricity{number}{end}" for number in (1, 2) for end in ENDS]
    row: dict[str, Json] = {"day": "2026-11-22", **dict.fromkeys(fields, 1)}
    assert (await send(api, "POST", "statistics/day", row))[0] == 400
    row["total_cost"] = 2
    assert (await send(api, "POST", "statistics/day", row))[0] == 501
    row |= {"day": "22-11-2026", "total_cost": 2.345}
    status, errors = await send(api, "POST", "statistics/day", row)
    assert status == 400
    assert isinstance(errors, dict)
    assert [*errors] == ["day", "total_cost"]


async def test_the_meters_statistics_can_be_changed(api: Api) -> None:
    path = "datalogger/meter-statistics"
    before = (await api.get(path)).json
    change: Json = {"electricity_tariff": 2, "nonsense": 1}
    status, row = await send(api, "PATCH", path, change)
    assert (status, row) == (200, before | {"electricity_tariff": 2})
    assert (await api.get(path)).json == row
    assert (await send(api, "PATCH", path, {"electricity_tariff": "x"}))[0] == 400
