"""Real input: what a real DSMR-reader answered, byte for byte."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
import json
import re

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from tests.captures import (
    FIXTURES,
    Capture,
    ReplayRequest,
    ReplayServer,
    load,
    replay_app,
)

NOW = datetime(2026, 11, 21, 2, 47, tzinfo=UTC)
KEY = "test-key"

# Of several captures of an endpoint, the one that the integration's question means.
ANSWERS = {
    "/api/v2/datalogger/dsmrreading": "datalogger_dsmrreading_latest",
    "/api/v2/datalogger/meter-statistics": "datalogger_meter_statistics",
    "/api/v2/consumption/today": "consumption_today",
    "/api/v2/consumption/electricity-live": "consumption_electricity_live",
    "/api/v2/consumption/gas-live": "consumption_gas_live",
    "/api/v2/consumption/energy-supplier-prices": (
        "consumption_energy_supplier_prices_today"
    ),
    "/api/v2/consumption/quarter-hour-peak-electricity": (
        "consumption_quarter_hour_peak"
    ),
    "/api/v2/statistics/day": "statistics_day_all",
    "/api/v2/application/version": "application_version",
    "/api/v2/application/monitoring": "application_monitoring",
}


@pytest.fixture
def captures() -> dict[str, Capture]:
    """Return the recorded answers by name."""
    return {capture.name: capture for capture in load(FIXTURES / "dsmr_reader")}


@pytest.fixture
async def server(
    captures: dict[str, Capture], freezer: FrozenDateTimeFactory
) -> AsyncIterator[ReplayServer]:
    """Replay the answers, at the time at which they were given."""
    freezer.move_to(NOW)

    def answer(request: ReplayRequest) -> bytes | None:
        if request.headers.get("X-AUTHKEY") != KEY:
            return captures["err_wrong_key"].raw
        path = request.target.partition("?")[0]
        if path not in ANSWERS:
            return None
        # The answers are of different moments, but one server has only one clock.
        return re.sub(rb"Date: [^\r]*\r\n", b"", captures[ANSWERS[path]].raw)

    async with replay_app([], fallback=answer) as replay:
        yield replay


def expected_states(captures: dict[str, Capture]) -> dict[str, object]:
    """Return what each point must show, read out of the answers by hand."""

    def body(name: str) -> dict[str, object]:
        parsed: dict[str, object] = json.loads(captures[name].body)
        return parsed

    def row(name: str) -> dict[str, object]:
        results = body(name)["results"]
        assert isinstance(results, list)
        first: dict[str, object] = results[0]
        return first

    reading = row("datalogger_dsmrreading_latest")
    statistics = body("datalogger_meter_statistics")
    prices = row("consumption_energy_supplier_prices_today")
    for answer in (reading, statistics, prices):
        for name in ("id", "timestamp", "start", "end", "description"):
            answer.pop(name, None)
    for name in ("dsmr_version", "electricity_tariff", "latest_telegram"):
        statistics.pop(name)
    gas = reading.pop("extra_device_delivered")
    reading.pop("extra_device_timestamp")
    today = body("consumption_today")
    days = body("statistics_day_all")["results"]
    assert isinstance(days, list)
    costs = {day["day"]: float(day["total_cost"]) for day in days}
    month = sum(cost for day, cost in costs.items() if day >= "2026-11")
    so_far = float(str(today["total_cost"]))
    bought, given = (
        sum(float(str(reading[f"electricity_{way}_{n}"])) for n in (1, 2))
        for way in ("delivered", "returned")
    )
    return {
        **reading,
        **statistics,
        **prices,
        **{
            f"today_{name}": value
            for name, value in today.items()
            if name != "day" and "supplier_price" not in name
        },
        "gas": gas,
        "gas_currently_delivered": body("consumption_gas_live")["currently_delivered"],
        "electricity_power": 0.264,
        "electricity_tariff": "low",
        "electricity_cost_per_hour": 0.07,
        "quarter_hour_peak": 2.084,
        "problems": "off",
        "electricity_import_total": round(bought, 3),
        "electricity_export_total": round(given, 3),
        "today_electricity_cost": round(
            float(str(today["electricity1_cost"]))
            + float(str(today["electricity2_cost"])),
            2,
        ),
        "month_total_cost": round(month + so_far, 2),
        "year_total_cost": round(sum(costs.values()) + so_far, 2),
        # The replayed telegram is not one of the start of its quarter of an hour.
        "quarter_hour_average": "unknown",
        "quarter_hour_projection": "unknown",
    }


@pytest.mark.usefixtures("all_enabled")
async def test_every_entity_equals_the_capture(
    hass: HomeAssistant,
    server: ReplayServer,
    captures: dict[str, Capture],
    entity_registry: er.EntityRegistry,
) -> None:
    """The integration comes up on the real answers, through the config flow."""
    configure = hass.config_entries.flow.async_configure
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    step = await configure(flow["flow_id"], {"next_step_id": "dsmr_reader"})
    step = await configure(
        flow["flow_id"], {"url": server.url, "api_key": "nope", "verify_ssl": True}
    )
    assert step["errors"] == {"base": "invalid_auth"}
    step = await configure(
        flow["flow_id"], {"url": server.url, "api_key": KEY, "verify_ssl": True}
    )
    selection = {**step["data_schema"]({}), "history": False}
    step = await configure(flow["flow_id"], selection)
    entry = step["result"]
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    await entry.runtime_data.readings.async_request_refresh()
    await hass.async_block_till_done()

    shown: dict[str, object] = {}
    for entity in er.async_entries_for_config_entry(entity_registry, entry.entry_id):
        state = hass.states.get(entity.entity_id)
        assert state is not None
        shown[entity.unique_id.removeprefix(f"{entry.unique_id}_")] = state.state
    expected = expected_states(captures)
    assert shown.keys() == expected.keys()
    for key, value in expected.items():
        if isinstance(value, str) and not value.replace(".", "").isdecimal():
            assert shown[key] == value
        else:
            assert float(str(shown[key])) == float(str(value)), key


def test_the_identity_gives_no_serial_away(captures: dict[str, Capture]) -> None:
    """The fixture has a serial, so that other tests can look for it in what we show."""
    assert b"4530303434303037313331363530363138" in (
        captures["datalogger_meter_statistics"].body
    )
