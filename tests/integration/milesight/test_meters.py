"""A meter that counts both directions: the user says whether it is at the grid."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.metering.model import Role
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulators.milesight import MilesightSimulator
from simulators.milesight.sources import Fixed
from simulators.milesight.templates import long

from ..conftest import finish_tasks, open_options, set_up
from .helpers import key_of

METER = "Boiler plug"


@pytest.fixture
def devices() -> int:
    """Return how many devices the server has: this meter, and a plug."""
    return 2


@pytest.fixture
async def metered(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: MilesightSimulator
) -> MockConfigEntry:
    """Return an entry whose first device counts both directions."""
    simulator.world.equip(
        simulator.world.device(METER),
        long("energy_import", "Energy Import", "Wh", Fixed(9_000)),
        long("energy_export", "Energy Export", "Wh", Fixed(5_000)),
    )
    await set_up(hass, entry)
    return entry


def roles(
    entry: MockConfigEntry, simulator: MilesightSimulator
) -> tuple[Role | None, Role | None]:
    """Return the roles of what was imported and exported."""
    points = entry.runtime_data.inventory.data.points
    imported, exported = (
        points[key_of(simulator, METER, f"energy_{way}")]
        for way in ("import", "export")
    )
    return imported.role, exported.role


async def test_meter_of_both_directions_is_asked_about_and_not_guessed(
    hass: HomeAssistant, metered: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    """It may as well be at an inverter or a battery, so nothing is chosen before."""
    assert roles(metered, simulator) == (Role.DEVICE, None)
    step = await open_options(hass, metered, "selection")
    schema = step["data_schema"]
    offered = schema.schema["grid_meters"].config["options"]
    device = key_of(simulator, METER, "energy_import").removesuffix("_energy_import")
    assert [each["value"] for each in offered] == [device]
    defaults = schema({})
    assert (defaults["grid_meters"], defaults["solar_meters"]) == ([], [])
    both = {**defaults, "grid_meters": [device], "solar_meters": [device]}
    step = await hass.config_entries.options.async_configure(step["flow_id"], both)
    assert step["errors"] == {"solar_meters": "both_meters"}
    chosen = {**defaults, "grid_meters": [device], "history": False}
    step = await hass.config_entries.options.async_configure(step["flow_id"], chosen)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await finish_tasks(hass)
    assert roles(metered, simulator) == (Role.GRID_DELIVERED, Role.GRID_RETURNED)


async def test_plugs_are_never_asked_about(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """What counts in one direction is a consumer."""
    step = await open_options(hass, loaded, "selection")
    assert "grid_meters" not in step["data_schema"].schema
