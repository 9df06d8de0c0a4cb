"""Data that stop and come in the end, from the server to the events."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulators.dsmr_reader import DsmrReaderSimulator

from .conftest import NOW, Tick
from .test_history import HOUR, euro, imported, simulator, wants_history
from .test_history_events import Fired, fired, types_of

__all__ = ["euro", "fired", "simulator", "wants_history"]


async def test_a_meter_that_stops_and_goes_on(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    fired: Fired,
) -> None:
    """It is late once, and what comes in the end is told as a filled hole."""
    await imported(hass, loaded)
    simulator.stopped_at = NOW + HOUR
    for _ in range(12):
        await tick(3600)
        await imported(hass, loaded)
    assert types_of(fired) == ["data_late"]
    simulator.stopped_at = None
    for _ in range(3):
        await tick(3600)
        await imported(hass, loaded)
    assert types_of(fired) == ["data_late", "hole_filled"]
