"""Thousands of entities do not block the event loop."""

from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.live.coordinator import NOTIFIED_AT_ONCE
from custom_components.metering_hub.live.snapshot import Snapshot
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback

from ...turns import counting_turns


@pytest.fixture
def devices() -> int:
    """Return enough devices for a thousand entities."""
    return 70


async def test_many_changes_yield_to_the_event_loop(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """An outage changes all states, but yields to the event loop in between."""
    readings = loaded.runtime_data.readings
    listeners = len([*readings.async_contexts()])
    assert listeners > 400
    readings.last_update_success = False
    async with counting_turns() as turns:
        readings.async_update_listeners()
        await hass.async_block_till_done()
    assert turns.count >= listeners // NOTIFIED_AT_ONCE - 1
    states = [
        state.state
        for state in hass.states.async_all("sensor")
        if "update_mode" not in state.entity_id
    ]
    assert len(states) > 300
    assert set(states) == {"unavailable"}


async def test_removed_listener_is_not_called(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A listener that is removed in the meantime is not called."""
    readings = loaded.runtime_data.readings
    told: list[int] = []
    for number in range(3 * NOTIFIED_AT_ONCE):
        remove = readings.async_add_listener(lambda n=number: told.append(n))
        if number:
            hass.loop.call_soon(remove)
    # An outage concerns all, so that hundreds of entities have their turn before.
    readings.last_update_success = False
    readings.async_update_listeners()
    await hass.async_block_till_done()
    assert told == [0]


async def test_one_change_among_many_writes_one_state(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """States that did not change are not written."""
    readings = loaded.runtime_data.readings
    known = readings.data
    key, reading = next(
        (key, reading)
        for key, reading in known.readings.items()
        if isinstance(reading.value, float)
    )
    written: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        """Note a changed state, but for that of the push, which begins by itself."""
        if "update_mode" not in event.data["entity_id"]:
            written.append(event.data["entity_id"])

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    changed = replace(reading, value=reading.value + 1)
    readings.data = Snapshot({**known.readings, key: changed}, known.unavailable)
    readings.async_update_listeners()
    await hass.async_block_till_done()
    assert len(written) == 1, written
