"""Re-imports that are cut off, of sources that keep less, or that fail in part."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.base import HistoryChunk
from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.backends.errors import (
    BackendError,
    ServerFaultError,
    UnreachableError,
)
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history import write_queue
from custom_components.metering_hub.history.recorder.home_assistant import (
    HomeAssistantRecorder,
)
from custom_components.metering_hub.history.recorder.recorder import last_rows
from custom_components.metering_hub.history.statistic import Statistic
from custom_components.metering_hub.history.write_queue import WriteQueue
from custom_components.metering_hub.history.writer import StatisticWriter
from custom_components.metering_hub.metering.model import Point, Reading
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House, Outage

from .conftest import NOW, Tick, set_up
from .test_history import PROGRESS, Statistics, euro, imported, simulator, wants_history
from .test_history_actions import call

__all__ = ["euro", "simulator", "wants_history"]

HOUR = timedelta(hours=1)
WRONG = ("electricity_delivered_1", "electricity_delivered_1_cost", "gas", "gas_cost")

type ReadChunks = Callable[[AsyncIterator[HistoryChunk]], AsyncIterator[HistoryChunk]]


@pytest.fixture(autouse=True)
def small_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write in small batches, so that an import that is cut off has written many."""
    monkeypatch.setattr(write_queue, "BATCH", 20)


class Source:
    """Change what the backend reads: `read` replaces its chunks, `early` its start."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Initialize a source that gives what the backend reads."""
        self.read: ReadChunks | None = None
        self.early = timedelta()
        self.keeps_from: datetime | None = None
        whole, first = DsmrReaderBackend.history, DsmrReaderBackend.history_start

        async def history(
            backend: DsmrReaderBackend,
            points: Collection[Point],
            start: datetime,
            end: datetime,
        ) -> AsyncIterator[HistoryChunk]:
            """Yield the chunks of the backend, or what replaces them."""
            chunks = whole(backend, points, start - self.early, end)
            async for chunk in self.read(chunks) if self.read else chunks:
                yield self._kept(chunk)

        async def history_start(
            backend: DsmrReaderBackend, points: Collection[Point]
        ) -> datetime | None:
            """Return the first reading that is kept."""
            found = await first(backend, points)
            return max(found, self.keeps_from) if found and self.keeps_from else found

        monkeypatch.setattr(DsmrReaderBackend, "history", history)
        monkeypatch.setattr(DsmrReaderBackend, "history_start", history_start)

    def _kept(self, chunk: HistoryChunk) -> HistoryChunk:
        """Return the readings of a chunk that the source still has."""
        if (since := self.keeps_from) is None:
            return chunk
        kept: Mapping[str, list[Reading]] = {
            key: [each for each in readings if each.time >= since]
            for key, readings in chunk.readings.items()
        }
        return HistoryChunk(readings=kept, until=chunk.until)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    """Return what changes the source."""
    return Source(monkeypatch)


def failing_after(count: int) -> ReadChunks:
    """Return what lets the server fail after some chunks."""

    async def read(chunks: AsyncIterator[HistoryChunk]) -> AsyncIterator[HistoryChunk]:
        """Yield some chunks, and fail."""
        number = 0
        async for chunk in chunks:
            yield chunk
            if (number := number + 1) == count:
                raise UnreachableError("gone")

    return read


def failing_point(key: str, error: BackendError) -> ReadChunks:
    """Return what lets one point fail from the second chunk on."""

    async def read(chunks: AsyncIterator[HistoryChunk]) -> AsyncIterator[HistoryChunk]:
        """Yield chunks without the readings of the point."""
        failed: dict[str, BackendError] = {}
        async for chunk in chunks:
            yield HistoryChunk(
                readings={
                    each: readings
                    for each, readings in chunk.readings.items()
                    if each not in failed
                },
                until=chunk.until,
                failed=failed,
            )
            failed = {key: error}

    return read


async def write_wrong(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Double what some statistics have counted, as if an older version had."""
    for key in WRONG:
        statistic_id = f"{entry.runtime_data.history.prefix}{key}"
        statistic = Statistic(
            statistic_id=statistic_id,
            name=key,
            unit="EUR" if key.endswith("cost") else "m³" if key == "gas" else "kWh",
            unit_class=None
            if key.endswith("cost")
            else "volume"
            if key == "gas"
            else "energy",
            is_measured=False,
        )
        writer = StatisticWriter.of(statistic, None)
        rows = await last_rows(hass, statistic_id, 1000)
        writer.add(row._replace(sum=2 * (row.sum or 0.0)) for row in rows)
        queue = WriteQueue(HomeAssistantRecorder(hass))
        await queue.write([writer])
        await queue.finish()


def negative(statistics: Statistics) -> list[tuple[str, Any]]:
    """Return all hours with a negative change."""
    return [
        (key, row)
        for key, rows in statistics.items()
        for row in rows
        if (row.get("change") or 0) < 0
    ]


@pytest.mark.parametrize("chunks", [1, 3, 6, 11])
@pytest.mark.parametrize("reloads", [False, True])
async def test_a_reimport_that_is_cut_off(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    source: Source,
    tick: Tick,
    chunks: int,
    reloads: bool,
) -> None:
    """The action fails; no hour is negative then; the next run goes on by itself."""
    clean = await imported(hass, loaded)
    await write_wrong(hass, loaded)
    wrong = await imported(hass, loaded)
    assert wrong["gas"] != clean["gas"]
    source.read = failing_after(chunks)
    with pytest.raises(HomeAssistantError) as failed:
        await call(hass, "import_history", loaded)
    assert failed.value.translation_key == "cannot_connect"
    assert negative(await imported(hass, loaded)) == []
    source.read = None
    if reloads:
        await hass.config_entries.async_reload(loaded.entry_id)
    else:
        await tick(300)
        await tick(300)
    healed = await imported(hass, loaded)
    for key in WRONG:
        count = len(clean[key]) - 1
        assert [row["change"] for row in healed[key]][:count] == pytest.approx(
            [row["change"] for row in clean[key]][:count], abs=1e-6
        ), key


async def test_a_reload_ends_the_action(
    hass: HomeAssistant, loaded: MockConfigEntry, source: Source
) -> None:
    """The import of an action ends with the entry, and the next one goes on."""
    clean = await imported(hass, loaded)
    await write_wrong(hass, loaded)
    action = hass.async_create_task(call(hass, "import_history", loaded))
    while hass.states.get(PROGRESS).attributes["state"] != "importing":  # type: ignore[union-attr]
        await hass.async_add_executor_job(int)
    await hass.config_entries.async_reload(loaded.entry_id)
    with pytest.raises(HomeAssistantError) as ended:
        await action
    assert ended.value.translation_key == "unloaded"
    assert await imported(hass, loaded) == clean


async def test_a_source_that_keeps_less(
    hass: HomeAssistant, loaded: MockConfigEntry, source: Source
) -> None:
    """Older hours stay, and the sums go on, whatever is imported again."""
    before = await imported(hass, loaded)
    source.keeps_from = NOW - timedelta(days=4)
    for fields in ({}, {"start": (NOW - timedelta(days=7)).isoformat()}):
        await call(hass, "import_history", loaded, **fields)
        after = await imported(hass, loaded)
        assert after.keys() == before.keys()
        for key, rows in before.items():
            assert [row["start"] for row in after[key]] == [
                row["start"] for row in rows
            ], key
            if "sum" in rows[0]:
                assert [row["sum"] for row in after[key]] == pytest.approx(
                    [row["sum"] for row in rows], abs=1e-6
                ), key
        assert [row["mean"] for row in after["electricity_power"]] == [
            row["mean"] for row in before["electricity_power"]
        ]


async def test_one_point_fails(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    source: Source,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """Others are imported, the import is incomplete, and that point is tried again."""
    source.read = failing_point("gas", ServerFaultError("GET /gas: HTTP 500"))
    await set_up(hass, entry)
    hass.config.language = "de"
    partly = await imported(hass, entry)
    state = hass.states.get(PROGRESS)
    assert state is not None
    assert state.attributes["state"] == "incomplete"
    assert 0 < float(state.state) < 100
    assert len(partly["electricity_delivered_1"]) == 193
    assert len(partly.get("gas", [])) < 193
    with pytest.raises(HomeAssistantError) as failed:
        await call(hass, "import_history", entry)
    assert failed.value.translation_key == "incomplete"
    assert failed.value.translation_placeholders is not None
    assert failed.value.translation_placeholders == {
        "points": "Meter reading \N{MIDDLE DOT} Gas meter"
    }
    for _ in range(13):
        await tick(2 * 3600)
    issue = issue_registry.async_get_issue(DOMAIN, f"history_failed_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["reason"] == (
        "Meter reading \N{MIDDLE DOT} Gaszähler: Der Server meldet einen eigenen "
        "Fehler (HTTP 500). "
        "Wenn das so bleibt, steht der Grund in seinem eigenen Protokoll."
    )
    source.read = None
    await tick(300)
    state = hass.states.get(PROGRESS)
    assert state is not None
    assert state.attributes["state"] == "up_to_date"
    assert (
        issue_registry.async_get_issue(DOMAIN, f"history_failed_{entry.entry_id}")
        is None
    )
    healed = await imported(hass, entry)
    await call(hass, "clear_history", entry, confirm=True)
    await call(hass, "import_history", entry)
    assert healed == await imported(hass, entry)


async def test_no_row_before_the_chosen_start(
    hass: HomeAssistant, entry: MockConfigEntry, source: Source
) -> None:
    """A backend that reads earlier for one point adds no hours to the others."""
    options = {**entry.options, "history_start": "2026-11-18"}
    hass.config_entries.async_update_entry(entry, options=options)
    source.early = timedelta(hours=25)
    await set_up(hass, entry)
    early = await imported(hass, entry)
    first = datetime(2026, 11, 17, 23, tzinfo=UTC)
    for key, rows in early.items():
        assert datetime.fromtimestamp(rows[0]["start"], UTC) >= first, key
    source.early = timedelta()
    await call(hass, "clear_history", entry, confirm=True)
    await call(hass, "import_history", entry)
    assert early == await imported(hass, entry)


async def test_the_long_window_is_compared_once_a_day(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Readings that arrive five days late are found within a day."""
    start = NOW.replace(minute=10) - 122 * HOUR
    simulator.house = House(
        7, simulator.house.start, outages=[Outage(start, start + 5 * HOUR)]
    )
    await set_up(hass, entry)
    estimated = await imported(hass, entry)
    simulator.house = House(7, simulator.house.start)
    await tick(300)
    key = "electricity_delivered_2"
    kept = (await imported(hass, entry))[key]
    assert kept[:100] == estimated[key][:100]
    await tick(24 * 3600)
    corrected = await imported(hass, entry)
    assert corrected[key][:100] != estimated[key][:100]
    await call(hass, "clear_history", entry, confirm=True)
    await call(hass, "import_history", entry)
    assert corrected == await imported(hass, entry)


async def test_import_history_tells_what_has_no_readings(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The answer lists the points of which the server has nothing."""
    await imported(hass, loaded)
    answer = await call(hass, "import_history", loaded)
    assert answer["without_readings"] == []


async def test_telegrams_are_walked_once(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Power is stored for less time than registers, but read together with them."""
    simulator.retention = timedelta(days=3)
    await set_up(hass, entry)
    before = await imported(hass, entry)
    start = NOW - timedelta(days=5)
    power = datetime.fromtimestamp(before["electricity_power"][0]["start"], UTC)
    assert power > start
    simulator.faults.clear_requests()
    await call(hass, "import_history", entry, start=start.isoformat())
    assert await imported(hass, entry) == before
    pages = [
        request.query["timestamp__gte"]
        for request in simulator.faults.requests
        if request.path.endswith("dsmrreading") and request.query["limit"] == "500"
    ]
    assert pages
    assert datetime.fromisoformat(min(pages)) > start - timedelta(days=1)
    assert len(pages) == len(set(pages))
