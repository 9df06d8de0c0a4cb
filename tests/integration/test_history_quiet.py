"""Looking for history where there is none: one request, and nothing in the database."""

from collections.abc import AsyncIterator

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import event

from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault

from .conftest import Tick
from .test_history import euro, imported, simulator, wants_history  # noqa: F401  Fixtures.
from .test_history_actions import call


class Statements(list[str]):
    """What was asked of the recorder's statistics, or written there."""

    def note(self, _connection: object, _cursor: object, said: str, *_: object) -> None:
        if "statistics" in said:
            self.append(said)


@pytest.fixture
async def statements(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> AsyncIterator[Statements]:
    """Yield what is asked once all is imported."""
    await imported(hass, loaded)
    found = Statements()
    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", found.note)
    yield found
    event.remove(engine, "before_cursor_execute", found.note)


async def look(entry: MockConfigEntry) -> None:
    await entry.runtime_data.history.async_refresh()
    assert entry.runtime_data.history.last_update_success


async def stand_still(
    simulator: DsmrReaderSimulator,  # noqa: F811
    entry: MockConfigEntry,
) -> None:
    """Stop the server's clock, and look twice: the first look may find something."""
    moment = simulator.clock()
    simulator.clock = lambda: moment
    await look(entry)
    await look(entry)
    simulator.faults.clear_requests()


async def test_one_request_and_no_statement(
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,  # noqa: F811
    statements: Statements,
) -> None:
    """The server is asked before the recorder, which then need not be."""
    await stand_still(simulator, loaded)
    statements.clear()
    await look(loaded)
    assert len(simulator.faults.requests) == 1
    assert statements == []


async def test_the_recorder_is_looked_at_once_an_hour(
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,  # noqa: F811
    statements: Statements,
    tick: Tick,
) -> None:
    """What was deleted by Home Assistant's own means comes back by itself."""
    await stand_still(simulator, loaded)
    statements.clear()
    await tick(3700)
    assert statements


async def test_what_was_cleared_is_imported_though_nothing_is_new(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,  # noqa: F811
    statements: Statements,
) -> None:
    """Clearing is no news of the server, but of ours."""
    await stand_still(simulator, loaded)
    before = await imported(hass, loaded)
    await call(hass, "clear_history", loaded)
    assert await imported(hass, loaded) == {}
    await look(loaded)
    assert await imported(hass, loaded) == before


async def test_what_failed_is_not_taken_for_done(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,  # noqa: F811
    statements: Statements,
    tick: Tick,
) -> None:
    """News that could not be read are read next time, although they are then old."""
    await stand_still(simulator, loaded)
    await tick(2400)
    before = await imported(hass, loaded)
    moment = dt_util.utcnow()
    simulator.clock = lambda: moment
    # The server says that there is something new, and then nothing more.
    simulator.faults.add(Fault(Drop(), path="datalogger/dsmrreading", skip=2))
    await loaded.runtime_data.history.async_refresh()
    assert not loaded.runtime_data.history.last_update_success
    simulator.faults.clear()
    assert await imported(hass, loaded) == before
    await look(loaded)
    after = await imported(hass, loaded)
    assert after["electricity_power"] != before["electricity_power"]
