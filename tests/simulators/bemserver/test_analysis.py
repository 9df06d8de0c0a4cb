"""Analyses of the BEMServer simulator: breakdown, completeness, degree days."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from simulators.bemserver import CLEAN, Gap
from simulators.faults import Json

from .conftest import NOW, Bem, query

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 11, 2, tzinfo=PARIS)
END = datetime(2026, 11, 5, tzinfo=PARIS)
DAY = timedelta(days=1)


def energy(place: str, **more: datetime | int | str | list[int]) -> str:
    more = {
        "start_time": START,
        "end_time": END,
        "bucket_width_value": 1,
        "bucket_width_unit": "day",
        "timezone": "Europe/Paris",
        "unit": "kWh",
        **more,
    }
    return f"/analysis/energy_consumption/{place}?{query(**more)}"


async def test_breakdown_is_the_sum_of_the_series(bem: Bem) -> None:
    found = (await bem.get(energy("site/1"))).json
    assert found["timestamps"] == [(START + n * DAY).isoformat() for n in range(3)]
    kinds = found["energy"]
    assert isinstance(kinds, dict)
    assert list(kinds) == ["electricity", "natural gas", "heating network"]
    uses = kinds["electricity"]
    assert isinstance(uses, dict)
    amounts = [
        bem.simulator.amount(1, START + n * DAY, START + (n + 1) * DAY)
        for n in range(3)
    ]
    assert uses["all"] == pytest.approx(amounts)
    parts = [value for use, value in uses.items() if use != "all"]
    for day in range(3):
        part = sum(
            float(str(values[day])) for values in parts if isinstance(values, list)
        )
        assert 0.6 * amounts[day] < part < amounts[day]
    (row,) = kinds["heating network"].items()  # type: ignore[union-attr]
    heat = [
        1000 * bem.simulator.amount(9, START + n * DAY, START + (n + 1) * DAY)
        for n in range(3)
    ]
    assert row == ("heating", pytest.approx(heat))


async def test_missing_data_are_zeros(bem: Bem) -> None:
    """Missing data look like real zeros, and only Clean data count."""
    bem.simulator.gaps.append(Gap(START, START + DAY, frozenset({60}), CLEAN))
    got = await bem.get(energy("building/4"))
    kinds = got.json["energy"]
    assert isinstance(kinds, dict)
    electricity = kinds["electricity"]
    assert isinstance(electricity, dict)
    values = electricity["all"]
    assert isinstance(values, list)
    assert values[0] == 0.0
    assert float(str(values[1])) > 0
    assert b'"all":[0.0,' in got.body
    future = await bem.get(
        energy("building/4", start_time=END + 30 * DAY, end_time=END + 31 * DAY)
    )
    assert future.json["energy"] == {
        "electricity": {"all": [0.0]},
        "heating network": {"heating": [0.0]},
    }


async def test_energy_parameters(bem: Bem) -> None:
    whole = (await bem.get(energy("site/1"))).json["energy"]
    part = (await bem.get(energy("site/1", ratio_property="Area"))).json["energy"]
    assert first(part) == pytest.approx(first(whole) / 12000)
    default = energy("site/1").replace("&unit=kWh", "")
    assert first((await bem.get(default)).json["energy"]) == pytest.approx(
        first(whole) * 1000
    )
    assert (await bem.get(energy("building/4", ratio_property="Area"))).json[
        "message"
    ] == ('Building has no "Area" property.')
    assert (await bem.get(energy("site/1", unit="m3"))).errors == {
        "unit": ["Undefined unit."]
    }
    assert (await bem.get(energy("site/99"))).status == 404
    assert (await bem.get(energy("zone/1"))).status == 404
    for link in [*bem.simulator.world.consumption["site"]]:
        del bem.simulator.world.consumption["site"][link]
    assert (await bem.get(energy("site/1"))).json["energy"] == {}
    tag = (await bem.get(energy("site/1"))).headers["ETag"]
    assert (await bem.get(energy("site/1"), If_None_Match=tag)).status == 304


def first(kinds: Json) -> float:
    """Return the first value of all electricity."""
    assert isinstance(kinds, dict)
    uses = kinds["electricity"]
    assert isinstance(uses, dict)
    values = uses["all"]
    assert isinstance(values, list)
    return float(str(values[0]))


async def test_completeness(bem: Bem) -> None:
    bem.simulator.gaps.append(Gap(START, START + DAY / 2, frozenset({1})))
    bem.simulator.world.series[60].interval = None
    path = "/analysis/completeness?" + query(
        timeseries=[1, 60, 49],
        data_state=2,
        start_time=START,
        end_time=START + 2 * DAY,
        bucket_width_value=1,
        bucket_width_unit="day",
        timezone="Europe/Paris",
    )
    got = await bem.get(path)
    assert "ETag" in got.headers
    assert got.json["timeseries"] == {
        "1": {
            "name": "Site elec all",
            "count": [48, 96],
            "ratio": [0.5, 1.0],
            "total_count": 144,
            "avg_count": 72.0,
            "avg_ratio": 0.75,
            "interval": 900.0,
            "undefined_interval": False,
            "expected_count": [96.0, 96.0],
        },
        "60": {
            "name": "Annex elec all",
            "count": [24, 24],
            "ratio": [1.0, 1.0],
            "total_count": 48,
            "avg_count": 24.0,
            "avg_ratio": 1.0,
            "interval": 3600.0,
            "undefined_interval": True,
            "expected_count": [24.0, 24.0],
        },
        "49": {
            "name": "Never any data",
            "count": [0, 0],
            "ratio": [None, None],
            "total_count": 0,
            "avg_count": 0.0,
            "avg_ratio": None,
            "interval": None,
            "undefined_interval": True,
            "expected_count": [None, None],
        },
    }
    assert (await bem.get(path.replace("timeseries=49", "timeseries=50"))).status == 403


async def degree_days(bem: Bem, dates: str, **more: str) -> dict[str, float | None]:
    path = f"/sites/1/degree_days?{dates}"
    got = await bem.get("&".join([path, *(f"{key}={more[key]}" for key in more)]))
    assert "ETag" not in got.headers
    found = got.json["degree_days"]
    assert isinstance(found, dict)
    return {
        key: None if value is None else float(str(value))
        for key, value in found.items()
    }


async def test_degree_days(bem: Bem) -> None:
    dates = "start_date=2026-10-24&end_date=2026-10-27"
    days = await degree_days(bem, dates, period="day")
    # The day of the autumn night has 25 hours; all start at local midnight.
    assert list(days) == [
        "2026-10-24T00:00:00+02:00",
        "2026-10-25T00:00:00+02:00",
        "2026-10-26T00:00:00+01:00",
    ]
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    hour = timedelta(hours=1)
    means = [
        bem.simulator.amount(42, start + n * hour, start + (n + 1) * hour) / 4
        for n in range(25)
    ]
    expected = 18 - (min(means) + max(means)) / 2
    assert days["2026-10-25T00:00:00+02:00"] == pytest.approx(expected)
    month = await degree_days(bem, dates, period="month")
    assert month == {
        "2026-10-01T00:00:00+02:00": pytest.approx(sum(filter(None, days.values())))
    }
    warmer = await degree_days(bem, dates, period="day", base="20")
    assert [*warmer.values()] == pytest.approx(
        [value + 2 for value in days.values() if value]
    )
    cold = await degree_days(bem, dates, period="day", type="cooling")
    assert [*cold.values()] == [0, 0, 0]
    kelvin = await degree_days(bem, dates, period="day", base="291.15", unit="K")
    assert [*kelvin.values()] == pytest.approx([*days.values()])
    future = await degree_days(
        bem, "start_date=2027-01-01&end_date=2027-01-02", period="day"
    )
    assert future == {"2027-01-01T00:00:00+01:00": None}
    assert (
        await degree_days(
            bem, "start_date=2027-01-01&end_date=2027-01-01", period="day"
        )
        == {}
    )


async def test_degree_days_refused(bem: Bem) -> None:
    dates = "start_date=2026-10-24&end_date=2026-10-27&period=day"
    assert (await bem.get(f"/sites/2/degree_days?{dates}")).status == 409
    assert (await bem.get(f"/sites/99/degree_days?{dates}")).status == 404
    got = await bem.get("/sites/1/degree_days?start_date=today&type=warm&base=x")
    assert got.errors == {
        "start_date": ["Not a valid date."],
        "end_date": ["Missing data for required field."],
        "period": ["Missing data for required field."],
        "type": ["Must be one of: heating, cooling."],
        "base": ["Not a valid number."],
    }
    assert (await bem.get(f"/sites/1/degree_days?{dates}&unit=kWh")).status == 409
    (group,) = bem.simulator.groups
    group.scopes.remove(3)
    assert (await bem.get(f"/sites/1/degree_days?{dates}")).status == 409
    group.campaigns.remove(1)
    assert (await bem.get(f"/sites/1/degree_days?{dates}")).status == 403
    assert NOW > START
