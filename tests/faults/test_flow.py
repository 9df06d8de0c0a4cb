"""What a person reads in the form while something is wrong with the server."""

from freezegun.api import FrozenDateTimeFactory
import pytest

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant

from .checks import Log, time_passes
from .entries import open_form
from .expectations import told_in_form
from .proxy import FaultProxy
from .troubles import TROUBLES, Trouble
from .worlds import form


async def test_forms(
    *,
    hass: HomeAssistant,
    backend: str,
    proxy: FaultProxy,
    log: Log,
    freezer: FrozenDateTimeFactory,
    subtests: pytest.Subtests,
) -> None:
    """The form says what is wrong, and accepts the same address once it is not."""
    flow = hass.config_entries.flow

    async def submit(flow_id: str) -> ConfigFlowResult:
        return await flow.async_configure(flow_id, form(backend, proxy.url))

    async def cell(trouble: Trouble) -> None:
        log.clear()
        # A server issues the same token twice within a second.
        freezer.tick(1)
        flow_id = await open_form(hass, backend)
        proxy.put(lambda proxy: trouble.begin(proxy, backend))
        async with time_passes(freezer, proxy, is_needed=trouble.takes_time):
            step = await submit(flow_id)
        proxy.lift()
        told = (step["errors"] or {}).get("base", "")
        if step["step_id"] != "selection":
            step = await submit(flow_id)
        flow.async_abort(flow_id)
        assert (step["step_id"], step["errors"]) == ("selection", {})
        log.check()
        assert told == told_in_form(trouble.name, backend)

    for trouble in TROUBLES:
        with subtests.test(trouble=trouble.name):
            await cell(trouble)
