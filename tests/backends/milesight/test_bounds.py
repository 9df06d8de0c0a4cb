"""A Beaver IoT whose answers never come to an end."""

import asyncio
from datetime import timedelta
import logging
import time
import tracemalloc

from aiomqtt import Message
from orjson import dumps
import pytest

from custom_components.metering_hub.backends.errors import (
    AnswerTooLargeError,
    EndlessError,
    ProtocolError,
    Reason,
    TooManyRowsError,
)
from custom_components.metering_hub.backends.milesight.paging import MAX_PAGES
from custom_components.metering_hub.backends.milesight.push_flood import (
    MAX_MESSAGES,
    MAX_QUEUED_BYTES,
    MAX_QUEUED_MESSAGES,
    WINDOW,
    Flood,
    Inbox,
)
from simulators.endless import EndlessPages, LyingTotal, RepeatedPage
from simulators.faults import Answer, Fault
from tests.simulators.milesight.conftest import build

from .conftest import Changes, Connect, following, listening

SEARCHES = ["device/search", "entity/search"]


@pytest.mark.parametrize("path", SEARCHES)
async def test_total_of_a_billion_ends_at_the_first_page(
    connect: Connect, path: str
) -> None:
    """A flow went on for two minutes and took half a gigabyte."""
    beaver = await connect(build())
    beaver.simulator.faults.add(Fault(LyingTotal(10**9), path))
    with pytest.raises(TooManyRowsError) as caught:
        await beaver.inventory()
    assert caught.value.reason is Reason.TOO_MANY_ROWS
    assert beaver.simulator.faults.count(path) == 1


@pytest.mark.parametrize("path", SEARCHES)
async def test_page_that_repeats_ends_the_list(connect: Connect, path: str) -> None:
    beaver = await connect(build())
    beaver.simulator.faults.add(Fault(RepeatedPage(90_000), path))
    with pytest.raises(ProtocolError, match="repeats"):
        await beaver.inventory()
    assert beaver.simulator.faults.count(path) == 2


async def test_pages_without_end(connect: Connect) -> None:
    """Each has new devices, and says that there is one more page."""
    beaver = await connect(build())
    endless = EndlessPages(rows=5)
    beaver.simulator.faults.add(Fault(endless, "device/search"))
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(EndlessError) as caught:
        await beaver.inventory()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.limit == MAX_PAGES
    assert beaver.simulator.faults.count("device/search") == MAX_PAGES
    assert most < 100 * 1024 * 1024
    assert time.monotonic() - began < 60


async def test_bytes_of_all_pages_are_bounded(connect: Connect) -> None:
    """Rows of 16 kB each must not fill the memory before there are too many."""
    beaver = await connect(build())
    endless = EndlessPages(rows=200, padding=16 * 1024)
    beaver.simulator.faults.add(Fault(endless, "device/search"))
    with pytest.raises(AnswerTooLargeError):
        await beaver.inventory()
    assert beaver.simulator.faults.count("device/search") < 25


async def test_history_of_a_billion_rows(connect: Connect) -> None:
    """A window that is never read to its end fails, and nothing is collected."""
    beaver = await connect(build("1.3", count=3))
    points = await beaver.points([("Boiler plug", "voltage")])
    end = beaver.clock.now
    beaver.simulator.faults.add(Fault(LyingTotal(10**9), "history/search"))
    with pytest.raises(ProtocolError):
        await beaver.read_history(points, end - timedelta(days=3), end)
    assert beaver.simulator.faults.count("history/search") < 100


async def test_history_that_is_always_too_large(connect: Connect) -> None:
    """The page is halved until it has one row, and not any further."""
    beaver = await connect(build("1.3", count=3))
    points = await beaver.points([("Boiler plug", "voltage")])
    beaver.simulator.faults.clear_requests()
    end = beaver.clock.now
    huge = Answer(200, b'"' + b"x" * (4 * 1024 * 1024) + b'"', "application/json")
    beaver.simulator.faults.add(Fault(huge, "history/search"))
    with pytest.raises(AnswerTooLargeError):
        await beaver.read_history(points, end - timedelta(days=3), end)
    assert beaver.simulator.faults.count("history/search") < 20


async def test_flood_over_mqtt_ends_the_connection(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """18,100 lines were logged in 25 seconds; who watches connects again later."""
    beaver = await connect(build("1.3", count=3))
    await beaver.inventory()
    caplog.set_level(logging.INFO)
    async with listening(beaver) as changes:
        caplog.clear()
        flood = asyncio.create_task(
            beaver.simulator.notifier.flood(messages=3 * MAX_MESSAGES)
        )
        with pytest.raises(EndlessError):
            await read_all(changes)
        await flood
    assert len(caplog.records) < 5


async def test_flood_over_the_websocket_ends_the_connection(connect: Connect) -> None:
    beaver = await connect(build("1.0", count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        flood = asyncio.create_task(
            beaver.simulator.notifier.flood(messages=3 * MAX_MESSAGES)
        )
        with pytest.raises(EndlessError):
            await read_all(changes)
        await flood


async def test_busy_server_is_no_flood(connect: Connect) -> None:
    """A thousand devices that report at the same moment are followed."""
    beaver = await connect(build("1.3", count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        await beaver.simulator.notifier.flood(messages=900)
        await beaver.simulator.report_now("Boiler plug")
        key = beaver.key("Boiler plug", "voltage")
        async with asyncio.timeout(30):
            while key not in await anext(changes):
                pass


def test_flood_is_counted_by_window() -> None:
    """Many messages over a long time are none."""
    now = [0.0]
    flood = Flood(lambda: now[0])
    for _ in range(5):
        for _ in range(MAX_MESSAGES):
            flood.count()
        flood.check()
        now[0] += WINDOW
    for _ in range(MAX_MESSAGES + 1):
        flood.count()
    with pytest.raises(EndlessError):
        flood.check()


async def test_waiting_messages_are_bounded() -> None:
    """In number, and in bytes: a thousand messages of a megabyte were a gigabyte."""

    def message(size: int) -> Message:
        return Message("topic", b"x" * size, 0, False, 1, None)

    inbox = Inbox(Flood())
    for _ in range(2 * MAX_QUEUED_MESSAGES):
        inbox.put_nowait(message(10))
    assert inbox.qsize() == MAX_QUEUED_MESSAGES
    inbox = Inbox(Flood())
    large = MAX_QUEUED_BYTES // 4
    for _ in range(10):
        inbox.put_nowait(message(large))
    assert inbox.qsize() == 4
    await inbox.get()
    inbox.put_nowait(message(large))
    inbox.put_nowait(message(large))
    assert inbox.qsize() == 4


async def test_ids_that_nobody_knows_are_not_collected(connect: Connect) -> None:
    """Messages that name a hundred thousand strangers cost bounded memory."""
    beaver = await connect(build("1.3", count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        broker = beaver.simulator.notifier.broker
        topic = "beaver-iot/web_mqtt@default/downlink/web/exchange"
        for part in range(10):
            ids = [str(9 * 10**17 + part * 10_000 + each) for each in range(10_000)]
            event = {"event_type": "EXCHANGE", "payload": {"entity_ids": ids}}
            await broker.publish(topic, dumps(event))
            await following(changes)
        need = beaver.backend._need
        assert len(need._asked) + len(need._strangers) <= 20_000
        assert beaver.backend.needs_inventory


async def read_all(changes: Changes) -> None:
    """Follow changes until the connection ends."""
    async with asyncio.timeout(60):
        async for _ in changes:
            pass
