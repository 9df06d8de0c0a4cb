"""Points of the BEMServer simulator: plain, in buckets, statistics."""

from datetime import UTC, datetime, timedelta
import json
from math import inf

import pytest

from simulators.bemserver import RAW

from .conftest import NOW, Bem, query, window

DAY = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def aggregate(
    series: int | list[int],
    unit: str = "hour",
    start: datetime = DAY,
    end: datetime = DAY + 24 * HOUR,
    **more: datetime | int | str | list[int] | list[str],
) -> str:
    more = {"data_state": 2, "bucket_width_value": 1, **more}
    return "/timeseries_data/aggregate?" + query(
        timeseries=series,
        start_time=start,
        end_time=end,
        bucket_width_unit=unit,
        **more,
    )


async def test_start_is_in_and_end_is_out(bem: Bem) -> None:
    path = "/timeseries_data/?" + query(
        timeseries=1, start_time=DAY, end_time=DAY + HOUR, data_state=2
    )
    points = (await bem.get(path)).points["1"]
    assert list(points) == [
        f"2026-11-20T00:{minute:02}:00+00:00" for minute in (0, 15, 30, 45)
    ]
    assert sum(filter(None, points.values())) == pytest.approx(
        bem.simulator.amount(1, DAY, DAY + HOUR)
    )
    late = path.replace("T00%3A00%3A00%2B", "T00%3A00%3A00.5%2B")
    assert len((await bem.get(late)).points["1"]) == 3
    zoned = (await bem.get(f"{path}&timezone=America/Toronto")).points["1"]
    assert next(iter(zoned)) == "2026-11-19T19:00:00-05:00"
    assert list(zoned.values()) == list(points.values())


async def test_when_points_are_there(bem: Bem) -> None:
    """Intervals arrive at their end, measurements at once, forecasts before."""
    path = "/timeseries_data/?" + window([1, 13, 17, 46], 1, NOW + 72 * HOUR)
    path = path.replace("start_time=2026-11-24", "start_time=2026-11-21")
    points = (await bem.get(path)).points
    last = {label: list(values)[-1][:16] for label, values in points.items()}
    assert last == {
        "1": "2026-11-21T02:00",
        "13": "2026-11-21T02:15",
        "17": "2026-11-21T02:15",
        "46": "2026-11-23T02:15",
    }
    bem.clock.forward(minutes=2)
    assert list((await bem.get(path)).points["1"])[-1][:16] == "2026-11-21T02:15"


async def test_states(bem: Bem) -> None:
    raw = (await bem.get("/timeseries_data/?" + window([1, 48], state=1))).points
    assert set(raw) == {"1", "48"}
    assert set((await bem.get("/timeseries_data/?" + window([1, 48]))).points) == {"1"}
    bem.simulator.store.clean_delay = timedelta(hours=1)
    clean = (await bem.get("/timeseries_data/?" + window(1))).points
    assert len(raw["1"]) - len(clean["1"]) == 4
    bem.simulator.without_clean()
    assert (await bem.get("/timeseries_data/?" + window(1))).points == {}


async def test_series_that_are_unknown_or_forbidden(bem: Bem) -> None:
    path = "/timeseries_data/?" + window([1, 888888, 50, 777777])
    got = await bem.get(path)
    message = "Unknown timeseries: [888888, 777777]"
    assert (got.status, got.json["message"]) == (422, message)
    assert (await bem.get("/timeseries_data/?" + window([1, 50]))).status == 403
    assert (await bem.get(aggregate([1, 50]))).status == 403
    stats = "/timeseries_data/stats?" + query(timeseries=[52], data_state=2)
    assert (await bem.get(stats)).status == 403
    bem.simulator.world.delete_series(1)
    got = await bem.get("/timeseries_data/?" + window([1, 2]))
    assert got.json["message"] == "Unknown timeseries: [1]"


async def test_by_name(bem: Bem) -> None:
    base = "/timeseries_data/campaign/1"
    names = query(timeseries=["A power", "Boiler on"], data_state=2)
    times = query(start_time=DAY, end_time=DAY + HOUR)
    got = await bem.get(f"{base}/?{names}&{times}")
    assert list(got.points) == ["A power", "Boiler on"]
    width = "bucket_width_value=1&bucket_width_unit=day"
    got = await bem.get(f"{base}/aggregate?{names}&{times}&{width}")
    assert len(got.points["A power"]) == 1
    stats = (await bem.get(f"{base}/stats?{names}")).json["stats"]
    assert isinstance(stats, dict)
    assert list(stats) == ["A power", "Boiler on"]
    # A series of another campaign is unknown here.
    elsewhere = query(timeseries=["Office elec"], data_state=2)
    got = await bem.get(f"{base}/?{elsewhere}&{times}")
    assert got.json["message"] == "Unknown timeseries: ['Office elec']"
    assert (
        await bem.get(f"/timeseries_data/campaign/99/?{names}&{times}")
    ).status == 404


async def test_csv(bem: Bem) -> None:
    path = "/timeseries_data/?" + query(
        timeseries=[60, 1, 49],
        start_time=DAY,
        end_time=DAY + HOUR,
        data_state=2,
        timezone="Europe/Paris",
    )
    got = await bem.get(path, Accept="text/csv")
    assert got.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = got.body.decode().split("\n")
    points = (await bem.get(path)).points
    assert lines[0] == "Datetime,60,1,49"
    hourly = points["60"]["2026-11-20T01:00:00+01:00"]
    fine = list(points["1"].values())
    assert lines[1] == f"2026-11-20T01:00:00+0100,{hourly},{fine[0]},"
    assert lines[2] == f"2026-11-20T01:15:00+0100,,{fine[1]},"
    assert len(lines) == 6
    counts = await bem.get(
        aggregate([60, 49], "day", aggregation="count"), Accept="text/csv"
    )
    assert counts.body == b"Datetime,60,49\n2026-11-20T00:00:00+0000,24,0\n"
    means = await bem.get(aggregate([49], "day"), Accept="text/csv")
    assert means.body == b"Datetime,49\n2026-11-20T00:00:00+0000,\n"


async def test_accept_comes_back(bem: Bem) -> None:
    path = "/timeseries_data/?" + window(1)
    for accept in ("*/*", "application/json, text/csv"):
        got = await bem.get(path, Accept=accept)
        assert got.headers["Content-Type"] == accept
        assert got.points
    assert (await bem.get("/sites/", Accept="text/csv")).rows


async def test_conversions(bem: Bem) -> None:
    plain = (await bem.get("/timeseries_data/?" + window([1, 17, 13]))).points
    path = "/timeseries_data/?" + window([1, 17, 13], convert_to=["MJ", "K", ""])
    converted = (await bem.get(path)).points
    for label, change in (
        ("1", lambda value: value * 3.6),
        ("17", lambda value: value + 273.15),
        ("13", lambda value: value),
    ):
        expected = [change(value) for value in plain[label].values()]
        assert list(converted[label].values()) == pytest.approx(expected)
    # An empty window shows whether a unit can be converted.
    empty = query(timeseries=1, start_time=DAY, end_time=DAY, data_state=2)
    assert (await bem.get(f"/timeseries_data/?{empty}&convert_to=GJ")).points == {}
    got = await bem.get(f"/timeseries_data/?{empty}&convert_to=m**3")
    assert got.status == 422
    assert str(got.json["message"]).startswith("Cannot convert from 'kilowatt_hour' (")
    got = await bem.get(f"/timeseries_data/?{empty}&convert_to=m3")
    assert got.errors == {"convert_to": {"0": ["Undefined unit."]}}
    assert (await bem.get(aggregate(1, convert_to="W"))).status == 500
    (sums,) = (
        await bem.get(aggregate(1, "day", aggregation="sum", convert_to="Wh"))
    ).points.values()
    wanted = bem.simulator.amount(1, DAY, DAY + 24 * HOUR) * 1000
    assert list(sums.values()) == [pytest.approx(wanted)]


async def test_buckets_are_whole_and_all_there(bem: Bem) -> None:
    start = NOW - timedelta(hours=2)
    end = NOW + timedelta(hours=1)
    got = await bem.get(aggregate([1, 49], start=start, end=end, aggregation="sum"))
    hours = [f"2026-11-21T0{hour}:00:00+00:00" for hour in range(4)]
    assert list(got.points["1"]) == list(got.points["49"]) == hours
    assert list(got.points["49"].values()) == [None] * 4
    # The first bucket is whole, the current one is incomplete.
    first = datetime(2026, 11, 21, tzinfo=UTC)
    sums = [
        bem.simulator.amount(1, first + n * HOUR, first + (n + 1) * HOUR)
        for n in (0, 1, 2)
    ]
    assert list(got.points["1"].values()) == [*sums, None]
    counts = await bem.get(
        aggregate([1, 49], start=start, end=end, aggregation="count")
    )
    assert list(counts.points["1"].values()) == [4, 4, 1, 0]
    assert list(counts.points["49"].values()) == [0, 0, 0, 0]
    empty = await bem.get(aggregate(1, start=end, end=start))
    assert empty.points == {}


@pytest.mark.parametrize("function", ["avg", "sum", "min", "max", "count"])
async def test_functions(bem: Bem, function: str) -> None:
    plain = await bem.get(
        "/timeseries_data/?"
        + query(timeseries=[13, 17], start_time=DAY, end_time=DAY + HOUR, data_state=2)
    )
    got = await bem.get(aggregate([13, 17], end=DAY + HOUR, aggregation=function))
    for label, points in plain.points.items():
        values = [value for value in points.values() if value is not None]
        expected = {
            "avg": sum(values) / len(values),
            "sum": sum(values),
            "min": min(values),
            "max": max(values),
            "count": len(values),
        }[function]
        assert list(got.points[label].values()) == [pytest.approx(expected)]


async def test_sums_agree_whatever_the_buckets(bem: Bem) -> None:
    start = datetime(2026, 10, 1, tzinfo=UTC)
    end = datetime(2026, 11, 1, tzinfo=UTC)
    true = bem.simulator.amount(1, start, end)
    for unit, count in (("month", 1), ("day", 31), ("hour", 31 * 24)):
        got = await bem.get(aggregate(1, unit, start, end, aggregation="sum"))
        values = [value or 0 for value in got.points["1"].values()]
        assert len(values) == count
        assert sum(round(value * 1000) for value in values) == round(true * 1000)
    assert bem.simulator.amount(1, start, end) == pytest.approx(
        sum(
            bem.simulator.amount(1, start + n * HOUR, start + (n + 1) * HOUR)
            for n in range(31 * 24)
        )
    )


async def test_spring_night(bem: Bem) -> None:
    """Hour buckets in a DST zone fail at the hour that is skipped."""
    end = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    times = {"start": end - 3 * HOUR, "end": end}
    paris = "Europe/Paris"
    got = await bem.get(aggregate(1, timezone=paris, **times))
    assert (got.status, got.json) == (
        500,
        {"code": 500, "status": "Internal Server Error"},
    )
    assert (await bem.get(aggregate(1, **times))).status == 200
    assert (await bem.get(aggregate(1, "day", timezone=paris, **times))).status == 200


async def test_bad_parameters(bem: Bem) -> None:
    got = await bem.get(aggregate(1, bucket_width_value=0, aggregation="last"))
    assert got.errors == {
        "bucket_width_value": ["Must be greater than or equal to 1."],
        "aggregation": ["Must be one of: avg, sum, min, max, count."],
    }
    path = aggregate(1, start=DAY).replace("timezone", "zone")
    assert (await bem.get(path + "&timezone=Paris")).status == 422
    got = await bem.get("/timeseries_data/?" + window(1, state=3))
    assert got.errors == {"data_state": "Unknown data state ID"}
    got = await bem.get("/timeseries_data/?" + window(1).replace("timeseries=1", "x=1"))
    assert got.errors == {"timeseries": ["Missing data for required field."]}


async def test_stats(bem: Bem) -> None:
    path = "/timeseries_data/stats?" + query(timeseries=[1, 49, 61], data_state=2)
    stats = (await bem.get(path)).json["stats"]
    assert isinstance(stats, dict)
    site = stats["1"]
    assert isinstance(site, dict)
    start = bem.simulator.store.start
    assert site["first_timestamp"] == start.isoformat()
    assert site["last_timestamp"] == "2026-11-21T02:00:00+00:00"
    count = site["count"]
    assert count == (NOW - start) // timedelta(minutes=15)
    total = bem.simulator.amount(1, start, NOW)
    assert site["avg"] == pytest.approx(total / count)
    assert stats["49"] == {
        **dict.fromkeys(("first_timestamp", "last_timestamp")),
        "count": 0,
        **dict.fromkeys(("min", "max", "avg", "stddev")),
    }
    bem.simulator.world.series[61].since = DAY - 3 * 24 * HOUR
    stats = (await bem.get(path)).json["stats"]
    assert isinstance(stats, dict)
    assert isinstance(stats["61"], dict)
    assert stats["61"]["first_timestamp"] == "2026-11-17T00:00:00+00:00"
    assert stats["61"]["count"] == 4


async def test_bare_infinity(bem: Bem) -> None:
    when = DAY + HOUR
    series = bem.simulator.world.series[16]
    bem.simulator.store.correct(series, RAW, {when: inf})
    got = await bem.get("/timeseries_data/?" + window(16, 4, DAY + 3 * HOUR, 1))
    assert b": Infinity," in got.body
    assert json.loads(got.body)["16"]["2026-11-20T01:00:00+00:00"] == inf


async def test_long_urls(bem: Bem) -> None:
    """Gunicorn answers 414 above 4094 bytes, nginx 502 well before that."""
    path = "/timeseries_data/?" + window([*range(1, 150)])
    assert 1800 < len(path) < 4000
    assert (await bem.get(path)).status == 422
    bem.simulator.url_limit = 1800
    got = await bem.get(path)
    assert got.status == 502
    assert got.headers["Content-Type"] == "text/html"
    bem.simulator.url_limit = None
    room = 4094 - len("GET  HTTP/1.1")
    for spare, status in ((0, 200), (1, 414)):
        padded = "/sites/?x=".ljust(room + spare, "x")
        got = await bem.get(padded)
        assert got.status == status
    assert got.body.startswith(b"<html>")
