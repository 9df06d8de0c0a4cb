"""The bounds of what a server alone would decide."""

import asyncio
from datetime import timedelta

import aiohttp
from aiohttp import web
import pytest

from custom_components.metering_hub.backends.common.bounds import (
    check_answer_count,
    check_byte_count,
    check_row_count,
    time_limit,
)
from custom_components.metering_hub.backends.common.http import HttpClient
from custom_components.metering_hub.backends.common.messages import Request
from custom_components.metering_hub.backends.errors import (
    AnswerTooLargeError,
    EndlessError,
    Reason,
    TooManyRowsError,
    TooSlowError,
    UnreachableError,
)
from simulators.endless import Drip
from simulators.server import serve


async def test_what_takes_too_long_is_cancelled_and_told_of() -> None:
    cancelled = asyncio.Event()

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(TooSlowError) as caught:
        async with time_limit(timedelta(seconds=0), "a poll"):
            await never()
    assert cancelled.is_set()
    assert caught.value.reason is Reason.TOO_SLOW
    assert caught.value.limit == 0


async def test_another_timeout_stays_what_it_is() -> None:
    """Only the limit itself is the server's slowness."""
    with pytest.raises(TimeoutError, match="another"):
        async with time_limit(timedelta(minutes=1), "a poll"):
            raise TimeoutError("another")


async def test_a_limit_that_is_kept_changes_nothing() -> None:
    async with time_limit(timedelta(minutes=1), "a poll"):
        done = await asyncio.sleep(0, "done")
    assert done == "done"


@pytest.mark.usefixtures("socket_enabled")
async def test_an_answer_that_drips_ends_with_its_time() -> None:
    """A byte now and then keeps no request alive."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"text": "x" * 1000})

    async def drip(request: web.Request) -> web.StreamResponse:
        return await Drip(pause=0.05).apply(request, answer)

    app = web.Application()
    app.router.add_get("/x", drip)
    async with serve(app) as url, aiohttp.ClientSession() as session:
        with pytest.raises(UnreachableError):
            await HttpClient(session, url).request(Request(path="/x", timeout=0.3))


def test_only_more_than_the_limit_is_refused() -> None:
    check_row_count(10, "rows", 10)
    check_answer_count(10, "answers", 10)
    check_byte_count(10, "bytes", 10)
    with pytest.raises(TooManyRowsError, match="rows") as rows:
        check_row_count(11, "rows", 10)
    with pytest.raises(EndlessError, match="answers") as answers:
        check_answer_count(11, "answers", 10)
    with pytest.raises(AnswerTooLargeError, match="bytes"):
        check_byte_count(11, "bytes", 10)
    assert rows.value.limit == answers.value.limit == 10
