"""Diagnostics are complete, and contain no personal data."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from yarl import URL

from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault

from .conftest import API_KEY, NOW, Tick


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    """The diagnostics match the snapshot."""
    assert await async_setup_component(hass, "diagnostics", {})
    shown = await get_diagnostics_for_config_entry(hass, hass_client, loaded)
    assert shown == snapshot
    assert shown["data"]["api_key"] == REDACTED


async def test_no_personal_data(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither diagnostics nor the log contain key, address, serials or telegrams."""
    await tick(60)
    simulator.faults.add(Fault(Drop()))
    await tick(60)
    simulator.faults.clear()
    await tick(60)
    assert await async_setup_component(hass, "diagnostics", {})
    shown = str(await get_diagnostics_for_config_entry(hass, hass_client, loaded))
    own_log = "\n".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("custom_components", "homeassistant.config_entries"))
    )
    serials = (simulator.house.serial(NOW), simulator.house.extra_serial())
    port = str(URL(loaded.data["url"]).port)
    for secret in (API_KEY, port, *serials, "1-0:1.8.1"):
        assert secret not in shown
        assert secret not in own_log
