"""What is recorded if something goes wrong in the middle of an import."""

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from tests.integration.conftest import Tick, finish_tasks, set_up
from tests.integration.test_history import recorded
from tests.integration.test_history_actions import call

from .checks import Log, beginning, check_rows, log_in_again, reauth_flows, time_passes
from .entries import make_entry
from .expectations import after_import, ahead
from .proxy import FaultProxy
from .troubles import IMPORT_TROUBLES, Trouble
from .worlds import DONE, SERVERS, Rows


@pytest.fixture
def is_live() -> bool:
    """Return False, because a reading each minute takes long to import."""
    return False


@pytest.fixture
async def entry(
    hass: HomeAssistant, backend: str, proxy: FaultProxy
) -> MockConfigEntry:
    """Return an entry of the server, whose history is imported."""
    made = await make_entry(hass, backend, proxy.url, wants_history=True)
    made.add_to_hass(hass)
    await set_up(hass, made)
    await finish_tasks(hass)
    return made


async def test_imports(
    *,
    hass: HomeAssistant,
    backend: str,
    proxy: FaultProxy,
    entry: MockConfigEntry,
    log: Log,
    freezer: FrozenDateTimeFactory,
    tick: Tick,
    subtests: pytest.Subtests,
) -> None:
    """Nothing wrong is recorded, and everything at the first import afterwards."""
    server = SERVERS[backend]
    interval = server.history_interval.total_seconds()

    async def done_rows() -> Rows:
        """Return the rows of hours that do not change any more."""
        return {
            key: [row for row in rows if row["start"] < DONE.timestamp()]
            for key, rows in (await recorded(hass, entry)).items()
        }

    async def cell(trouble: Trouble, right: Rows) -> None:
        log.clear()
        await call(hass, "clear_history", entry, confirm=True)
        begin = beginning(trouble, backend, freezer)
        proxy.put(begin, server.history, server.skip)
        async with time_passes(freezer, proxy, is_needed=trouble.takes_time):
            await tick(interval)
        assert proxy.has_begun
        state = entry.runtime_data.history.data.state
        written = await done_rows()
        until = dt_util.utcnow() + ahead(trouble.name)
        proxy.lift()
        asked = bool(reauth_flows(hass))
        if asked:
            await log_in_again(hass, entry, proxy)
            await finish_tasks(hass)
        else:
            await tick(interval)
        assert entry.runtime_data.history.data.state == "up_to_date"
        assert await done_rows() == right
        log.check()
        check_rows(written, right, until)
        assert (state, asked) == after_import(trouble.name, backend)

    right = await done_rows()
    assert all(right.values())
    for trouble in IMPORT_TROUBLES:
        with subtests.test(trouble=trouble.name):
            try:
                await cell(trouble, right)
            finally:
                proxy.lift()
    await hass.config_entries.async_unload(entry.entry_id)
