"""The blueprint that acts when data are late."""

from collections.abc import Sequence

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.history.news.events import HistoryEventType
from homeassistant.core import HomeAssistant, ServiceCall
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault

from ..conftest import NOW, Tick, set_up, shown
from ..test_history import HOUR, euro, imported, simulator, wants_history
from ..test_history_events import EVENTS
from .conftest import Automate

__all__ = ["euro", "simulator", "wants_history"]

POWER = "sensor.electricity_meter_power"


def messages(calls: Sequence[ServiceCall]) -> list[str]:
    """Return the texts of all notifications."""
    assert all(call.data["title"] == "Data are late" for call in calls)
    return [call.data["message"] for call in calls]


async def test_meters_that_stop_are_told_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    automate: Automate,
) -> None:
    """Those of the server whose readings stop, and no second time after a reload."""
    await imported(hass, loaded)
    calls = await automate("data_late", {"events": [EVENTS]})
    simulator.stopped_at = NOW + HOUR
    for _ in range(4):
        await tick(3600)
        await imported(hass, loaded)
    assert not calls
    for _ in range(6):
        await tick(3600)
        await imported(hass, loaded)
    (message,) = messages(calls)
    assert message.startswith("There are no data of ")
    assert message.endswith("after 2026-11-21 12:00.")
    await hass.config_entries.async_reload(loaded.entry_id)
    await imported(hass, loaded)
    await tick(3600)
    assert len(calls) == 1


async def test_other_events_are_not_told(
    hass: HomeAssistant, loaded: MockConfigEntry, automate: Automate
) -> None:
    """The first event of all is told as well, if it is one of late data."""
    await imported(hass, loaded)
    calls = await automate("data_late", {"events": [EVENTS]})
    fire = loaded.runtime_data.history.events.fire
    fire(HistoryEventType.WARNING, meter="Gas", rule="stale")
    await hass.async_block_till_done()
    assert not calls
    fire(HistoryEventType.DATA_LATE, meter="Gas", latest=NOW, hours=7)
    await hass.async_block_till_done()
    assert messages(calls) == ["There are no data of Gas after 2026-11-21 11:30."]


async def test_a_sensor_that_is_unavailable_for_a_while(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    automate: Automate,
) -> None:
    """A server that is away for a shorter time is no news."""
    await set_up(hass, entry)
    await imported(hass, entry)
    inputs = {"events": [EVENTS], "sensors": [POWER], "patience": {"minutes": 5}}
    calls = await automate("data_late", inputs)
    simulator.faults.add(Fault(Drop()))
    while shown(hass, POWER) != "unavailable":
        await tick(60)
    await tick(60)
    simulator.faults.clear()
    while shown(hass, POWER) == "unavailable":
        await tick(60)
    await tick(600)
    assert not calls
    simulator.faults.add(Fault(Drop()))
    while shown(hass, POWER) != "unavailable":
        await tick(60)
    for _ in range(20):
        await tick(60)
    (message,) = messages(calls)
    assert message.startswith(
        "Electricity meter Power has been unavailable since 2026-"
    )
