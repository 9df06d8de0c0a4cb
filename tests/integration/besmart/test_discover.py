"""The search for devices in the config flow, when it takes long."""

import asyncio
from collections.abc import AsyncIterator

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.flow import discovery
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.data_entry_flow import (
    EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE,
    FlowResultType,
)
from simulators.besmart import CLIENT, BesmartSimulator
from simulators.faults import Delay, Fault, html_error

from .conftest import DEVICES
from .test_flow import SELECTION, choose, form, open_form

SLOW = Fault(Delay(0.02), path=f"{CLIENT}.")
"""Each probed signal takes a while; there are dozens."""

pytestmark = pytest.mark.parametrize("edition", ["2021"])


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show the progress at once, and report it often."""
    monkeypatch.setattr(discovery, "SHOWN_AFTER", 0.05)
    monkeypatch.setattr(discovery, "_REPORT_INTERVAL", 0.02)


@pytest.fixture(autouse=True)
async def running_clock(freezer: FrozenDateTimeFactory) -> AsyncIterator[None]:
    """Let the time pass, which is frozen in other tests."""

    async def run() -> None:
        """Pass a hundredth of a second in each turn of the event loop."""
        while True:
            freezer.tick(0.01)
            await asyncio.sleep(0)

    ticker = asyncio.create_task(run())
    yield
    ticker.cancel()


async def log_in(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> ConfigFlowResult:
    """Submit the connection form, without waiting for what runs in the background."""
    step = await open_form(hass)
    return await hass.config_entries.flow.async_configure(
        step["flow_id"], form(url, simulator)
    )


async def finish(hass: HomeAssistant, step: ConfigFlowResult) -> ConfigFlowResult:
    """Wait until the flow shows another step than the progress, and return it."""
    await hass.async_block_till_done(wait_background_tasks=True)
    return await hass.config_entries.flow.async_configure(step["flow_id"])


async def test_progress_ends_in_the_selection(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """The user sees that the search goes on, and how far it is."""
    simulator.faults.add(SLOW)
    shares: list[float] = []

    @callback
    def note(event: Event) -> None:
        """Note the share that the frontend is told."""
        shares.append(event.data["progress"])

    hass.bus.async_listen(EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE, note)
    step = await log_in(hass, url, simulator)
    assert step["type"] is FlowResultType.SHOW_PROGRESS
    assert step["step_id"] == step["progress_action"] == "discover"
    assert step["description_placeholders"] == {"backend": "besmart"}
    step = await finish(hass, step)
    assert step["step_id"] == "selection"
    assert shares == sorted(shares)
    assert shares[0] < shares[-1] <= 1
    offered = step["data_schema"].schema["devices"].config["options"]
    assert {each["value"] for each in offered} == set(DEVICES)
    step = await choose(hass, step, SELECTION)
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_an_error_returns_to_the_form(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """The server goes down during the search; the form keeps what was entered."""
    simulator.faults.add(SLOW)
    step = await log_in(hass, url, simulator)
    assert step["type"] is FlowResultType.SHOW_PROGRESS
    down = Fault(html_error(502))
    simulator.faults.add(down)
    step = await finish(hass, step)
    assert step["step_id"] == "besmart"
    assert step["errors"] == {"base": "server_error"}
    shown = {str(key): key.description for key in step["data_schema"].schema}
    assert shown["login"] == {"suggested_value": simulator.login}
    simulator.faults.clear()
    step = await hass.config_entries.flow.async_configure(
        step["flow_id"], form(url, simulator)
    )
    assert (await finish(hass, step))["step_id"] == "selection"


async def test_a_quick_error_is_shown_at_once(
    hass: HomeAssistant,
    url: str,
    simulator: BesmartSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without any progress in between."""
    monkeypatch.setattr(discovery, "SHOWN_AFTER", 5)
    simulator.faults.add(Fault(html_error(502), path="/api/workspaces"))
    step = await log_in(hass, url, simulator)
    assert step["type"] is FlowResultType.FORM
    assert step["errors"] == {"base": "server_error"}


async def test_closing_the_flow_ends_the_search(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """Nobody waits for it any more."""
    simulator.faults.add(SLOW)
    step = await log_in(hass, url, simulator)
    assert step["type"] is FlowResultType.SHOW_PROGRESS
    hass.config_entries.flow.async_abort(step["flow_id"])
    await asyncio.sleep(0.1)
    asked = len(simulator.faults.requests)
    await asyncio.sleep(0.2)
    assert len(simulator.faults.requests) == asked
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
