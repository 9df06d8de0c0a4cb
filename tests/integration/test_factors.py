"""Pulses that are a meter: readings and rows are multiplied, and nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.recorder.recorder import recorded_metadata
from custom_components.metering_hub.metering.model import Kind
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from ..history.refusals import refusing
from .conftest import NOW, Tick, open_options, set_up, shown
from .series_server import SeriesServer, spec_of
from .test_history import Statistics, imported, recorded

HOURS = 48
START = NOW.replace(minute=0) - timedelta(hours=HOURS)
KEY = "series_1_register"
SENSOR = "sensor.site_series_1"
WATER = {"quantity": "water", "unit": "m³", "role": "water"}


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Record no states, and repeat refused writes at once."""
    return {
        "commit_interval": 0,
        "db_retry_wait": 0,
        "exclude": {"domains": ["sensor", "binary_sensor"]},
    }


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch) -> SeriesServer:
    """Return a server with a counter that has no unit."""
    server = SeriesServer(START, {1: Kind.REGISTER}, unit=None)
    monkeypatch.setitem(BACKENDS, "series", spec_of(server))
    return server


def make_entry(hass: HomeAssistant) -> MockConfigEntry:
    config_entry = MockConfigEntry(
        domain=DOMAIN,
        title="Campaign",
        unique_id="series:campaign",
        data={"backend": "series", "url": "http://localhost"},
        options={"devices": ["site"], "known_devices": ["site"], "new_devices": True},
    )
    config_entry.add_to_hass(hass)
    return config_entry


@pytest.fixture
def entry(hass: HomeAssistant, series: SeriesServer) -> MockConfigEntry:
    """Return an entry for the server that is not set up yet."""
    return make_entry(hass)


async def say(
    hass: HomeAssistant, entry: MockConfigEntry, **choices: str | float
) -> None:
    """Say in the options what the counter is; without a factor, that it has none."""
    configure = hass.config_entries.options.async_configure
    form = await open_options(hass, entry, "points")
    form = await configure(form["flow_id"], {**form["data_schema"]({}), "point": KEY})
    step = await configure(form["flow_id"], {**form["data_schema"]({}), **choices})
    assert step["type"] is FlowResultType.CREATE_ENTRY, step


async def unit_of_rows(hass: HomeAssistant, entry: MockConfigEntry) -> str | None:
    statistic_id = f"{entry.runtime_data.history.prefix}{KEY}"
    return (await recorded_metadata(hass, {statistic_id}))[statistic_id][
        "unit_of_measurement"
    ]


async def read(
    hass: HomeAssistant, entry: MockConfigEntry
) -> tuple[str | None, list[float]]:
    """Return the unit and the readings of the last hour, as `get_history` does."""
    response: Any = await hass.services.async_call(
        DOMAIN,
        "get_history",
        {
            "entry": entry.entry_id,
            "point": KEY,
            "start": (NOW - timedelta(hours=1)).isoformat(),
            "resolution": "raw",
        },
        blocking=True,
        return_response=True,
    )
    return response["unit"], [each["value"] for each in response["readings"]]


def multiplied(statistics: Statistics, factor: float) -> list[dict[str, Any]]:
    """Return the rows of the counter times a factor."""
    cells = ("state", "sum", "change")
    return [
        {"start": row["start"], **{cell: row[cell] * factor for cell in cells}}
        for row in statistics[KEY]
    ]


def assert_rows(statistics: Statistics, expected: list[dict[str, Any]]) -> None:
    """Compare every hour: none is lost, and the sums go on."""
    found = multiplied(statistics, 1)
    assert [row["start"] for row in found] == [row["start"] for row in expected]
    for cell in ("state", "sum", "change"):
        assert [row[cell] for row in found] == pytest.approx(
            [row[cell] for row in expected], abs=1e-5
        )


async def test_pulses_become_water_and_pulses_again(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer, tick: Tick
) -> None:
    """Rows that the server no longer has are converted, too."""
    await set_up(hass, entry)
    pulses = await imported(hass, entry)
    assert len(pulses[KEY]) == HOURS
    assert float(shown(hass, SENSOR)) == 1000 + 2 * HOURS
    series.kept = 10
    await say(hass, entry, **WATER, factor=0.01)
    assert_rows(await imported(hass, entry), multiplied(pulses, 0.01))
    assert await unit_of_rows(hass, entry) == "m³"
    assert float(shown(hass, SENSOR)) == 10 + 0.02 * HOURS
    assert hass.states.get(SENSOR).attributes["device_class"] == "water"
    assert await read(hass, entry) == ("m³", [10 + 0.02 * HOURS])
    await say(hass, entry, factor=0.001)
    assert_rows(await imported(hass, entry), multiplied(pulses, 0.001))
    assert await unit_of_rows(hass, entry) == "m³"
    assert float(shown(hass, SENSOR)) == pytest.approx(1 + 0.002 * HOURS)
    await hass.config_entries.async_reload(entry.entry_id)
    assert_rows(await imported(hass, entry), multiplied(pulses, 0.001))
    await say(hass, entry, quantity="automatic", unit="automatic", role="automatic")
    assert_rows(await imported(hass, entry), multiplied(pulses, 1))
    assert await unit_of_rows(hass, entry) is None
    await tick(3600)
    later = await imported(hass, entry)
    changes = [row["change"] for row in later[KEY]]
    assert changes == pytest.approx([2.0] * (HOURS + 1))


async def test_an_entry_that_is_added_again(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer
) -> None:
    """It counts pulses again, and its old rows are pulses as well."""
    await set_up(hass, entry)
    pulses = await imported(hass, entry)
    await say(hass, entry, **WATER, factor=0.01)
    await imported(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    series.kept = 10
    again = make_entry(hass)
    await set_up(hass, again)
    assert_rows(await imported(hass, again), multiplied(pulses, 1))


async def test_a_conversion_that_the_database_refuses(
    hass: HomeAssistant, entry: MockConfigEntry, series: SeriesServer, tick: Tick
) -> None:
    """The import fails, and the next one converts once, not twice."""
    await set_up(hass, entry)
    pulses = await imported(hass, entry)
    series.kept = 10
    with refusing(hass, lambda *_: True):
        await say(hass, entry, **WATER, factor=0.01)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert_rows(await recorded(hass, entry), multiplied(pulses, 1))
    assert entry.runtime_data.history.data.state == "failed"
    await hass.config_entries.async_reload(entry.entry_id)
    assert_rows(await imported(hass, entry), multiplied(pulses, 0.01))
    await hass.config_entries.async_reload(entry.entry_id)
    assert_rows(await imported(hass, entry), multiplied(pulses, 0.01))
