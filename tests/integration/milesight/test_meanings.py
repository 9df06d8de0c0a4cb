"""What entities mean in a running Home Assistant: classes, choices, units, roles."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.registry.registrar import GONE_AFTER
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulators.milesight import MilesightSimulator, Override
from simulators.milesight.sources import Fixed
from simulators.milesight.templates import choice, long

from ..conftest import Tick, finish_tasks, set_up, shown
from .helpers import PREFIX, entity_id_of, key_of

PLUG = "Boiler plug"


@pytest.fixture
def devices() -> int:
    """Return how many devices the server has."""
    return 1


async def test_value_that_the_server_did_not_list_is_shown_as_it_is(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    simulator.world.equip(
        simulator.world.device(PLUG),
        choice("air_quality", "Air quality", {"0": "Fine", "1": "Poor"}, Fixed(1)),
    )
    await set_up(hass, entry)
    sensor = entity_id_of(hass, simulator, PLUG, "air_quality")
    assert shown(hass, sensor) == "Poor"
    entity = simulator.world.entity(PLUG, "air_quality")
    simulator.world.override(entity, Override(7))
    await tick(60)
    assert shown(hass, sensor) == "7"
    state = hass.states.get(sensor)
    assert state is not None
    assert state.attributes["options"] == ["Fine", "Poor", "7"]
    assert "ValueError" not in caplog.text


async def test_socket_is_an_outlet(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    state = hass.states.get(entity_id_of(hass, simulator, PLUG, "socket_status"))
    assert state is not None
    assert state.attributes["device_class"] == "outlet"


async def test_watt_hours_are_shown_with_the_decimals_of_kilowatt_hours(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    """A counter of whole Wh would be one of whole kWh by the server's precision."""
    entity_id = entity_id_of(hass, simulator, PLUG, "power_consumption")
    registered = er.async_get(hass).async_get(entity_id)
    assert registered is not None
    assert registered.unit_of_measurement == "kWh"
    assert registered.options["sensor"]["suggested_display_precision"] == 2


async def test_setting_gets_a_sensor_and_loses_it_by_the_options(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """The number stays; the sensor beside it has the plain name."""
    registry = er.async_get(hass)
    key = key_of(simulator, PLUG, "reporting_interval")
    number = entity_id_of(hass, simulator, PLUG, "reporting_interval")
    plain = loaded.options

    async def reload_with(options: dict[str, object]) -> str | None:
        """Return the name of the number under other options."""
        hass.config_entries.async_update_entry(loaded, options=options)
        assert await hass.config_entries.async_reload(loaded.entry_id)
        await finish_tasks(hass)
        await tick(60)
        setting = registry.async_get(number)
        return setting and setting.original_name

    def sensor() -> str | None:
        """Return the entity id of the sensor beside the number."""
        return registry.async_get_entity_id("sensor", DOMAIN, f"{PREFIX}{key}_reading")

    chosen = {**plain, "points": {key: {"has_sensor": True}}}
    assert await reload_with(chosen) == "Reporting Interval (setting)"
    assert float(shown(hass, sensor() or "")) == 600
    assert await reload_with({**plain}) == "Reporting interval"
    assert shown(hass, sensor() or "") == STATE_UNAVAILABLE
    for _ in range(GONE_AFTER):
        await tick(3600)
    assert sensor() is None


async def test_negative_export_is_not_believed(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """A register counts from zero, so less than that is an error of the device."""
    simulator.world.equip(
        simulator.world.device(PLUG),
        long("energy_export", "Energy Export", "Wh", Fixed(5_000)),
    )
    await set_up(hass, entry)
    sensor = entity_id_of(hass, simulator, PLUG, "energy_export")
    assert float(shown(hass, sensor)) == 5
    entity = simulator.world.entity(PLUG, "energy_export")
    simulator.world.override(entity, Override(-7))
    for _ in range(3):
        await simulator.report_now(PLUG)
        await tick(60)
    assert float(shown(hass, sensor)) == 5
