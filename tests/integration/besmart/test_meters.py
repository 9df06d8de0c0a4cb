"""Several meters of one account: which is at the grid is the user's to say."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.components.energy.data import EnergyManager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from simulators.besmart import (
    CLIENT,
    INVERTER_MID,
    PV_PER_QUARTER,
    BesmartSimulator,
    Sensor,
)
from simulators.besmart.sensors import plant

from ..conftest import open_options, set_up
from ..test_energy_dashboard import energy  # noqa: F401 A fixture.
from .conftest import DEVICES, HOUSE, INVERTER, START, WORKSHOP
from .test_flow import SELECTION, choose, form, open_form

HALLS = [f"sensor_{CLIENT}_{INVERTER_MID + number}" for number in (1, 2, 3, 4)]
PV_METER = HALLS[0]


@pytest.fixture
def wants_history() -> bool:
    """Import the history, which the energy sources need."""
    return True


@pytest.fixture
def house(simulator: BesmartSimulator) -> list[Sensor]:
    """Serve six meters of one house, most of which count in both directions."""
    simulator.types[70] = PV_PER_QUARTER
    simulator.sensors = plant(7, START, len(HALLS))
    for sensor in simulator.sensors:
        if sensor.signals != (70,):
            sensor.signals = (32,) if sensor.signals == (32,) else (32, 34)
    return simulator.sensors


def sources(energy: EnergyManager) -> dict[str, list[str]]:  # noqa: F811 A fixture.
    """Return the points that the dashboard counts, by kind of source."""
    assert energy.data is not None
    found: dict[str, list[str]] = {}
    lists = (energy.data["energy_sources"], energy.data["device_consumption"])
    for source in (each for sources in lists for each in sources):
        for name in ("stat_energy_from", "stat_energy_to", "stat_consumption"):
            if counted := source.get(name):
                kind = str(source.get("type", "device"))
                found.setdefault(kind, []).append(str(counted))
    return found


def cards(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """Return the repair issues about the meter at the grid."""
    return [
        issue
        for (domain, issue_id), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue_id.startswith("grid_meter_unknown")
    ]


async def test_six_meters_of_a_house(
    hass: HomeAssistant,
    energy: EnergyManager,  # noqa: F811 The fixture.
    entry: MockConfigEntry,
    house: list[Sensor],
) -> None:
    """None is at the grid until the user says which; the others are then devices."""
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    prefix = entry.runtime_data.history.prefix
    assert sources(energy) == {"solar": [f"{prefix}{INVERTER}_signal_70"]}
    (card,) = cards(hass)
    assert card.translation_placeholders == {"title": "besmart", "count": "6"}

    step = await open_options(hass, entry, "selection")
    schema = step["data_schema"]
    assert schema({})["grid_meters"] == []
    assert schema({})["solar_meters"] == [INVERTER], "It says what it is."
    offered = schema.schema["grid_meters"].config["options"]
    meters = {HOUSE, WORKSHOP, *HALLS}
    assert {each["value"] for each in offered} == meters
    choice = {"grid_meters": [HOUSE], "solar_meters": [HOUSE]}
    step = await hass.config_entries.options.async_configure(step["flow_id"], choice)
    assert step["errors"] == {"solar_meters": "both_meters"}
    assert schema({})["battery_meters"] == []
    choice = {"solar_meters": [], "battery_meters": [HOUSE], "grid_meters": [HOUSE]}
    step = await hass.config_entries.options.async_configure(step["flow_id"], choice)
    assert step["errors"] == {"battery_meters": "both_meters"}
    choice = {"grid_meters": [HOUSE], "solar_meters": [INVERTER, PV_METER]}
    step = await hass.config_entries.options.async_configure(step["flow_id"], choice)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)

    assert cards(hass) == []
    found = sources(energy)
    assert found["grid"] == [
        f"{prefix}{HOUSE}_signal_32",
        f"{prefix}{HOUSE}_signal_34",
    ]
    assert found["solar"] == [
        f"{prefix}{INVERTER}_signal_70",
        f"{prefix}{PV_METER}_signal_34",
    ]
    assert found["device"] == [
        f"{prefix}{device}_signal_32" for device in (WORKSHOP, *HALLS[1:])
    ]
    counted = [each for ids in found.values() for each in ids]
    assert len(counted) == len({*counted})


async def test_sources_of_an_earlier_version_stay(
    hass: HomeAssistant,
    energy: EnergyManager,  # noqa: F811 The fixture.
    entry: MockConfigEntry,
    house: list[Sensor],
) -> None:
    """What is on the dashboard is not removed, and the card asks about the rest."""
    before = {
        "type": "grid",
        "stat_energy_from": f"metering_hub:besmart_anna_{PV_METER}_signal_32",
        "stat_energy_to": None,
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": None,
        "stat_compensation": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "cost_adjustment_day": 0.0,
    }
    await energy.async_update({"energy_sources": [before]})  # type: ignore[typeddict-item]  # As stored.
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert energy.data is not None
    assert energy.data["energy_sources"][0] == before
    assert len(cards(hass)) == 1
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert cards(hass) == []


async def test_the_flow_asks_where_several_can_be(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """A home with a workshop is asked, and one with a single meter is not."""
    step = await open_form(hass)
    step = await choose(hass, step, form(url, simulator))
    assert step["data_schema"](SELECTION)["grid_meters"] == []
    choice = {**SELECTION, "grid_meters": [HOUSE], "solar_meters": []}
    step = await choose(hass, step, choice)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    options = step["result"].options
    assert options["grid_meters"] == [HOUSE]
    assert options["devices"] == sorted(DEVICES)
    assert cards(hass) == []


async def test_a_single_meter_is_not_asked_about(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    del simulator.sensors[1]
    step = await open_form(hass)
    step = await choose(hass, step, form(url, simulator))
    assert "grid_meters" not in step["data_schema"].schema
    step = await choose(hass, step, {**SELECTION, "devices": [HOUSE, INVERTER]})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert cards(hass) == []
