"""Fixtures for all tests."""

import asyncio

from hypothesis import HealthCheck, settings
import pytest

# A machine that is busy with other tests, too, is no reason to fail.
settings.register_profile(
    "any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any_machine")


@pytest.fixture(autouse=True)
async def _debug_without_stacks(
    enable_event_loop_debug: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep what asyncio's debug mode checks, but not the stacks that it takes.

    It takes one for each task, future and callback, to tell more of one that fails,
    and that is a third of the time of all tests.
    """
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "get_debug", lambda: False)
