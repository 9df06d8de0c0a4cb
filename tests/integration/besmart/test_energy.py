"""besmart's meters on the Energy dashboard."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.metering_hub.energy import async_get_solar_forecast
from homeassistant.components.energy.data import EnergyManager
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.besmart import HOUSE_MID, PV_PER_QUARTER, BesmartSimulator
from simulators.faults import Answer, Fault

from ..conftest import set_up
from ..test_energy_dashboard import energy  # noqa: F401 A fixture.
from .conftest import HOUSE, INVERTER, WORKSHOP, both_editions


@pytest.fixture
def wants_history() -> bool:
    """Import the history, which the energy sources need."""
    return True


@both_editions
async def test_meters_and_sun_are_sources(
    hass: HomeAssistant,
    energy: EnergyManager,  # noqa: F811 The fixture.
    entry: MockConfigEntry,
    simulator: BesmartSimulator,
) -> None:
    """A+ and A- of a meter are one grid source, and the inverter is a solar source.

    A meter behind it is a device.
    """
    simulator.types[70] = PV_PER_QUARTER
    simulator.sensor(HOUSE_MID).signals = (32, 34, 36)
    options = {**entry.options, "grid_meters": [HOUSE]}
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert energy.data is not None
    prefix = entry.runtime_data.history.prefix
    found = [
        (each["type"], each["stat_energy_from"], each.get("stat_energy_to"))
        for each in energy.data["energy_sources"]
    ]
    assert found == [
        ("grid", f"{prefix}{HOUSE}_signal_32", f"{prefix}{HOUSE}_signal_34"),
        ("solar", f"{prefix}{INVERTER}_signal_70", None),
    ]
    devices = [each["stat_consumption"] for each in energy.data["device_consumption"]]
    assert devices == [f"{prefix}{WORKSHOP}_signal_32"]


async def forecasts(hass_ws_client: WebSocketGenerator) -> dict[str, object]:
    """Return what the Energy dashboard gets if it asks for solar forecasts."""
    client = await hass_ws_client()
    await client.send_json_auto_id({"type": "energy/solar_forecast"})
    answer = await client.receive_json()
    assert answer["success"]
    result: dict[str, object] = answer["result"]
    return result


async def test_the_dashboard_shows_the_solar_forecast(
    hass: HomeAssistant,
    energy: EnergyManager,  # noqa: F811 The fixture.
    entry: MockConfigEntry,
    simulator: BesmartSimulator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """The new solar source has the forecast of the account's predictions."""
    simulator.types[70] = PV_PER_QUARTER
    simulator.sensor(HOUSE_MID).signals = (32, 34)
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert energy.data is not None
    (solar,) = (s for s in energy.data["energy_sources"] if s["type"] == "solar")
    assert solar["config_entry_solar_forecast"] == [entry.entry_id]
    found = await forecasts(hass_ws_client)
    assert list(found) == [entry.entry_id]
    (wh_hours,) = found[entry.entry_id].values()  # type: ignore[attr-defined]  # A dict.
    midnight = dt_util.as_utc(dt_util.start_of_local_day())
    assert min(wh_hours) == midnight.isoformat()
    assert len(wh_hours) > 24
    assert max(wh_hours.values()) > 100
    client = await hass_ws_client()
    await client.send_json_auto_id({"type": "energy/info"})
    info = (await client.receive_json())["result"]
    assert "metering_hub" in info["solar_forecast_domains"]

    simulator.faults.add(Fault(Answer(500)))
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert await forecasts(hass_ws_client) == {}


async def test_an_account_without_predictions_has_no_forecast(
    hass: HomeAssistant,
    energy: EnergyManager,  # noqa: F811 The fixture.
    entry: MockConfigEntry,
    simulator: BesmartSimulator,
) -> None:
    """A source without a forecast can get another one from the user."""
    simulator.types[70] = PV_PER_QUARTER
    simulator.sensor(HOUSE_MID).signals = (32, 34)
    simulator.predictions = None
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert energy.data is not None
    (solar,) = (s for s in energy.data["energy_sources"] if s["type"] == "solar")
    assert solar["config_entry_solar_forecast"] is None
    assert await async_get_solar_forecast(hass, entry.entry_id) is None
