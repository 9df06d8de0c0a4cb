"""Writing to a real recorder that refuses rows, hangs, or ends."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import logging
import threading
import time
from typing import override

import pytest

from custom_components.metering_hub.errors import RecorderError, StoppingError
from custom_components.metering_hub.errors.stopping import ended_at_stop
from custom_components.metering_hub.history import write_queue
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder import access as recorder_access
from custom_components.metering_hub.history.recorder.access import (
    Barrier,
    run_query,
    wait_until_stored,
)
from custom_components.metering_hub.history.recorder.batches import Batch, find_missing
from custom_components.metering_hub.history.recorder.home_assistant import (
    HomeAssistantRecorder,
)
from custom_components.metering_hub.history.recorder.recorder import (
    clear,
    last_rows,
    recorded_ids,
)
from custom_components.metering_hub.history.statistic import Statistic
from custom_components.metering_hub.history.write_queue import WriteQueue
from custom_components.metering_hub.history.writer import StatisticWriter
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers.recorder import get_instance

from ..refusals import nth_and_its_repetition, refusing

# The test package lets SQLAlchemy log every statement, which takes most of the time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PREFIX = "metering_hub:test_"


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Wait for nothing before a refused write is repeated."""
    return {"commit_interval": 0, "db_retry_wait": 0}


@pytest.fixture(autouse=True)
def _recorder(recorder_mock: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a recorder, and write in batches of a few rows."""
    monkeypatch.setattr(write_queue, "BATCH", 10)
    monkeypatch.setattr(write_queue, "MAX_QUEUED", 30)


def make_statistic(key: str, *, is_measured: bool = False) -> Statistic:
    """Return a statistic of energy, or of power if it `is_measured`."""
    return Statistic(
        statistic_id=f"{PREFIX}{key}",
        name=key,
        unit="W" if is_measured else "kWh",
        unit_class="power" if is_measured else "energy",
        is_measured=is_measured,
    )


def make_rows(count: int, step: float = 0.1) -> list[Row]:
    """Return rows of a register."""
    return [
        Row(START + hour * HOUR, state=100 + (hour + 1) * step, sum=(hour + 1) * step)
        for hour in range(count)
    ]


def writer_of(key: str, rows: list[Row], **more: object) -> StatisticWriter:
    """Return a writer that has to write rows."""
    writer = StatisticWriter.of(make_statistic(key, **more), None)
    writer.add(rows)
    return writer


async def write(hass: HomeAssistant, *writers: StatisticWriter) -> None:
    """Write all pending rows."""
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write(writers)
    await queue.finish()


@dataclass(slots=True)
class Block(RecorderTask):
    """Occupy the recorder until it is released; it may end then."""

    released: threading.Event
    ends: bool = False

    @override
    def run(self, instance: Recorder) -> None:
        """Wait in the recorder's thread."""
        self.released.wait(60)
        if self.ends:
            instance.stop_requested = True


@contextmanager
def blocked(hass: HomeAssistant, *, ends: bool = False) -> Iterator[threading.Event]:
    """Occupy the recorder within the context."""
    released = threading.Event()
    get_instance(hass).queue_task(Block(released, ends))
    try:
        yield released
    finally:
        released.set()


async def test_all_rows_are_stored(hass: HomeAssistant) -> None:
    """Rows of several statistics of different lengths are in the database."""
    rows = make_rows(95)
    power = [Row(START + h * HOUR, mean=h, min=h, max=h) for h in range(33)]
    await write(
        hass,
        writer_of("one", rows),
        writer_of("two", rows[:41]),
        writer_of("power", power, is_measured=True),
    )
    assert await last_rows(hass, f"{PREFIX}one", 200) == rows
    assert await last_rows(hass, f"{PREFIX}two", 200) == rows[:41]
    assert await last_rows(hass, f"{PREFIX}power", 200) == power


@pytest.mark.parametrize("number", range(1, 16))
async def test_a_batch_that_is_refused_once_is_written_again(
    hass: HomeAssistant, number: int
) -> None:
    """Whichever batch is refused, all rows are stored in the end."""
    rows = make_rows(50)
    with refusing(hass, lambda count, _: count == number) as refusals:
        await write(hass, *(writer_of(key, rows) for key in ("a", "b", "c")))
    assert (refusals.count, refusals.refused) == (16, 1)
    for key in "abc":
        assert await last_rows(hass, f"{PREFIX}{key}", 100) == rows


@pytest.mark.parametrize("number", range(1, 16))
async def test_no_row_is_stored_after_a_gap(hass: HomeAssistant, number: int) -> None:
    """If a batch is refused for good, writing fails before a later one is queued."""
    rows = {key: make_rows(50, step) for key, step in (("a", 1), ("b", 2), ("c", 3))}
    with (
        refusing(hass, nth_and_its_repetition(number)) as refusals,
        pytest.raises(RecorderError, match="10 rows"),
    ):
        await write(hass, *(writer_of(key, each) for key, each in rows.items()))
    assert refusals.refused == 2
    await wait_until_stored(hass)
    for key, each in rows.items():
        found = await last_rows(hass, f"{PREFIX}{key}", 100)
        assert found == each[: len(found)]


async def test_a_correction_that_is_refused_is_noticed(hass: HomeAssistant) -> None:
    """A row that was there before does not prove that a batch was stored."""
    rows = make_rows(10)
    await write(hass, writer_of("a", rows))
    corrected = [*rows]
    corrected[4] = rows[4]._replace(state=7.0, sum=7.0)
    writer = StatisticWriter.of(make_statistic("a"), rows)
    writer.add(corrected)
    with refusing(hass, lambda count, _: count == 1) as refusals:
        await write(hass, writer)
    assert refusals.refused == 1
    assert await last_rows(hass, f"{PREFIX}a", 20) == corrected


async def test_one_query_finds_the_missing_batches(hass: HomeAssistant) -> None:
    """Missing and different rows are found among those of several statistics."""
    rows = make_rows(3)
    cells = [tuple(row) for row in rows]
    await write(hass, writer_of("a", rows), writer_of("b", rows[:2]))
    stored = Batch.of(make_statistic("a"), cells, None)
    missing = Batch.of(make_statistic("b"), cells, None)
    unknown = Batch.of(make_statistic("c"), cells, None)
    other = Batch.of(make_statistic("a"), [(START, 1.0, 1.0, None, None, None)], None)
    batches = [stored, missing, unknown, other]
    assert await find_missing(hass, batches) == [missing, unknown, other]
    assert await find_missing(hass, []) == []


async def test_a_recorder_that_does_not_answer(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting, writing and clearing end with an error after the timeout."""
    await write(hass, writer_of("a", make_rows(3)))
    monkeypatch.setattr(recorder_access, "BARRIER_TIMEOUT", 0.1)
    with blocked(hass):
        for waiting in (
            wait_until_stored(hass),
            write(hass, writer_of("b", make_rows(3))),
            clear(hass, [f"{PREFIX}a"]),
        ):
            with pytest.raises(RecorderError, match="not answered for"):
                await waiting
    monkeypatch.undo()
    await wait_until_stored(hass)
    assert await recorded_ids(hass, PREFIX) == [f"{PREFIX}b"]


async def test_the_recorder_ends_while_it_is_waited_for(hass: HomeAssistant) -> None:
    """A barrier that is never reached fails once the recorder's thread has ended."""
    with blocked(hass, ends=True) as released:
        barrier = Barrier(hass)
        waiting = asyncio.ensure_future(barrier.wait())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        released.set()
        with pytest.raises(RecorderError, match="ended"):
            await asyncio.wait_for(waiting, 5)


async def test_nothing_is_queued_to_a_recorder_that_has_ended(
    hass: HomeAssistant,
) -> None:
    """Every use of a recorder that has ended fails at once."""
    await get_instance(hass)._async_shutdown(None)  # type: ignore[arg-type]
    backlog = get_instance(hass).backlog
    for use in (
        wait_until_stored(hass),
        write(hass, writer_of("a", make_rows(3))),
        clear(hass, [f"{PREFIX}a"]),
        last_rows(hass, f"{PREFIX}a", 3),
        recorded_ids(hass, PREFIX),
    ):
        with pytest.raises(RecorderError, match="not running"):
            await use
    assert get_instance(hass).backlog == backlog


async def test_a_query_that_fails(hass: HomeAssistant) -> None:
    """The errors of the database become RecorderError."""

    def fail() -> None:
        """Fail as a closed connection does."""
        raise RuntimeError("closed")

    with pytest.raises(RecorderError, match="RuntimeError"):
        await run_query(hass, fail)


async def test_a_cancelled_query_ends_first(hass: HomeAssistant) -> None:
    """No query runs any longer when its task has been cancelled."""
    started, ended = threading.Event(), threading.Event()

    def query() -> None:
        """Take a while."""
        started.set()
        time.sleep(0.3)
        ended.set()

    task = hass.async_create_task(run_query(hass, query))
    assert await asyncio.to_thread(started.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_barrier_ends_at_the_stop_of_home_assistant(
    hass: HomeAssistant,
) -> None:
    """The stop event ends a wait for a recorder that does not answer."""
    with blocked(hass):
        waiting = asyncio.ensure_future(wait_until_stored(hass))
        await asyncio.sleep(0.05)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        with pytest.raises(StoppingError):
            await asyncio.wait_for(waiting, 2)


async def test_nothing_begins_while_home_assistant_stops(hass: HomeAssistant) -> None:
    """While Home Assistant is stopping, the recorder is not used."""
    hass.set_state(CoreState.stopping)
    with pytest.raises(StoppingError):
        await wait_until_stored(hass)
    with pytest.raises(StoppingError):
        async with ended_at_stop(hass):
            pass
    hass.set_state(CoreState.running)


async def test_a_stop_waits_for_the_end(hass: HomeAssistant) -> None:
    """Home Assistant waits until what the stop has ended is cleaned up."""
    cleaned = False

    async def work() -> None:
        """Take a moment to clean up."""
        nonlocal cleaned
        async with ended_at_stop(hass):
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0.1)
                cleaned = True

    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert cleaned
    with pytest.raises(StoppingError):
        await task


async def test_a_timeout_in_the_body(hass: HomeAssistant) -> None:
    """A TimeoutError of the body is raised as it is, and nothing keeps listening."""
    before = hass.bus.async_listeners().get(EVENT_HOMEASSISTANT_STOP, 0)
    with pytest.raises(TimeoutError):
        async with ended_at_stop(hass):
            raise TimeoutError
    assert hass.bus.async_listeners().get(EVENT_HOMEASSISTANT_STOP, 0) == before


async def test_clearing_is_tried_again(hass: HomeAssistant) -> None:
    """Statistics that cannot be deleted the first time are deleted the second time."""
    keys = [f"k{number:02}" for number in range(23)]
    await write(hass, *(writer_of(key, make_rows(2)) for key in keys))
    ids = await recorded_ids(hass, PREFIX)
    assert len(ids) == 23
    await clear(hass, ids)
    assert await recorded_ids(hass, PREFIX) == []
    await clear(hass, [])
