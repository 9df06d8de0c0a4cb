"""Diagnostics and log of a Beaver IoT contain no keys and no names of devices."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulators.faults import Drop, Fault
from simulators.milesight import MilesightSimulator

from ..conftest import Tick
from .helpers import key_of


@pytest.mark.usefixtures("all_enabled")
async def test_nothing_personal_leaves(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither diagnostics nor the log have keys, serials, addresses or passwords."""
    device = simulator.world.device("Boiler plug")
    await tick(60)
    simulator.faults.add(Fault(Drop()))
    await tick(60)
    simulator.faults.clear()
    await simulator.notifier.drop()
    await tick(60)
    key = key_of(simulator, "Boiler plug", "voltage")
    options = {**loaded.options, "devices": [key]}
    hass.config_entries.async_update_entry(loaded, options=options)
    assert await async_setup_component(hass, "diagnostics", {})
    shown = str(await get_diagnostics_for_config_entry(hass, hass_client, loaded))
    own_log = "\n".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("custom_components", "mqtt"))
    )
    secrets = [
        simulator.user.email,
        simulator.user.password,
        simulator.client_secret,
        simulator.mqtt_password,
        str(URL(loaded.data["url"]).port),
        device.identifier,
        device.identifier.lower(),
        str(device.additional["appKey"]),
        str(device.additional["gatewayEUI"]),
        "Boiler plug",
    ]
    for secret in secrets:
        assert secret not in shown
        assert secret not in own_log
    # What is left still tells points apart.
    assert shown.count("power_consumption") > 3
