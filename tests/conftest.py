"""Fixtures for all tests."""

import asyncio

from hypothesis import HealthCheck, settings
import pytest

from custom_components.metering_hub.backends.common.log_limit import limit_again
from custom_components.metering_hub.const import LOGGER

# Tests run in parallel, so times are not reliable.
settings.register_profile(
    "any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# For `script/test --fuzz`, which goes on where the last run ended: see .hypothesis/.
settings.register_profile(
    "fuzz", settings.get_profile("any_machine"), max_examples=5_000
)
settings.load_profile("any_machine")


@pytest.fixture(autouse=True)
async def _debug_without_stacks(
    enable_event_loop_debug: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep the checks of asyncio's debug mode, but not its stack traces.

    It stores a stack trace for each task, future and callback, which takes a third of
    the time of all tests.
    """
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "get_debug", lambda: False)


@pytest.fixture(autouse=True)
def _own_log_limits() -> None:
    """Let no line be left out because other tests have provoked the same one."""
    limit_again(LOGGER.name)
