"""Old releases are asked gently, and what they are asked for is complete."""

from collections.abc import Iterator

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.milesight import latest
from custom_components.metering_hub.live.push import UpdateMode
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulators.faults import Fault, html_error
from simulators.milesight import MilesightSimulator, Override

from ..conftest import Tick, set_up, shown
from ..plug import eventually
from .helpers import entity_id_of

AT_ONCE = 5


@pytest.fixture
def release() -> str:
    """Return a release that answers for one value at a time."""
    return "1.0.0"


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each read end with the first answers."""
    monkeypatch.setattr(latest, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(latest, "SECONDS", 0.0)


async def all_read(entry: MockConfigEntry, tick: Tick) -> None:
    """Let the little time pass in which the rest of a poll is read."""
    for _ in range(100):
        if not entry.runtime_data.readings.pending:
            return
        # A timer of frozen time is never due in the moment in which it is set.
        await tick(0.001)
    raise AssertionError("Some points were never read.")


def polled(entry: MockConfigEntry) -> set[str]:
    """Return the keys of all points that polls read."""
    return {point.key for point in entry.runtime_data.readings._poll_groups().points}


def statuses(simulator: MilesightSimulator) -> int:
    """Return how many values have been requested since the last call."""
    sent = [*simulator.faults.requests]
    simulator.faults.clear_requests()
    return sum(request.path.endswith("/status") for request in sent) - sum(
        request.path.endswith("/user/status") for request in sent
    )


def states(hass: HomeAssistant, entry: MockConfigEntry) -> Iterator[str]:
    """Yield the states of all polled points."""
    readings = entry.runtime_data.readings
    for key in set(readings.async_contexts()):
        found = readings.data.readings.get(key)
        is_unavailable = key in readings.data.unavailable
        yield STATE_UNAVAILABLE if is_unavailable else str(found and found.value)


@pytest.mark.usefixtures("release", "no_time")
async def test_setup_does_not_wait_for_all_values(
    hass: HomeAssistant, entry: MockConfigEntry, tick: Tick
) -> None:
    """Points without a value yet are neither failed nor unknown for ever."""
    await set_up(hass, entry)
    readings = entry.runtime_data.readings
    assert readings.pending
    assert not readings.data.unavailable
    assert not readings.pending & readings.data.readings.keys()
    await all_read(entry, tick)
    await hass.async_block_till_done()
    # One has never reported.
    without = polled(entry) - readings.data.readings.keys()
    assert without == {"milesight_gateway_integration_gateway_uptime"}
    assert shown(hass, "switch.boiler_plug_socket") == "on"


@pytest.mark.usefixtures("release", "no_time")
async def test_later_polls_are_spread(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    simulator.push = False
    await set_up(hass, entry)
    readings = entry.runtime_data.readings
    await all_read(entry, tick)
    points = len(polled(entry))
    statuses(simulator)
    await tick(60)
    asked = [statuses(simulator)]
    for _ in range(50):
        await tick(1)
        asked.append(statuses(simulator))
    # Of each point, one value, in many parts that are not crowded.
    assert points <= sum(asked) <= points + AT_ONCE
    assert max(asked) <= 2 * AT_ONCE
    assert not readings.pending


@pytest.mark.usefixtures("release", "no_time")
async def test_outage_between_two_parts(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """The whole server counts as away, and all is back after it."""
    await set_up(hass, entry)
    readings = entry.runtime_data.readings
    await all_read(entry, tick)
    await tick(60)
    assert readings.pending
    simulator.faults.add(Fault(html_error(500), "status"))
    await tick(20)
    await eventually(lambda: not readings.last_update_success)
    assert not readings.pending
    simulator.faults.clear()
    for _ in range(70):
        await tick(2)
    assert readings.last_update_success
    assert STATE_UNAVAILABLE not in set(states(hass, entry))


@pytest.mark.parametrize("release", ["1.2.3", "1.2.5", "1.3.0", "1.3.1"])
async def test_push_is_read_at_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    release: str,
    tick: Tick,
) -> None:
    """A few values of many, whatever the release has for that."""
    await eventually(lambda: loaded.runtime_data.push.data is UpdateMode.PUSH)
    entity = simulator.world.entity("Boiler plug", "voltage")
    simulator.world.override(entity, Override(231.5))
    await simulator.report_now("Boiler plug")
    voltage = entity_id_of(hass, simulator, "Boiler plug", "voltage")

    def is_collecting() -> bool:
        """Return True once the announcement has arrived."""
        return bool(loaded.runtime_data.readings._debouncer._keys)

    await eventually(is_collecting)
    await tick(1)
    assert shown(hass, voltage) == "231.5"
