"""What a person sees while something is wrong with a server that was fine before."""

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from tests.integration.conftest import Tick, finish_tasks, set_up
from tests.integration.four_servers import Simulator

from .checks import (
    Log,
    ServerClock,
    beginning,
    check_right_or_away,
    difference,
    log_in_again,
    reauth_flows,
    states_of,
    time_passes,
)
from .entries import make_entry
from .expectations import SAYS_NOTHING, after_poll, is_skew
from .proxy import FaultProxy
from .troubles import SLOW_PHASE_TROUBLES, WAIT, Trouble
from .worlds import SERVERS


@pytest.fixture
async def entry(
    hass: HomeAssistant, backend: str, proxy: FaultProxy
) -> MockConfigEntry:
    """Return an entry of the server, which is set up."""
    made = await make_entry(hass, backend, proxy.url, wants_history=False)
    made.add_to_hass(hass)
    await set_up(hass, made)
    return made


async def test_polls(
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
    """Entities are right or unavailable, and right at the first poll afterwards."""
    server = SERVERS[backend]
    poll = server.poll.total_seconds()

    async def cell(trouble: Trouble) -> None:
        log.clear()
        now = dt_util.utcnow()
        # No telegram, of which one comes every ten seconds, is due a second later.
        second = now.second // 10 * 10 + 5
        clock = ServerClock(now.replace(second=second, microsecond=0))
        simulator.clock = clock
        readings = entry.runtime_data.readings
        readings.reset_schedule()
        await readings.async_refresh()
        # What is computed from other readings follows a poll later.
        await tick(poll)
        right = server.stable(states_of(hass, entry))
        proxy.put(beginning(trouble, backend, freezer, clock))
        async with time_passes(freezer, proxy, is_needed=trouble.takes_time):
            await tick(poll)
        shown = server.stable(states_of(hass, entry))
        proxy.lift()
        asked = bool(reauth_flows(hass))
        if asked:
            await log_in_again(hass, entry, proxy)
            await finish_tasks(hass)
        else:
            await tick(max(poll, WAIT))
        if is_skew(trouble.name):
            # The server's clock is as far off as its last answer has said.
            await tick(poll)
        assert entry.state is ConfigEntryState.LOADED
        assert not difference(server.stable(states_of(hass, entry)), right)
        log.check()
        if (backend, trouble.name) in SAYS_NOTHING:
            shown = {key: state for key, state in shown.items() if state != "unknown"}
        check_right_or_away(shown, right)
        away = sum(state == STATE_UNAVAILABLE for state in shown.values())
        share = "all" if away == len(shown) else "some" if away else "none"
        assert (share, asked) == after_poll(trouble.name, backend)

    for trouble in SLOW_PHASE_TROUBLES:
        with subtests.test(trouble=trouble.name):
            try:
                await cell(trouble)
            finally:
                proxy.lift()
    await hass.config_entries.async_unload(entry.entry_id)
