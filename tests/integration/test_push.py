"""Push: changes reported by the server are shown soon; polling continues."""

import asyncio
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_fire_time_changed_exact,
)

from custom_components.metering_hub.identifiers import log_name
from custom_components.metering_hub.live import push
from custom_components.metering_hub.live.push import (
    LONGEST_WAIT,
    UpdateMode,
    wait_after,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from simulators.faults import Action, Drop, Fault, busy, html_error

from .conftest import Tick, finish_tasks, set_up, shown
from .plug import POLL_SECONDS, PlugServer, backend_of, eventually, told

MODE = "sensor.plug_update_mode"
POWER = "sensor.plug_power"
REGISTER = "sensor.plug_meter_reading"
RELAY = "switch.plug_relay"


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the random factor from waits."""
    monkeypatch.setattr(push, "MOST_JITTER", 1.0)


def fire(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let seconds pass without waiting for the effects."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)


async def attempted(entry: MockConfigEntry, tries: int) -> None:
    """Wait until so many connections were lost or failed."""
    await eventually(lambda: backend_of(entry).ended == tries)


async def connected(entry: MockConfigEntry, server: PlugServer, number: int) -> None:
    """Wait until the n-th connection is established."""
    await eventually(
        lambda: (
            server.connections == number
            and entry.runtime_data.push.data is UpdateMode.PUSH
        )
    )


async def test_change_is_shown_within_two_seconds(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Only the changed points are requested, long before the next poll."""
    server.values |= {"power": 99.5, "relay": True, "other": 7.0}
    await told(plug, server, "power", "relay")
    assert server.reads == []
    await tick(1)
    assert server.reads == [{"power", "relay"}]
    assert shown(hass, POWER) == "99.5"
    assert shown(hass, RELAY) == "on"
    assert shown(hass, "sensor.other_power") == "1.0"


async def test_polling_keeps_its_schedule(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A push neither replaces nor delays the next poll of everything."""
    await tick(POLL_SECONDS - 10)
    server.values["power"] = 99.5
    await told(plug, server, "power")
    await tick(1)
    assert server.reads == [{"power"}]
    server.values["other"] = 7.0
    await tick(8)
    assert len(server.reads) == 1
    await tick(1)
    assert len(server.reads) == 2
    assert {"power", "other", "relay"} <= server.reads[1]
    assert shown(hass, "sensor.other_power") == "7.0"
    await tick(POLL_SECONDS)
    assert len(server.reads) == 3


async def test_changes_within_a_second_are_read_together(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The next read covers all changes."""
    for step, key in enumerate(("power", "relay", "power", "other")):
        freezer.tick(0.2)
        server.values[key] = 50.0 + step if key != "relay" else True
        await told(plug, server, key)
        async_fire_time_changed_exact(hass)
        await finish_tasks(hass)
    assert server.reads == []
    freezer.tick(0.45)
    async_fire_time_changed_exact(hass)
    await finish_tasks(hass)
    assert server.reads == [{"power", "relay", "other"}]
    assert shown(hass, POWER) == "52.0"
    assert shown(hass, "sensor.other_power") == "53.0"


async def test_flood_is_at_most_one_request_per_second(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A thousand events in ten seconds cause ten requests."""
    for number in range(100):
        server.values["power"] = float(number)
        for _ in range(9):
            server.tell("power", "relay")
        received = backend_of(plug).received
        server.tell("power", "relay")
        await eventually(lambda seen=received: backend_of(plug).received >= seen + 10)
        freezer.tick(0.1)
        async_fire_time_changed_exact(hass)
        await finish_tasks(hass)
    assert 8 <= len(server.reads) <= 10
    freezer.tick(1.1)
    async_fire_time_changed_exact(hass)
    await finish_tasks(hass)
    assert shown(hass, POWER) == "99.0"


async def test_change_during_a_read_is_read_after_it(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A change during a read is not lost, and reads do not overlap."""
    server.values["power"] = 20.0
    await told(plug, server, "power")
    gate = server.hold()
    reading = asyncio.create_task(tick(1))
    await eventually(lambda: len(server.reads) == 1)
    server.values["power"] = 30.0
    await told(plug, server, "power")
    gate.set()
    await reading
    assert shown(hass, POWER) == "20.0"
    await tick(1)
    assert shown(hass, POWER) == "30.0"
    assert server.reads == [{"power"}, {"power"}]


async def test_slow_poll_does_not_undo_a_push(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A poll that starts before a push and ends after it is outdated."""
    server.values["other"] = 3.0
    gate = server.hold()
    fire(hass, freezer, POLL_SECONDS)
    await eventually(lambda: len(server.reads) == 1)
    server.hold().set()
    server.values["power"] = 40.0
    await told(plug, server, "power")
    fire(hass, freezer, 1)
    await eventually(lambda: shown(hass, POWER) == "40.0")
    gate.set()
    await finish_tasks(hass)
    assert shown(hass, POWER) == "40.0"
    assert shown(hass, "sensor.other_power") == "3.0"


async def test_poll_that_equals_the_one_before_replaces_a_push(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    freezer: FrozenDateTimeFactory,
    tick: Tick,
) -> None:
    """A push read that starts before a poll and ends during it is outdated."""
    await tick(POLL_SECONDS - 2)
    server.values["power"] = 40.0
    await told(plug, server, "power")
    pushed = server.hold()
    fire(hass, freezer, 1)
    await eventually(lambda: len(server.reads) == 1)
    server.values["power"] = 12.5
    polled = server.hold()
    fire(hass, freezer, 1)
    await eventually(lambda: len(server.reads) == 2)
    pushed.set()
    await eventually(lambda: shown(hass, POWER) == "40.0")
    polled.set()
    await finish_tasks(hass)
    assert shown(hass, POWER) == "12.5"


@pytest.mark.parametrize("keys", [("hidden",), ("clear",), ("no_such_point",), ()])
async def test_change_without_an_entity_is_not_read(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    tick: Tick,
    keys: tuple[str, ...],
) -> None:
    """Disabled entities, actions and unknown keys are not read."""
    await told(plug, server, *keys)
    await tick(1)
    await tick(1)
    assert server.reads == []
    await told(plug, server, *keys, "power")
    await tick(1)
    assert server.reads == [{"power"}]


async def test_false_drop_of_a_register_is_held_back(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Pushed readings pass the same guard as polled ones."""
    server.values["register"] = 0.0
    await told(plug, server, "register")
    await tick(1)
    assert server.reads == [{"register"}]
    assert shown(hass, REGISTER) == "100.0"
    server.values["register"] = 100.5
    await told(plug, server, "register")
    await tick(1)
    assert shown(hass, REGISTER) == "100.5"


async def test_missing_value_is_unknown(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A pushed point without a value does not keep its old state."""
    del server.values["power"]
    await told(plug, server, "power")
    await tick(1)
    assert shown(hass, POWER) == "unknown"


async def test_only_changes_write_a_state(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A push without a change causes a request and nothing else."""
    state = hass.states.get(POWER)
    assert state is not None
    await told(plug, server, "power", "relay")
    await tick(1)
    assert server.reads == [{"power", "relay"}]
    again = hass.states.get(POWER)
    assert again is not None
    assert again.last_reported == state.last_reported


async def test_server_that_fails_is_left_to_polling(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """While polls fail, a push reads nothing and makes nothing available."""
    server.faults.add(Fault(Drop(), "/values"))
    await tick(POLL_SECONDS)
    assert shown(hass, POWER) == STATE_UNAVAILABLE
    server.faults.clear()
    server.faults.clear_requests()
    await told(plug, server, "power")
    await tick(1)
    assert server.faults.count("/values") == 0
    assert shown(hass, POWER) == STATE_UNAVAILABLE
    await tick(POLL_SECONDS)
    assert shown(hass, POWER) == "12.5"
    server.values["power"] = 13.0
    await told(plug, server, "power")
    await tick(1)
    assert shown(hass, POWER) == "13.0"


@pytest.mark.parametrize(("failure", "pause"), [(busy(429, 30), 30), (Drop(), 10)])
async def test_failed_read_is_followed_by_a_pause(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    tick: Tick,
    failure: Action,
    pause: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A server that fails or asks for a pause is left alone despite pushes.

    The log says why changes come late.
    """
    server.faults.add(Fault(failure, "/values"))
    await told(plug, server, "power")
    await tick(1)
    failures = [
        each.levelno
        for each in caplog.records
        if "(single points) failed" in each.message
    ]
    assert failures == [logging.WARNING]
    server.faults.clear()
    server.faults.clear_requests()
    server.values["power"] = 14.0
    for _ in range(pause):
        assert server.faults.count("/values") == 0
        await told(plug, server, "power")
        await tick(1)
    assert server.faults.count("/values") == 1
    assert shown(hass, POWER) == "14.0"


async def test_update_mode_shows_the_connection(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    tick: Tick,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """A diagnostic sensor of the first device follows the connection."""
    assert shown(hass, MODE) == "push"
    entity = entity_registry.async_get(MODE)
    assert entity is not None
    assert entity.entity_category is EntityCategory.DIAGNOSTIC
    assert entity.unique_id == "plug_update_mode"
    device = device_registry.async_get(entity.device_id or "")
    assert device is not None
    assert device.name == "Plug"
    state = hass.states.get(MODE)
    assert state is not None
    assert state.attributes["options"] == ["push", "polling"]
    server.hang_up()
    await attempted(plug, 1)
    assert shown(hass, MODE) == "polling"
    await tick(8)
    await connected(plug, server, 2)
    assert shown(hass, MODE) == "push"


async def test_update_mode_requires_a_backend_with_push(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Other backends have no such sensor."""
    names = [state.entity_id for state in hass.states.async_all()]
    assert names
    assert not [name for name in names if "update_mode" in name]


async def test_manual_refresh_of_the_mode_changes_nothing(
    hass: HomeAssistant, plug: MockConfigEntry
) -> None:
    """A refresh needs no request and cannot fail."""
    await plug.runtime_data.push.async_refresh()
    assert shown(hass, MODE) == "push"


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize("refusal", [html_error(503), html_error(401), Drop()])
async def test_push_that_never_connects_does_no_harm(
    hass: HomeAssistant,
    plug_entry: MockConfigEntry,
    server: PlugServer,
    tick: Tick,
    refusal: Action,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Set-up and polling work, no reauthentication starts, one line is logged."""
    caplog.set_level(logging.INFO, "custom_components.metering_hub")
    server.faults.add(Fault(refusal, "/changes"))
    await set_up(hass, plug_entry)
    assert plug_entry.state is ConfigEntryState.LOADED
    for tries, wait in enumerate((5, 10, 20, 40), 1):
        await attempted(plug_entry, tries)
        await tick(wait)
    server.values["power"] = 17.0
    await tick(POLL_SECONDS)
    assert shown(hass, POWER) == "17.0"
    assert shown(hass, MODE) == "polling"
    assert caplog.text.count(f"{log_name(plug_entry)} push: not connected") == 1
    assert hass.config_entries.flow.async_progress() == []


def test_waits_increase_from_seconds_to_minutes() -> None:
    """The wait at least doubles, up to ten minutes, with a random factor."""
    for failures, least in enumerate((5, 10, 20, 40, 80, 160, 320)):
        waits = {wait_after(failures) for _ in range(50)}
        assert min(waits) >= least
        assert max(waits) <= least * 1.5
        assert len(waits) > 1
    assert {wait_after(failures) for failures in (7, 8, 5000)} == {LONGEST_WAIT}


@pytest.mark.usefixtures("no_jitter")
async def test_connection_attempts_become_rare(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Attempts follow after 5, 10, 20, 40 seconds; one line is logged each way."""
    caplog.set_level(logging.INFO, "custom_components.metering_hub")
    server.faults.add(Fault(html_error(503), "/changes"))
    server.hang_up()
    for tries, wait in enumerate((5, 10, 20, 40), 1):
        await attempted(plug, tries)
        await tick(wait - 1)
        assert server.faults.count("/changes") == tries
        await tick(1)
    await attempted(plug, 5)
    server.faults.clear()
    await tick(80)
    await connected(plug, server, 2)
    assert shown(hass, MODE) == "push"
    assert caplog.text.count(f"{log_name(plug)} push: not connected") == 1
    assert caplog.text.count(f"{log_name(plug)} push: connected again") == 1
    server.values["power"] = 18.0
    await told(plug, server, "power")
    await tick(1)
    assert shown(hass, POWER) == "18.0"


@pytest.mark.usefixtures("no_jitter")
async def test_short_connections_become_rare_too(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Only a connection that lasted a minute resets the waits."""
    for number, wait in enumerate((5, 10, 20), 1):
        server.hang_up()
        await attempted(plug, number)
        # The time that the test itself takes passes, too, so there has to be room.
        await tick(wait // 2)
        assert server.connections == number
        await tick(wait - wait // 2)
        await connected(plug, server, number + 1)
    await tick(60)
    server.hang_up()
    await attempted(plug, 4)
    await tick(2)
    assert server.connections == 4
    await tick(3)
    await connected(plug, server, 5)


@pytest.mark.usefixtures("no_jitter")
async def test_pause_that_the_server_asks_for_is_respected(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """There is no attempt before the time that the server asks for."""
    server.hang_up()
    await attempted(plug, 1)
    server.faults.add(Fault(busy(429, 120), "/changes", times=1))
    await tick(5)
    await attempted(plug, 2)
    await tick(119)
    assert server.faults.count("/changes") == 2
    await tick(1)
    await connected(plug, server, 2)


@pytest.mark.usefixtures("no_jitter")
async def test_server_that_is_back_ends_the_wait(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """After a long outage, push follows the first poll that succeeds."""
    server.faults.add(Fault(Drop()))
    server.hang_up()
    for tries, wait in enumerate((5, 10, 20, 40, 80, 160), 1):
        await attempted(plug, tries)
        await tick(wait)
    await attempted(plug, 7)
    await tick(POLL_SECONDS - 25)
    assert shown(hass, POWER) == STATE_UNAVAILABLE
    server.faults.clear()
    assert server.connections == 1
    # The next attempt would follow 320 seconds after the last one, in 45 seconds.
    await plug.runtime_data.readings.async_refresh()
    await connected(plug, server, 2)
    assert shown(hass, POWER) == "12.5"


@pytest.mark.usefixtures("no_jitter")
async def test_pause_that_the_server_asks_for_outlasts_its_return(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A poll that succeeds does not shorten it."""
    server.hang_up()
    await attempted(plug, 1)
    server.faults.add(Fault(busy(429, 120), "/changes", times=1))
    await tick(5)
    await attempted(plug, 2)
    server.faults.add(Fault(Drop(), "/values", times=1))
    for _ in range(2):
        await plug.runtime_data.readings.async_refresh()
    await tick(119)
    assert server.faults.count("/changes") == 2
    await tick(1)
    await connected(plug, server, 2)


@pytest.mark.usefixtures("no_jitter")
async def test_what_was_missed_is_read_at_once(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """What changes without a connection is not announced."""
    server.hang_up()
    await attempted(plug, 1)
    server.values |= {"power": 77.0, "other": 6.0}
    await tick(5)
    await connected(plug, server, 2)
    await finish_tasks(hass)
    assert shown(hass, POWER) == "77.0"
    assert shown(hass, "sensor.other_power") == "6.0"


async def test_first_connection_reads_nothing(
    plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """The set-up has read everything a moment before."""
    await tick(2)
    assert server.reads == []


async def test_outdated_inventory_is_renewed_within_a_minute(
    hass: HomeAssistant, plug_entry: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A device that was added gets its entities, and at once their values."""
    del server.settable["other"]
    await set_up(hass, plug_entry)
    await connected(plug_entry, server, 1)
    assert hass.states.get("sensor.other_power") is None
    server.settable["other"] = False
    backend_of(plug_entry).is_outdated = True
    server.faults.clear_requests()
    await told(plug_entry, server, "power")
    await tick(59)
    assert server.faults.count("/settable") == 0
    await tick(1)
    assert server.faults.count("/settable") == 1
    assert shown(hass, "sensor.other_power") == "1.0"


async def test_inventory_is_renewed_at_most_once_a_minute(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Also if there is a new reason each second."""
    server.faults.clear_requests()
    for _ in range(180):
        backend_of(plug).is_outdated = True
        await told(plug, server, "power")
        await tick(1)
    assert server.faults.count("/settable") == 3


async def test_poll_renews_an_outdated_inventory(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A server that does not push is noticed, too."""
    server.faults.clear_requests()
    backend_of(plug).is_outdated = True
    await tick(POLL_SECONDS)
    await tick(1)
    assert server.faults.count("/settable") == 1
    assert not backend_of(plug).is_outdated


async def test_unloading_before_a_renewal(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A scheduled renewal is cancelled."""
    server.faults.clear_requests()
    backend_of(plug).is_outdated = True
    await told(plug, server, "power")
    assert await hass.config_entries.async_unload(plug.entry_id)
    await tick(60)
    assert server.faults.count("/settable") == 0


async def test_unloading_with_pending_pushes(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Collected keys are dropped, the connection is closed, no task is left."""
    await told(plug, server, "power", "relay")
    name = log_name(plug)

    def tasks() -> list[str]:
        names = (task.get_name() for task in hass._background_tasks)
        return [each for each in names if each.startswith(name)]

    assert tasks()
    assert await hass.config_entries.async_unload(plug.entry_id)
    assert not tasks()
    server.tell("power")
    await eventually(lambda: server.watchers == 0)
    for _ in range(20):
        await tick(1)
    assert server.reads == []
    assert server.connections == 1


async def test_unloading_during_a_read(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    freezer: FrozenDateTimeFactory,
    tick: Tick,
) -> None:
    """A running read is cancelled, and the next one does not start."""
    await told(plug, server, "power")
    gate = server.hold()
    fire(hass, freezer, 1)
    await eventually(lambda: len(server.reads) == 1)
    await told(plug, server, "relay")
    assert await hass.config_entries.async_unload(plug.entry_id)
    gate.set()
    for _ in range(3):
        await tick(1)
    assert server.reads == [{"power"}]
    assert shown(hass, POWER) == STATE_UNAVAILABLE


@pytest.mark.usefixtures("no_jitter")
async def test_unloading_between_two_attempts(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """An unloaded entry does not connect; after a reload it works again."""
    server.hang_up()
    await attempted(plug, 1)
    assert await hass.config_entries.async_unload(plug.entry_id)
    await tick(600)
    assert server.connections == 1
    await set_up(hass, plug)
    await connected(plug, server, 2)
    assert shown(hass, MODE) == "push"


def missing(hass: HomeAssistant) -> list[str]:
    """Return the names in the issues about missing devices."""
    return [
        (issue.translation_placeholders or {})["names"]
        for issue in ir.async_get(hass).issues.values()
        if issue.translation_key == "devices_missing"
    ]


async def renewed(entry: MockConfigEntry, server: PlugServer, tick: Tick) -> None:
    """Let the server say that the inventory is outdated, and a minute pass."""
    backend_of(entry).is_outdated = True
    await told(entry, server, "power")
    await tick(61)


async def test_issue_names_devices_that_are_missing(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Otherwise their values would be unknown without a word."""
    del server.settable["other"], server.values["other"]
    assert missing(hass) == []
    await renewed(plug, server, tick)
    assert missing(hass) == ["Other"]
    server.settable["other"] = False
    await renewed(plug, server, tick)
    assert missing(hass) == []


async def test_issue_names_single_entities_that_are_missing(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A server may drop one value of a device, and the entity goes after a while."""
    relay = server.settable.pop("relay")
    await renewed(plug, server, tick)
    assert missing(hass) == ["Plug Relay"]
    server.settable["relay"] = relay
    await renewed(plug, server, tick)
    assert missing(hass) == []
    del server.settable["relay"]
    for _ in range(3):
        await plug.runtime_data.inventory.async_refresh()
    assert missing(hass) == []


async def test_no_issue_names_what_the_user_has_left_out(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """A disabled entity is missed by nobody."""
    entity_id = next(
        each.entity_id
        for each in er.async_entries_for_config_entry(er.async_get(hass), plug.entry_id)
        if each.unique_id.endswith("_relay")
    )
    er.async_get(hass).async_update_entity(
        entity_id, disabled_by=er.RegistryEntryDisabler.USER
    )
    del server.settable["relay"]
    await renewed(plug, server, tick)
    assert missing(hass) == []


async def test_issue_goes_with_the_devices(
    hass: HomeAssistant,
    plug: MockConfigEntry,
    server: PlugServer,
    tick: Tick,
    device_registry: dr.DeviceRegistry,
) -> None:
    """They are removed after three hourly inventories; renewals do not count."""
    del server.settable["other"], server.values["other"]
    for _ in range(4):
        await renewed(plug, server, tick)
        assert missing(hass) == ["Other"]
    both = {"Plug", "Other"}
    for left in (both, both, {"Plug"}):
        await plug.runtime_data.inventory.async_refresh()
        devices = dr.async_entries_for_config_entry(device_registry, plug.entry_id)
        assert {each.name for each in devices if each.entry_type is None} == left
    assert missing(hass) == []


async def test_issue_goes_with_the_entry(
    hass: HomeAssistant, plug: MockConfigEntry, server: PlugServer, tick: Tick
) -> None:
    """Nobody can do anything about it any more."""
    del server.settable["other"], server.values["other"]
    await renewed(plug, server, tick)
    assert missing(hass) == ["Other"]
    await hass.config_entries.async_remove(plug.entry_id)
    assert missing(hass) == []
