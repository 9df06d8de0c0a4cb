"""Imports into a database that refuses, is locked, is restarted, or stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
import os
import subprocess
import sys

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.base import HistoryChunk
from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history import write_queue
from custom_components.metering_hub.metering.model import Point
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House

from ..history.refusals import nth, nth_and_its_repetition, refusing
from .conftest import API_KEY, NOW, Tick, set_up
from .test_history import PROGRESS, Statistics, euro, imported, wants_history
from .test_history_actions import call

__all__ = ["euro", "wants_history"]

type AtChunk = Callable[[int], Awaitable[None]]

RESTART = os.environ.get("RESTART_DB")
"""The command that restarts the database server, or `None` for SQLite."""

LOCK = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
database.execute("COMMIT")
"""


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Record no states, and repeat refused writes at once."""
    return {
        "commit_interval": 0,
        "db_retry_wait": 0,
        "exclude": {"domains": ["sensor", "binary_sensor"]},
    }


@pytest.fixture
def simulator() -> DsmrReaderSimulator:
    """Return a simulated DSMR-reader of a house with five days of history."""
    start = (NOW - timedelta(hours=118)).replace(minute=0)
    return DsmrReaderSimulator(
        House(7, start), api_key=API_KEY, clock=dt_util.utcnow, interval=300
    )


@pytest.fixture(autouse=True)
def small_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write in small batches, so there are many of them."""
    monkeypatch.setattr(write_queue, "BATCH", 60)
    monkeypatch.setattr(write_queue, "MAX_QUEUED", 120)


@pytest.fixture(autouse=True)
def one_meter(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Import only the electricity meter."""
    options = {**entry.options, "devices": ["electricity_meter"]}
    hass.config_entries.async_update_entry(entry, options=options)


async def reference(hass: HomeAssistant, entry: MockConfigEntry) -> Statistics:
    """Return the statistics of an undisturbed import of everything."""
    await call(hass, "clear_history", entry, confirm=True)
    await call(hass, "import_history", entry)
    return await imported(hass, entry)


async def count_writes(hass: HomeAssistant, entry: MockConfigEntry) -> int:
    """Return the number of batches of an import of everything."""
    with refusing(hass, lambda *_: False) as refusals:
        await reference(hass, entry)
    return refusals.count


def is_failed(hass: HomeAssistant) -> bool:
    """Return True if the history is shown as failed."""
    state = hass.states.get(PROGRESS)
    return state is not None and state.attributes["state"] == "failed"


async def test_each_batch_is_refused_once(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """If any batch is refused, the import succeeds with the same statistics."""
    clean = await reference(hass, loaded)
    number = 1
    while True:
        await call(hass, "clear_history", loaded, confirm=True)
        with refusing(hass, nth(number)) as refusals:
            await call(hass, "import_history", loaded)
        if not refusals.refused:
            break
        assert await imported(hass, loaded) == clean, number
        number += 3
    assert number > 20


async def test_each_batch_is_refused_for_good(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Whichever batch is refused, the run fails, and the next one completes it."""
    clean = await reference(hass, loaded)
    for number in range(1, await count_writes(hass, loaded) + 1):
        await call(hass, "clear_history", loaded, confirm=True)
        with (
            refusing(hass, nth_and_its_repetition(number)) as refusals,
            pytest.raises(HomeAssistantError) as raised,
        ):
            await call(hass, "import_history", loaded)
        assert refusals.refused >= 2
        assert raised.value.translation_key == "not_stored"
        assert is_failed(hass)
        await loaded.runtime_data.history.async_refresh()
        assert not is_failed(hass)
        assert await imported(hass, loaded) == clean, number


async def test_a_database_that_refuses_everything(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """After an hour there is an issue, which the first successful import resolves."""
    await set_up(hass, entry)
    await imported(hass, entry)
    issue = (DOMAIN, f"history_not_stored_{entry.entry_id}")
    with refusing(hass, lambda *_: True) as refusals:
        for _ in range(12):
            await tick(300)
            assert issue_registry.async_get_issue(*issue) is None
        await tick(300)
        assert is_failed(hass)
        found = issue_registry.async_get_issue(*issue)
    assert refusals.refused > 12
    assert found is not None
    assert found.translation_key == "history_not_stored"
    assert found.translation_placeholders is not None
    reason = found.translation_placeholders["reason"]
    assert reason.startswith("Home Assistant's database did not accept the history.")
    await tick(300)
    assert issue_registry.async_get_issue(*issue) is None
    assert await imported(hass, entry) == await reference(hass, entry)


async def test_removing_the_entry_resolves_the_issue(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """An entry that is removed leaves no issue."""
    await imported(hass, loaded)
    with refusing(hass, lambda *_: True):
        for _ in range(13):
            await tick(300)
    issue = (DOMAIN, f"history_not_stored_{loaded.entry_id}")
    assert issue_registry.async_get_issue(*issue) is not None
    await hass.config_entries.async_remove(loaded.entry_id)
    assert issue_registry.async_get_issue(*issue) is None


async def test_clearing_that_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """An action that cannot delete the statistics fails, and can be repeated."""
    before = await imported(hass, loaded)

    with refusing(hass, lambda *_: True, "DELETE FROM statistics_meta") as refusals:
        with pytest.raises(HomeAssistantError) as raised:
            await call(hass, "clear_history", loaded, confirm=True)
        assert refusals.refused == 2
    assert raised.value.translation_key == "not_stored"
    assert await imported(hass, loaded) == before
    await call(hass, "clear_history", loaded, confirm=True)
    assert await imported(hass, loaded) == {}


async def test_the_recorder_has_ended(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """An import fails at once, and queues nothing."""
    await imported(hass, loaded)
    await get_instance(hass)._async_shutdown(None)  # type: ignore[arg-type]
    backlog = get_instance(hass).backlog
    async with asyncio.timeout(5):
        for action, fields in (
            ("import_history", {}),
            ("clear_history", {"confirm": True}),
        ):
            with pytest.raises(HomeAssistantError) as raised:
                await call(hass, action, loaded, **fields)
            assert raised.value.translation_key == "recorder_stopped"
        await loaded.runtime_data.history.async_refresh()
    assert not loaded.runtime_data.history.last_update_success
    assert get_instance(hass).backlog == backlog


@pytest.fixture
def at_chunk(monkeypatch: pytest.MonkeyPatch) -> Callable[[AtChunk], None]:
    """Return a function that has something done before each chunk of history."""

    def do(action: AtChunk) -> None:
        whole = DsmrReaderBackend.history

        async def history(
            self: DsmrReaderBackend,
            points: Collection[Point],
            start: datetime,
            end: datetime,
        ) -> AsyncIterator[HistoryChunk]:
            number = 0
            async for chunk in whole(self, points, start, end):
                await action(number)
                number += 1
                yield chunk

        monkeypatch.setattr(DsmrReaderBackend, "history", history)

    return do


async def test_stop_at_every_chunk(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    at_chunk: Callable[[AtChunk], None],
    tick: Tick,
) -> None:
    """A stop ends an import of an action at once; the next run completes it."""
    await imported(hass, loaded)
    stopped_at, has_stopped = 0, False

    async def stop(number: int) -> None:
        nonlocal has_stopped
        if number == stopped_at and not has_stopped:
            has_stopped = True
            hass.set_state(CoreState.stopping)
            hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
            await asyncio.sleep(30)

    at_chunk(stop)
    while True:
        await call(hass, "clear_history", loaded, confirm=True)
        has_stopped = False
        async with asyncio.timeout(5):
            with suppress(HomeAssistantError):
                await call(hass, "import_history", loaded)
                assert not has_stopped
        if not has_stopped:
            break
        hass.set_state(CoreState.running)
        await tick(300)
        has_stopped = True
        assert await imported(hass, loaded) == await reference(hass, loaded)
        stopped_at += 1
    assert stopped_at > 1


async def test_home_assistant_stops_during_an_action(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    at_chunk: Callable[[AtChunk], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant stops without waiting for an import that an action began."""
    await imported(hass, loaded)
    reached = asyncio.Event()

    async def wait(number: int) -> None:
        reached.set()
        await asyncio.sleep(60)

    at_chunk(wait)
    action = hass.async_create_task(call(hass, "import_history", loaded))
    await reached.wait()
    async with asyncio.timeout(15):
        await hass.async_stop(force=True)
    with pytest.raises(HomeAssistantError):
        await action
    assert "still running after final writes" not in caplog.text
    assert not get_instance(hass).is_alive()


@pytest.mark.parametrize("persistent_database", [True])
@pytest.mark.parametrize("seconds", [7, 25])
async def test_another_process_locks_the_database(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    recorder_db_url: str,
    tick: Tick,
    seconds: int,
) -> None:
    """SQLite waits for 5 s and then refuses a batch; no hour is lost."""
    if not recorder_db_url.startswith("sqlite:///"):
        pytest.skip("Only SQLite can be locked.")
    clean = await reference(hass, loaded)
    await call(hass, "clear_history", loaded, confirm=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LOCK, recorder_db_url.removeprefix("sqlite:///")),
        str(seconds),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"locked\n"
    await loaded.runtime_data.history.async_refresh()
    assert await process.wait() == 0
    if is_failed(hass):
        await tick(300)
        clean = {}
    healed = await imported(hass, loaded)
    assert healed == (clean or await reference(hass, loaded))


@pytest.mark.skipif(RESTART is None, reason="There is no database server.")
@pytest.mark.parametrize("restarted_at", [0, 2])
async def test_the_database_server_is_restarted(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    at_chunk: Callable[[AtChunk], None],
    tick: Tick,
    restarted_at: int,
) -> None:
    """A restart in the middle of an import costs no hour."""
    await imported(hass, loaded)
    await call(hass, "clear_history", loaded, confirm=True)
    assert RESTART is not None
    restarting: list[asyncio.Task[object]] = []

    async def restart(number: int) -> None:
        if number == restarted_at and not restarting:
            # In a thread, so that the failed import does not cancel it.
            run = partial(subprocess.run, ["bash", "-c", RESTART], check=True)
            restarting.append(asyncio.create_task(asyncio.to_thread(run)))
            await asyncio.shield(restarting[0])

    at_chunk(restart)
    await loaded.runtime_data.history.async_refresh()
    await restarting[0]
    for _ in range(3):
        await tick(300)
    assert not is_failed(hass)
    assert await imported(hass, loaded) == await reference(hass, loaded)
