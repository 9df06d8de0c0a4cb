"""An import without changes: one request, and no database access."""

from collections.abc import AsyncIterator
import gc

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import event

from custom_components.metering_hub.history.passes import Pass
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault

from .conftest import Tick
from .test_history import euro, imported, simulator, wants_history  # noqa: F401  Fixtures.
from .test_history_actions import call


class Statements(list[str]):
    """The statements that read or write statistics in the database."""

    def note(self, _connection: object, _cursor: object, said: str, *_: object) -> None:
        if "statistics" in said:
            self.append(said)


@pytest.fixture
async def statements(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> AsyncIterator[Statements]:
    """Yield the statements that follow the first import."""
    await imported(hass, loaded)
    found = Statements()
    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", found.note)
    yield found
    event.remove(engine, "before_cursor_execute", found.note)


async def run_import(entry: MockConfigEntry) -> None:
    await entry.runtime_data.history.async_refresh()
    assert entry.runtime_data.history.last_update_success


async def stand_still(
    simulator: DsmrReaderSimulator,  # noqa: F811
    entry: MockConfigEntry,
) -> None:
    """Stop the server's clock, and import twice, as the first may find changes."""
    moment = simulator.clock()
    simulator.clock = lambda: moment
    await run_import(entry)
    await run_import(entry)
    simulator.faults.clear_requests()


async def test_import_without_changes_reads_no_statistics(
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,  # noqa: F811
    statements: Statements,
) -> None:
    """The server is asked first, which makes reading the recorder unnecessary."""
    await stand_still(simulator, loaded)
    statements.clear()
    await run_import(loaded)
    assert len(simulator.faults.requests) == 1
    assert statements == []


async def test_the_recorder_is_checked_once_an_hour(
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,  # noqa: F811
    statements: Statements,
    tick: Tick,
) -> None:
    """Statistics deleted with Home Assistant's own tools are imported again."""
    await stand_still(simulator, loaded)
    statements.clear()
    await tick(3700)
    assert statements


async def test_cleared_statistics_are_imported_without_changes(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,  # noqa: F811
    statements: Statements,
) -> None:
    """After clearing, everything is imported although the server has no changes."""
    await stand_still(simulator, loaded)
    before = await imported(hass, loaded)
    await call(hass, "clear_history", loaded, confirm=True)
    assert await imported(hass, loaded) == {}
    await run_import(loaded)
    assert await imported(hass, loaded) == before


async def fail_import(
    simulator: DsmrReaderSimulator,  # noqa: F811
    entry: MockConfigEntry,
) -> None:
    """Let the server report a change, and fail while that is imported."""
    moment = dt_util.utcnow()
    simulator.clock = lambda: moment
    simulator.faults.add(Fault(Drop(), path="datalogger/dsmrreading", skip=2))
    await entry.runtime_data.history.async_refresh()
    assert not entry.runtime_data.history.last_update_success


async def test_failed_import_is_repeated(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,  # noqa: F811
    statements: Statements,
    tick: Tick,
) -> None:
    """Changes that could not be read are read by the next import."""
    await stand_still(simulator, loaded)
    await tick(2400)
    before = await imported(hass, loaded)
    await fail_import(simulator, loaded)
    simulator.faults.clear()
    assert await imported(hass, loaded) == before
    await run_import(loaded)
    after = await imported(hass, loaded)
    assert after["electricity_power"] != before["electricity_power"]


async def test_failed_import_keeps_nothing_in_memory(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,  # noqa: F811
    statements: Statements,
    tick: Tick,
) -> None:
    """The error is kept until the next import, but not what was read before it."""
    await stand_still(simulator, loaded)
    await tick(2400)
    await fail_import(simulator, loaded)
    gc.collect()
    assert sum(type(each) is Pass for each in gc.get_objects()) == 0
