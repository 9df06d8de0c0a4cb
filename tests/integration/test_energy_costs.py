"""The sources on the Energy dashboard follow what their meters cost."""

from collections.abc import Sequence

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from homeassistant.components.energy.data import ENERGY_SOURCE_SCHEMA, EnergyManager
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.recorder import get_instance
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.dsmr_reader.prices import Contract

from .conftest import Tick, finish_tasks, set_up
from .test_energy_dashboard import (
    DOMAIN,
    add,
    energy,
    imported,
    simulator,
    sources,
    wants_history,
)

__all__ = ["energy", "imported", "simulator", "wants_history"]

NEXT_IMPORT = 3700
COST_FIELDS = {"stat_cost", "stat_compensation"}
BOILER = {"type": "gas", "stat_energy_from": "sensor.boiler", "name": "Boiler"}


@pytest.fixture
def contracts(simulator: DsmrReaderSimulator) -> Sequence[Contract]:
    """Take the contracts from the server, and return them."""
    contracts, simulator.prices = simulator.prices, []
    return contracts


@pytest.fixture
async def unpriced(
    hass: HomeAssistant,
    energy: EnergyManager,
    contracts: Sequence[Contract],
    entry: MockConfigEntry,
) -> MockConfigEntry:
    """Return an entry whose meters are on the dashboard without costs."""
    await set_up(hass, entry)
    await finish_tasks(hass)
    assert costs(energy) == [(None, None), (None, None), (None, None)]
    return entry


def costs(manager: EnergyManager) -> list[tuple[object, object]]:
    """Return the cost and the compensation of each source."""
    return [
        (source.get("stat_cost"), source.get("stat_compensation"))
        for source in sources(manager)
    ]


def costs_of(entry: MockConfigEntry) -> list[tuple[object, object]]:
    """Return the costs and compensations that an entry's meters have."""
    prefix = entry.runtime_data.history.prefix
    return [
        (
            f"{prefix}electricity_delivered_{tariff}_cost",
            f"{prefix}electricity_returned_{tariff}_compensation",
        )
        for tariff in (1, 2)
    ] + [(f"{prefix}gas_cost", None)]


async def take_prices(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Take the contracts from the server, and delete what was priced by them."""
    simulator.prices = []
    entry.runtime_data.history.price_book.expire()
    gone = [each for pair in costs_of(entry) for each in pair if each]
    get_instance(hass).async_clear_statistics([str(each) for each in gone])
    await async_wait_recording_done(hass)


async def test_costs_that_come_later(
    hass: HomeAssistant,
    unpriced: MockConfigEntry,
    energy: EnergyManager,
    simulator: DsmrReaderSimulator,
    contracts: Sequence[Contract],
    tick: Tick,
) -> None:
    """Electricity, what is returned, and gas get them, and nothing else changes."""
    before = sources(energy)
    simulator.prices = [*contracts]
    await tick(NEXT_IMPORT)
    assert costs(energy) == costs_of(unpriced)
    unpriced_again = [
        {name: None if name in COST_FIELDS else value for name, value in each.items()}
        for each in sources(energy)
    ]
    assert unpriced_again == before
    # The preferences are those that Home Assistant accepts from its own page.
    assert ENERGY_SOURCE_SCHEMA(sources(energy)) == sources(energy)


async def test_a_price_of_the_user_stays(
    hass: HomeAssistant,
    unpriced: MockConfigEntry,
    energy: EnergyManager,
    simulator: DsmrReaderSimulator,
    contracts: Sequence[Contract],
    tick: Tick,
) -> None:
    """The other direction of the same source still gets its own."""
    grid, *others = sources(energy)
    await energy.async_update(
        {"energy_sources": [{**grid, "stat_cost": "sensor.bill"}, *others]}
    )
    simulator.prices = [*contracts]
    await tick(NEXT_IMPORT)
    (_, compensation), *rest = costs_of(unpriced)
    assert costs(energy) == [("sensor.bill", compensation), *rest]
    answer = await add(hass, unpriced)
    assert (answer["added"], answer["updated"]) == ([], [])
    assert costs(energy)[0] == ("sensor.bill", compensation)


async def test_a_cost_that_the_user_removed_stays_away(
    hass: HomeAssistant, imported: MockConfigEntry, energy: EnergyManager, tick: Tick
) -> None:
    """The next import and a restart do not add it again, but the action does."""
    prefix = imported.runtime_data.history.prefix
    grid, *others = sources(energy)
    await energy.async_update(
        {"energy_sources": [{**grid, "stat_cost": None}, *others]}
    )
    await tick(NEXT_IMPORT)
    assert await hass.config_entries.async_reload(imported.entry_id)
    await finish_tasks(hass)
    assert sources(energy)[0]["stat_cost"] is None
    answer = await add(hass, imported)
    assert answer["updated"] == [f"{prefix}electricity_delivered_1"]
    assert f"{prefix}electricity_delivered_1" not in answer["skipped"]
    assert answer["skipped"][f"{prefix}gas"] == "already_there"
    assert costs(energy) == costs_of(imported)


async def test_without_the_option_only_the_action_adds_costs(
    hass: HomeAssistant,
    unpriced: MockConfigEntry,
    energy: EnergyManager,
    simulator: DsmrReaderSimulator,
    contracts: Sequence[Contract],
    tick: Tick,
) -> None:
    """The user has said that nothing is done by itself."""
    options = {**unpriced.options, "energy_dashboard": False}
    hass.config_entries.async_update_entry(unpriced, options=options)
    assert await hass.config_entries.async_reload(unpriced.entry_id)
    await finish_tasks(hass)
    simulator.prices = [*contracts]
    await tick(NEXT_IMPORT)
    assert costs(energy) == [(None, None)] * 3
    await add(hass, unpriced)
    assert costs(energy) == costs_of(unpriced)


async def test_costs_that_are_gone_are_taken_off_and_come_back(
    hass: HomeAssistant,
    imported: MockConfigEntry,
    energy: EnergyManager,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The user has not removed them, so they are offered again."""
    contracts = [*simulator.prices]
    await take_prices(hass, imported, simulator)
    await tick(NEXT_IMPORT)
    assert costs(energy) == [(None, None)] * 3
    simulator.prices = contracts
    await tick(NEXT_IMPORT)
    assert costs(energy) == costs_of(imported)


async def test_costs_are_not_taken_off_while_history_is_not_up_to_date(
    hass: HomeAssistant,
    imported: MockConfigEntry,
    energy: EnergyManager,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """They may be written again in a moment."""
    await hass.services.async_call(
        DOMAIN,
        "clear_history",
        {"entry": imported.entry_id, "confirm": True},
        blocking=True,
    )
    await async_wait_recording_done(hass)
    answer = await add(hass, imported)
    assert (answer["added"], answer["updated"]) == ([], [])
    assert costs(energy) == costs_of(imported)
    await tick(NEXT_IMPORT)
    assert costs(energy) == costs_of(imported)


async def test_a_cost_that_the_user_moved_is_named_until_it_is_resolved(
    hass: HomeAssistant,
    imported: MockConfigEntry,
    energy: EnergyManager,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """The source counts a meter of someone else, so it is left to the user."""
    prefix = imported.runtime_data.history.prefix
    boiler = {**BOILER, "stat_cost": f"{prefix}gas_cost"}
    await energy.async_update({"energy_sources": [*sources(energy), boiler]})
    issue_id = f"costs_left_{imported.entry_id}"
    await tick(NEXT_IMPORT)
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None
    await take_prices(hass, imported, simulator)
    await tick(NEXT_IMPORT)
    assert costs(energy) == [(None, None)] * 3 + [(f"{prefix}gas_cost", None)]
    issue = issue_registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {
        "title": "DSMR-reader",
        "sources": f"**Boiler** ({prefix}gas_cost)",
    }
    await energy.async_update({"energy_sources": [*sources(energy)[:3], BOILER]})
    await tick(NEXT_IMPORT)
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


async def test_a_removed_entry_leaves_no_issue_of_its_costs(
    hass: HomeAssistant,
    imported: MockConfigEntry,
    energy: EnergyManager,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """Nobody would delete it."""
    prefix = imported.runtime_data.history.prefix
    boiler = {**BOILER, "stat_cost": f"{prefix}gas_cost"}
    await energy.async_update({"energy_sources": [boiler]})
    await take_prices(hass, imported, simulator)
    await tick(NEXT_IMPORT)
    issue_id = f"costs_left_{imported.entry_id}"
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is not None
    assert await hass.config_entries.async_remove(imported.entry_id)
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


async def test_sources_of_another_entry_are_left_to_it(
    hass: HomeAssistant,
    imported: MockConfigEntry,
    energy: EnergyManager,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """Neither are its costs added nor taken off, whether or not they are recorded."""
    other = f"{DOMAIN}:dsmr_reader_00000000_"
    of_other = [
        {"type": "gas", "stat_energy_from": f"{other}gas", "stat_cost": None},
        {
            "type": "water",
            "stat_energy_from": f"{other}water",
            "stat_cost": f"{other}water_cost",
        },
    ]
    await energy.async_update({"energy_sources": [*sources(energy), *of_other]})
    await tick(NEXT_IMPORT)
    await add(hass, imported)
    assert sources(energy)[3:] == of_other
    assert not [key for _, key in issue_registry.issues if "costs_left" in key]
