"""Sensors of any backend: false readings are not shown, unchanged ones not written."""

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache_with_extra_data,
)

from homeassistant.core import HomeAssistant, State
from simulators.dsmr_reader import DsmrReaderSimulator

from .conftest import Tick, set_up, shown

DELIVERED_NORMAL = "sensor.electricity_meter_normal_tariff_delivered"


async def test_unchanged_readings_write_no_state(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """A poll that returns the same values writes no state."""
    await tick(60)
    moment = simulator.clock()
    simulator.clock = lambda: moment
    await tick(10)

    def written() -> dict[str, object]:
        return {s.entity_id: s.last_reported for s in hass.states.async_all()}

    before = written()
    requests = simulator.faults.count()
    await tick(10)
    await tick(10)
    assert simulator.faults.count() == requests + 2
    assert written() == before


@pytest.mark.parametrize("false_position", [0, 12_000_000])
async def test_false_fall_of_a_register_is_not_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    false_position: int,
) -> None:
    """A single false 0, or dip, of a register never reaches Home Assistant."""
    before = float(shown(hass, DELIVERED_NORMAL))
    simulator.register_override = {"electricity_delivered_2": false_position}
    await tick(10)
    assert float(shown(hass, DELIVERED_NORMAL)) == before
    simulator.register_override = {}
    await tick(10)
    assert float(shown(hass, DELIVERED_NORMAL)) >= before


async def test_confirmed_fall_of_a_register_is_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The position of an exchanged meter is shown once it has grown for 15 minutes."""
    for position in (1_000, 1_050):
        simulator.register_override = {"electricity_delivered_2": position}
        await tick(450)
        assert float(shown(hass, DELIVERED_NORMAL)) > 1_000
    simulator.register_override = {"electricity_delivered_2": 1_100}
    await tick(450)
    assert shown(hass, DELIVERED_NORMAL) == "1.1"


REGISTER = {"state_class": "total_increasing"}
"""What Home Assistant stores of the sensor of a register, besides its state."""


async def test_amount_of_before_is_no_position(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """What a sensor showed before its point became a register guards nothing."""
    extra = {"native_value": 99_000_000.5, "native_unit_of_measurement": "kWh"}
    state = State(DELIVERED_NORMAL, "99000000.5", {"state_class": "total"})
    mock_restore_cache_with_extra_data(hass, [(state, extra)])
    await set_up(hass, entry)
    assert 1_000 < float(shown(hass, DELIVERED_NORMAL)) < 99_000_000


async def test_false_zero_right_after_a_restart_is_not_shown(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """The position from before a restart guards the first reading after it."""
    extra = {"native_value": 14_000.5, "native_unit_of_measurement": "kWh"}
    mock_restore_cache_with_extra_data(
        hass, [(State(DELIVERED_NORMAL, "14000.5", REGISTER), extra)]
    )
    simulator.register_override = {"electricity_delivered_2": 0}
    await set_up(hass, entry)
    assert shown(hass, DELIVERED_NORMAL) == "14000.5"
