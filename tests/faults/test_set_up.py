"""What becomes of an entry while something is wrong with its server at set-up."""

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from tests.integration.conftest import Tick, finish_tasks
from tests.integration.four_servers import Simulator

from .checks import (
    Log,
    ServerClock,
    States,
    beginning,
    check_right_or_away,
    difference,
    log_in_again,
    reauth_flows,
    states_of,
    time_passes,
)
from .entries import make_entry
from .expectations import NO_DEVICES, after_set_up, is_skew
from .proxy import FaultProxy
from .troubles import HOUR, SLOW_PHASE_TROUBLES, WAIT, Trouble
from .worlds import SERVERS


@pytest.fixture
async def entry(
    hass: HomeAssistant, backend: str, proxy: FaultProxy
) -> MockConfigEntry:
    """Return an entry of the server, which is not set up."""
    return await make_entry(hass, backend, proxy.url, wants_history=False)


async def test_set_up(
    *,
    hass: HomeAssistant,
    backend: str,
    simulator: Simulator,
    proxy: FaultProxy,
    entry: MockConfigEntry,
    log: Log,
    freezer: FrozenDateTimeFactory,
    tick: Tick,
    subtests: pytest.Subtests,
) -> None:
    """The entry waits, shows nothing, and is complete by itself afterwards."""
    stable = SERVERS[backend].stable
    clock = ServerClock(dt_util.utcnow())
    simulator.clock = clock

    async def set_up() -> ConfigEntryState:
        entry.add_to_hass(hass)
        await hass.config_entries.async_setup(entry.entry_id)
        await finish_tasks(hass)
        return entry.state

    async def cell(trouble: Trouble, right: States) -> None:
        log.clear()
        freezer.move_to(clock.now)
        path = SERVERS[backend].inventory
        proxy.put(beginning(trouble, backend, freezer, clock), path)
        async with time_passes(freezer, proxy, is_needed=trouble.takes_time):
            state = await set_up()
        assert proxy.has_begun
        shown = states_of(hass, entry)
        proxy.lift()
        asked = bool(reauth_flows(hass))
        if asked:
            await log_in_again(hass, entry, proxy)
            await finish_tasks(hass)
        else:
            await tick(WAIT)
        if (backend, trouble.name) in NO_DEVICES:
            await tick(HOUR.total_seconds())
            await tick(SERVERS[backend].poll.total_seconds())
        if is_skew(trouble.name):
            # The server's clock is as far off as its last answer has said.
            await tick(SERVERS[backend].poll.total_seconds())
        assert entry.state is ConfigEntryState.LOADED
        after = stable(states_of(hass, entry))
        check_right_or_away(after, right)
        # What did not exist yet by that clock is read again at its own intervals.
        assert is_skew(trouble.name) or not difference(after, right)
        log.check()
        if state is ConfigEntryState.LOADED:
            check_right_or_away(stable(shown), right)
        else:
            assert not shown
        assert (state, asked) == after_set_up(trouble.name, backend)

    assert await set_up() is ConfigEntryState.LOADED
    right = stable(states_of(hass, entry))
    await hass.config_entries.async_remove(entry.entry_id)
    for trouble in SLOW_PHASE_TROUBLES:
        with subtests.test(trouble=trouble.name):
            try:
                await cell(trouble, right)
            finally:
                proxy.lift()
                await hass.config_entries.async_remove(entry.entry_id)
