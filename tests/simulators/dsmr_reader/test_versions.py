"""Endpoints and fields that older versions of DSMR-reader do not have."""

import pytest

from .conftest import Api

LATEST = "datalogger/dsmrreading?ordering=-timestamp&limit=1"
METER = "datalogger/meter-statistics"
LIVE = "consumption/electricity-live"


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
