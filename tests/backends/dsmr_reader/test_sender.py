"""Telegrams and readings that are handed to DSMR-reader: each of them once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from aiohttp import web
import pytest

from custom_components.metering_hub.backends.dsmr_reader import sender
from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    BackendError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    ServerFaultError,
    UnreachableError,
    UnsupportedError,
)
from custom_components.metering_hub.metering.p1_readings import P1_FIELDS, P1Readings
from simulators.dsmr_reader import DsmrReaderSimulator, crc16
from simulators.dsmr_reader.meter import telegram
from simulators.dsmr_reader.store import Store
from simulators.faults import Action, Answer, Delay, Fault, Handler, busy, html_error

from .conftest import KEY, NOW, Connect, Connected, simulated

POST = "dsmrreading"
LATER = NOW + timedelta(minutes=5)
VALUES = {
    "delivered_1": 1234.5678,
    "delivered_2": 0.41000000000000003,
    "returned_1": 0,
    "returned_2": 999999.999,
    "power_delivered": 1.5,
    "power_returned": 0,
}
READINGS = P1Readings(time=LATER, values=VALUES)


class StoredThenLost:
    """Stores what is sent, and closes the connection instead of an answer."""

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if request.transport is not None:
            request.transport.abort()
        return response


@pytest.fixture
async def connected(connect: Connect) -> Connected:
    """Return a backend whose server has no telegrams of its own any more."""
    return await connect(simulated(stopped_at=NOW))


def telegram_of(simulator: DsmrReaderSimulator, time: datetime = LATER) -> str:
    """Return a telegram of the simulated meter at a moment."""
    return telegram(Store(simulator), int(time.timestamp()))


def posts(connected: Connected) -> int:
    """Return how many requests wanted to store something."""
    return connected.simulator.faults.count(method="POST")


def stored(connected: Connected) -> list[Mapping[str, object]]:
    """Return the rows that the server has stored of what was sent."""
    return list(connected.simulator.inbox.rows)


def fail(connected: Connected, action: Action, times: int | None = 1) -> None:
    fault = Fault(action, path=POST, times=times, method="POST")
    connected.simulator.faults.add(fault)


async def send_readings(backend: DsmrReaderBackend) -> bool:
    """Send readings of `LATER`."""
    return await backend.send_readings(READINGS)


async def test_a_telegram_is_stored(connected: Connected) -> None:
    text = telegram_of(connected.simulator)
    assert await connected.backend.send_telegram(text)
    (row,) = stored(connected)
    assert datetime.fromisoformat(str(row["timestamp"])) == LATER
    register = connected.true("electricity_delivered_1", LATER)
    assert float(str(row["electricity_delivered_1"])) == register
    assert float(str(row["extra_device_delivered"])) > 0


async def test_line_ends_are_those_of_a_meter(connected: Connected) -> None:
    """YAML and forms turn them around, and the checksum includes them."""
    text = telegram_of(connected.simulator).replace("\r\n", "\n")
    assert await connected.backend.send_telegram(f"\n{text}\n\n")
    assert len(stored(connected)) == 1


async def test_readings_are_stored(connected: Connected) -> None:
    readings = replace(
        READINGS,
        time=LATER + timedelta(microseconds=345_678),
        values={**VALUES, **{f"power_delivered_l{n}": n / 10 for n in (1, 2, 3)}},
        extra=(LATER - timedelta(minutes=4), 12.3456),
    )
    assert await connected.backend.send_readings(readings)
    (row,) = stored(connected)
    assert {name: text for name, text in row.items() if text is not None} == {
        "id": 10**9,
        "timestamp": "2026-11-21T03:38:20+01:00",
        "electricity_delivered_1": "1234.568",
        "electricity_delivered_2": "0.410",
        "electricity_returned_1": "0.000",
        "electricity_returned_2": "999999.999",
        "electricity_currently_delivered": "1.500",
        "electricity_currently_returned": "0.000",
        "phase_currently_delivered_l1": "0.100",
        "phase_currently_delivered_l2": "0.200",
        "phase_currently_delivered_l3": "0.300",
        "extra_device_timestamp": "2026-11-21T03:34:20+01:00",
        "extra_device_delivered": "12.346",
    }


def test_every_field_has_a_name_on_the_server() -> None:
    assert sender.FIELDS.keys() == {field.name for field in P1_FIELDS}


async def test_a_moment_is_sent_once(connected: Connected) -> None:
    """Whether as a telegram or as readings, and without asking the server again."""
    text = telegram_of(connected.simulator)
    assert await connected.backend.send_telegram(text)
    assert not await connected.backend.send_telegram(text)
    assert not await connected.backend.send_readings(READINGS)
    assert connected.take_request_count(POST) == 1
    assert len(stored(connected)) == 1


async def test_a_new_moment_takes_one_request(connected: Connected) -> None:
    for second in (0, 10, 20):
        time = LATER + timedelta(seconds=second)
        assert await connected.backend.send_readings(replace(READINGS, time=time))
    assert connected.take_request_count() == 3


async def test_nothing_is_sent_again_after_a_restart(connect: Connect) -> None:
    """The server is asked for moments that may have been sent before."""
    simulator = simulated(stopped_at=NOW)
    before = await connect(simulator)
    assert await before.backend.send_readings(READINGS)
    simulator.clock = lambda: LATER
    after = await connect(simulator)
    assert not await after.backend.send_readings(READINGS)
    assert posts(after) == 0
    assert not await after.backend.send_readings(READINGS)
    assert after.take_request_count() == 1
    earlier = replace(READINGS, time=LATER - timedelta(seconds=10))
    assert await after.backend.send_readings(earlier)


async def test_two_at_the_same_time_are_one(connected: Connected) -> None:
    fail(connected, Delay(0.05))
    sent = await asyncio.gather(*(send_readings(connected.backend) for _ in range(3)))
    assert sorted(sent) == [False, False, True]
    assert len(stored(connected)) == 1


async def test_a_lost_answer_is_not_followed_by_a_second_row(
    connected: Connected,
) -> None:
    """The request is not repeated, and the next call asks the server."""
    fail(connected, StoredThenLost())
    with pytest.raises(UnreachableError):
        await send_readings(connected.backend)
    assert connected.take_request_count() == 1
    assert not await send_readings(connected.backend)
    assert connected.simulator.faults.count(method="POST") == 0
    assert len(stored(connected)) == 1
    connected.simulator.faults.clear_requests()
    assert not await send_readings(connected.backend)
    assert connected.take_request_count() == 0


async def test_a_refused_look_leaves_it_unknown(connected: Connected) -> None:
    """Only a refusal to store something shows that it is not stored."""
    fail(connected, StoredThenLost())
    with pytest.raises(UnreachableError):
        await send_readings(connected.backend)
    connected.simulator.api_key = "other"
    with pytest.raises(AuthenticationError):
        await send_readings(connected.backend)
    connected.simulator.api_key = KEY
    assert not await send_readings(connected.backend)
    assert len(stored(connected)) == 1


async def test_a_canceled_request_leaves_it_unknown(connected: Connected) -> None:
    """It may have arrived."""
    fail(connected, Delay(0.1))
    task = asyncio.create_task(connected.backend.send_readings(READINGS))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    connected.simulator.faults.clear_requests()
    await send_readings(connected.backend)
    assert connected.simulator.faults.count(method="GET") == 1


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (html_error(500), ServerFaultError),
        (html_error(502), UnreachableError),
        (html_error(200), ProtocolError),
        (busy(429, 10), RateLimitedError),
    ],
)
@pytest.mark.parametrize("is_raw", [True, False])
async def test_what_did_not_arrive_can_be_sent_again(
    connected: Connected, action: Answer, error: type[BackendError], is_raw: bool
) -> None:
    """A failure is not repeated by itself."""
    text = telegram_of(connected.simulator)

    async def send() -> bool:
        if is_raw:
            return await connected.backend.send_telegram(text)
        return await send_readings(connected.backend)

    fail(connected, action)
    with pytest.raises(error):
        await send()
    assert posts(connected) == 1
    assert await send()
    assert len(stored(connected)) == 1


async def test_a_server_that_hangs_gets_few_requests(connected: Connected) -> None:
    fail(connected, Delay(0.2), times=None)

    async def send(number: int) -> bool:
        time = LATER + timedelta(seconds=number)
        return await connected.backend.send_readings(replace(READINGS, time=time))

    found = await asyncio.gather(*map(send, range(20)), return_exceptions=True)
    sent = [each for each in found if each is True]
    assert len(sent) == sender.MOST_PENDING == posts(connected)
    assert sum(isinstance(each, UnreachableError) for each in found) == 15


async def test_few_moments_are_remembered(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are forgotten are looked for on the server."""
    monkeypatch.setattr(sender, "REMEMBERED", 3)
    for number in range(5):
        time = LATER + timedelta(seconds=number)
        assert await connected.backend.send_readings(replace(READINGS, time=time))
    assert connected.take_request_count() == 5
    assert not await send_readings(connected.backend)
    assert posts(connected) == 0
    assert connected.take_request_count() == 1
    assert len(stored(connected)) == 5


async def test_an_unreadable_telegram_is_refused(connected: Connected) -> None:
    """The server's text says why, and nothing of the telegram is in the error."""
    text = telegram_of(connected.simulator)
    broken = f"{text[:-4]}0000"
    with pytest.raises(RejectedError) as caught:
        await connected.backend.send_telegram(broken)
    assert str(caught.value) == "Failed to parse telegram"
    assert await connected.backend.send_telegram(text)


async def test_a_reason_is_cleaned(connected: Connected) -> None:
    """It is shown to a person: it cannot run backwards or move the cursor."""
    text = telegram_of(connected.simulator)
    reason = "No \x1b[31m\u202ered\x00".encode()
    fail(connected, Answer(400, reason, "text/html"))
    with pytest.raises(RejectedError) as caught:
        await connected.backend.send_telegram(text)
    assert str(caught.value) == "No [31mred"


async def test_refused_numbers_are_named(connected: Connected) -> None:
    """With the names of the server."""
    values = {**VALUES, "power_returned": 1234567.0, "delivered_2": 1e9}
    with pytest.raises(RejectedError) as caught:
        await connected.backend.send_readings(replace(READINGS, values=values))
    too_long = "Ensure that there are no more than 9 digits in total."
    assert str(caught.value) == (
        f"electricity_delivered_2: {too_long}; "
        f"electricity_currently_returned: {too_long}"
    )
    assert await send_readings(connected.backend)


async def send_telegram_of_meter(connected: Connected) -> bool:
    return await connected.backend.send_telegram(telegram_of(connected.simulator))


async def send_readings_of_meter(connected: Connected) -> bool:
    return await send_readings(connected.backend)


@pytest.mark.parametrize("send", [send_telegram_of_meter, send_readings_of_meter])
async def test_login_errors(
    connected: Connected, send: Callable[[Connected], Awaitable[bool]]
) -> None:
    connected.simulator.api_key = "other"
    with pytest.raises(AuthenticationError):
        await send(connected)
    connected.simulator.api_enabled = False
    with pytest.raises(UnsupportedError) as caught:
        await send(connected)
    assert caught.value.reason == "api_disabled"


async def test_old_telegrams_have_no_time(connect: Connect) -> None:
    """The same text is a telegram of its own, except within seconds."""
    simulator = simulated(stopped_at=NOW, dsmr2=True)
    now = NOW
    simulator.clock = lambda: now
    connected = await connect(simulator)
    text = telegram_of(simulator)
    text = f"{text[: text.rindex('!')]}!"
    assert await connected.backend.send_telegram(text)
    now += timedelta(seconds=2)
    assert not await connected.backend.send_telegram(text)
    other = text.replace("1-0:1.7.0(0", "1-0:1.7.0(1")
    assert await connected.backend.send_telegram(other)
    now += timedelta(seconds=10)
    assert await connected.backend.send_telegram(other)
    assert [str(row["timestamp"])[17:19] for row in stored(connected)] == [
        "20",
        "22",
        "32",
    ]


async def test_what_was_sent_is_read(connected: Connected) -> None:
    """A telegram that another reader has sent is a reading like any other."""
    simulator = connected.simulator
    simulator.clock = lambda: LATER
    assert await connected.backend.send_telegram(telegram_of(simulator))
    (point,) = (
        point
        for key, point in (await connected.backend.inventory()).points.items()
        if key == "electricity_delivered_1"
    )
    latest = await connected.backend.latest([point])
    assert latest.readings[point.key].time == LATER


def test_the_checksum_is_the_meters() -> None:
    assert crc16(b"123456789") == 0xBB3D
