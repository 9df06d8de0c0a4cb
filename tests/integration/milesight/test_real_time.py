"""What takes time of a real clock: slow servers and silent ports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
import logging
import time

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.backends.milesight import latest, push_mqtt
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.live.push import UpdateMode
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.faults import Delay, Fault
from simulators.milesight import MilesightSimulator
from simulators.server import serve

from ..conftest import set_up
from . import helpers
from .helpers import point_key

UNRELATED = {"homeassistant.loader", "asyncio"}
"""They warn of custom integrations, and of slow machines."""


@pytest.fixture(autouse=True)
def _environment(
    recorder_mock: object,
    enable_custom_integrations: None,
    socket_enabled: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Run with a real recorder, real sockets and a real clock."""
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.0))


@pytest.fixture
def release() -> str:
    """Return the newest release."""
    return "1.3.1"


@pytest.fixture
def simulator(release: str, devices: int) -> MilesightSimulator:
    """Return a simulated server whose time is that of this machine."""
    start = dt_util.utcnow() - timedelta(days=1)
    return helpers.make_simulator(release, devices, start)


@pytest.fixture
async def url(hass: HomeAssistant, simulator: MilesightSimulator) -> AsyncIterator[str]:
    """Serve the simulator until all entries are unloaded."""
    async with serve(simulator.app) as base_url:
        yield base_url
        simulator.faults.clear()
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)


def valued(simulator: MilesightSimulator) -> set[str]:
    """Return the keys of the points for which the server has a value."""
    entities = simulator.world.entities.values()
    return {
        point_key(each) for each in entities if simulator.store.latest(each) is not None
    }


async def within(seconds: float, condition: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("knob", ["mqtt_silent", "mqtt_port_silent"])
async def test_silent_port_does_not_delay_a_reload(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    caplog: pytest.LogCaptureFixture,
    knob: str,
) -> None:
    """A port that accepts connections is given up as soon as the entry is unloaded."""
    setattr(simulator, knob, True)
    await set_up(hass, entry)
    await asyncio.sleep(0.3)
    began = time.monotonic()
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert time.monotonic() - began < 2
    assert await hass.config_entries.async_unload(entry.entry_id)
    warnings = [each for each in caplog.records if each.levelno > logging.INFO]
    assert [each for each in warnings if each.name not in UNRELATED] == []
    # The connection attempt ends in the background, which delays nobody.
    await within(10, lambda: not push_mqtt.CLOSING)


async def test_web_port_replaces_a_silent_port(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    """A firewall that drops packets costs one timeout, then pushes arrive."""
    simulator.mqtt_port_silent = True
    await set_up(hass, entry)
    await within(15, lambda: entry.runtime_data.push.data is UpdateMode.PUSH)


@pytest.mark.parametrize(("release", "devices"), [("1.0.0", 80)])
async def test_slow_server_delays_neither_setup_nor_entities(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the first read had no time for gets its sensors in the background."""
    monkeypatch.setattr(latest, "FIRST_SECONDS", 1.0)
    simulator.push = False
    simulator.faults.add(Fault(Delay(0.1), "status"))
    # Waiting for all tasks would wait for the reads in the background, too.
    assert await hass.config_entries.async_setup(entry.entry_id)
    runtime = entry.runtime_data
    readings = runtime.readings
    pending, sensors = readings.pending, len(hass.states.async_all("sensor"))
    points = {point.key for point in readings._poll_groups().points}
    assert pending
    assert not pending & readings.data.unavailable
    await within(40, lambda: not readings.pending)
    await hass.async_block_till_done()
    assert pending & readings.data.readings.keys()
    missing = valued(simulator) & (points - readings.data.readings.keys())
    assert missing == set()
    assert len(hass.states.async_all("sensor")) > sensors
    assert entry.runtime_data is runtime
    unavailable = [
        each for each in hass.states.async_all() if each.state == "unavailable"
    ]
    assert unavailable == []
