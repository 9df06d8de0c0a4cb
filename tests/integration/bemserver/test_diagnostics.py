"""Diagnostics and log of a BEMServer contain nothing personal."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulators.bemserver import DEFAULT_EMAIL, DEFAULT_PASSWORD, BemserverSimulator
from simulators.faults import Drop, Fault

from ..conftest import Tick


async def test_nothing_personal_leaves(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither diagnostics nor the log contain account, address or tokens."""
    simulator.faults.add(Fault(Drop()))
    await tick(60)
    simulator.faults.clear()
    simulator.world.delete_series(16)
    await tick(60)
    assert await async_setup_component(hass, "diagnostics", {})
    shown = str(await get_diagnostics_for_config_entry(hass, hass_client, loaded))
    own_log = "\n".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("custom_components", "homeassistant.config_entries"))
    )
    port = str(URL(loaded.data["url"]).port)
    notified = "The following timeseries are missing"
    for secret in (DEFAULT_EMAIL, DEFAULT_PASSWORD, port, "eyJ", notified):
        assert secret not in shown
        assert secret not in own_log
    assert "timeseries_13_register" in shown


async def test_the_memory_is_not_personal(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The memory contains ids, kinds and times only."""
    memory = str(loaded.runtime_data.backend.remember())
    assert "13" in memory
    for secret in (DEFAULT_EMAIL, DEFAULT_PASSWORD, "127.0.0.1", "Campus", "eyJ"):
        assert secret not in memory
