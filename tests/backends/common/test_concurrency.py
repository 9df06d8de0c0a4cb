"""Parallel requests fail alone or together; long work yields to the event loop."""

import asyncio
from collections.abc import Callable, Coroutine
import gc
import warnings

import pytest

from custom_components.metering_hub.backends.common.concurrency import (
    LoopYielder,
    gather_parts,
)
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    BackendError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitedError,
    Reason,
    ServerFaultError,
    UnreachableError,
    UnsupportedError,
)
from tests.turns import counting_turns


class Part:
    """A slow part that records whether it ended."""

    def __init__(self) -> None:
        self.started = False
        self.ended = False
        self.cancelled = False

    async def run(self) -> str:
        self.started = True
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        self.ended = True
        return "slow"


async def give[T](value: T, delay: float = 0) -> T:
    await asyncio.sleep(delay)
    return value


async def fail(error: Exception, delay: float = 0) -> str:
    await asyncio.sleep(delay)
    raise error


async def fail_at_once(error: Exception) -> str:
    raise error


async def test_no_parts() -> None:
    assert await gather_parts({}) == ({}, {})


async def test_all_parts_succeed() -> None:
    results, failures = await gather_parts({"a": give(1), "b": give(2), "c": give(3)})
    assert results == {"a": 1, "b": 2, "c": 3}
    assert failures == {}


async def test_none_is_a_result() -> None:
    assert await gather_parts({"a": give(None)}) == ({"a": None}, {})


async def test_parts_run_at_the_same_time() -> None:
    meeting = asyncio.Barrier(3)
    async with asyncio.timeout(10):
        results, _ = await gather_parts({n: meeting.wait() for n in range(3)})
    assert sorted(results.values()) == [0, 1, 2]


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("x"),
        PermissionDeniedError("x"),
        ProtocolError("x"),
        ServerFaultError("x"),
    ],
)
async def test_one_endpoint_fails_alone(error: BackendError) -> None:
    results, failures = await gather_parts(
        {
            "before": give(1),
            "bad": fail(error),
            "after": give(2, 0.01),
        }
    )
    assert results == {"before": 1, "after": 2}
    assert failures == {"bad": error}


async def test_all_endpoints_may_fail() -> None:
    errors = {"a": NotFoundError("a"), "b": ProtocolError("b")}
    parts = {key: fail(error) for key, error in errors.items()}
    assert await gather_parts(parts) == ({}, errors)


WHOLE_SERVER = [
    AuthenticationError("x"),
    UnreachableError("x"),
    RateLimitedError("x", retry_after=5),
    UnsupportedError("x", reason=Reason.API_DISABLED),
]


@pytest.mark.parametrize("error", WHOLE_SERVER, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("failing", [fail, fail_at_once])
async def test_error_of_the_server_cancels_the_other_parts(
    failing: Callable[[Exception], Coroutine[None, None, str]], error: BackendError
) -> None:
    slow = Part()
    with pytest.raises(BackendError) as raised:
        await gather_parts({"slow": slow.run(), "bad": failing(error)})
    assert raised.value is error
    assert slow.cancelled


async def test_errors_of_endpoints_do_not_hide_one_of_the_server() -> None:
    with pytest.raises(UnreachableError, match="down"):
        await gather_parts(
            {
                "small": fail(NotFoundError("small")),
                "big": fail(UnreachableError("down"), 0.01),
            }
        )


@pytest.mark.parametrize("turned", [False, True])
async def test_authentication_error_takes_precedence(turned: bool) -> None:
    refused = AuthenticationError("refused")
    parts = [
        ("down", fail_at_once(UnreachableError("down"))),
        ("refused", fail_at_once(refused)),
        ("limited", fail_at_once(RateLimitedError("limited"))),
    ]
    with pytest.raises(BackendError) as raised:
        await gather_parts(dict(reversed(parts) if turned else parts))
    assert raised.value is refused


async def test_first_of_equal_errors_is_raised() -> None:
    first = UnreachableError("first")
    with pytest.raises(UnreachableError) as raised:
        await gather_parts(
            {
                "a": fail_at_once(first),
                "b": fail_at_once(UnreachableError("second")),
            }
        )
    assert raised.value is first


async def test_no_exception_group_is_raised() -> None:
    with pytest.raises(UnreachableError) as raised:
        await gather_parts({"a": fail(UnreachableError("x"))})
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


async def test_other_exceptions_are_not_hidden() -> None:
    slow = Part()
    with pytest.raises(ExceptionGroup) as raised:
        await gather_parts({"slow": slow.run(), "bad": fail(KeyError("oops"))})
    assert raised.group_contains(KeyError)
    assert slow.cancelled


@pytest.mark.parametrize("error", [UnreachableError("x"), KeyError("x")])
async def test_nothing_is_left_running(error: Exception) -> None:
    before = asyncio.all_tasks()
    parts = [Part() for _ in range(5)]
    with pytest.raises((BackendError, ExceptionGroup)):
        await gather_parts(
            {
                "bad": fail_at_once(error),
                **{str(number): part.run() for number, part in enumerate(parts)},
            }
        )
    assert asyncio.all_tasks() == before
    assert not any(part.started and not part.cancelled for part in parts)


async def test_cancelling_reaches_the_parts() -> None:
    part = Part()
    task = asyncio.create_task(gather_parts({"a": part.run()}))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert part.cancelled


async def test_every_part_is_awaited() -> None:
    slow = Part()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(UnreachableError):
            await gather_parts(
                {
                    "bad": fail_at_once(UnreachableError("x")),
                    "slow": slow.run(),
                }
            )
        gc.collect()
    assert slow.started
    assert not [warning for warning in caught if "never awaited" in str(warning)]


async def test_long_work_yields_to_the_event_loop() -> None:
    yielder = LoopYielder(10)
    async with counting_turns() as turns:
        await yielder.spend(9)
        assert turns.count == 0
        for _ in range(3):
            await yielder.spend(10)
        assert turns.count > 0
        yielded = turns.count
        await yielder.spend(9)
        assert turns.count == yielded
