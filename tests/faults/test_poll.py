"""What a person sees while something is wrong with a server that was fine before."""

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest import Subtests
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from tests.integration.conftest import Tick, finish_tasks, set_up
from tests.integration.four_servers import Simulator

from .checks import (
    Log,
    check_right_or_away,
    difference,
    log_in_again,
    reauth_flows,
    states_of,
    time_passes,
)
from .entries import make_entry
from .expectations import after_poll
from .proxy import FaultProxy
from .troubles import TROUBLES, WAIT, Trouble
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
    hass: HomeAssistant,
    backend: str,
    simulator: Simulator,
    proxy: FaultProxy,
    entry: MockConfigEntry,
    log: Log,
    freezer: FrozenDateTimeFactory,
    tick: Tick,
    subtests: Subtests,
) -> None:
    """Entities are right or unavailable, and right at the first poll afterwards."""
    server = SERVERS[backend]
    poll = server.poll.total_seconds()

    async def cell(trouble: Trouble) -> None:
        log.clear()
        moment = dt_util.utcnow()
        simulator.clock = lambda: moment
        readings = entry.runtime_data.readings
        readings.reset_schedule()
        await readings.async_refresh()
        await finish_tasks(hass)
        right = server.stable(states_of(hass, entry))
        proxy.put(lambda proxy: trouble.begin(proxy, backend))
        async with time_passes(freezer, proxy, stalls=trouble.stalls):
            await tick(poll)
        shown = server.stable(states_of(hass, entry))
        tried = len(proxy.faults.requests)
        proxy.lift()
        asked = bool(reauth_flows(hass))
        if asked:
            await log_in_again(hass, entry, proxy)
            await finish_tasks(hass)
        else:
            await tick(max(poll, WAIT))
        assert entry.state is ConfigEntryState.LOADED
        assert not difference(server.stable(states_of(hass, entry)), right)
        log.check()
        check_right_or_away(shown, right)
        away = sum(state == STATE_UNAVAILABLE for state in shown.values())
        share = "all" if away == len(shown) else "some" if away else "none"
        assert (share, asked) == after_poll(trouble.name, backend), (away, len(shown), tried)

    for trouble in TROUBLES:
        with subtests.test(trouble=trouble.name):
            try:
                await cell(trouble)
            finally:
                proxy.lift()
    await hass.config_entries.async_unload(entry.entry_id)
