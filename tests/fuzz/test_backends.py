"""Some fixed examples of each backend; `script/test --fuzz` tries ever new ones."""

import pytest

from custom_components.metering_hub.backends.common import http

from .worlds import WORLDS, running

EXAMPLES = 12
"""Of each backend. The corpus of an earlier run comes on top: see `REGRESSIONS`."""

REGRESSIONS: dict[str, tuple[int, ...]] = {}
"""Seeds that found something which has no smaller test of its own."""


@pytest.fixture(autouse=True)
def short_retry_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat failed requests without waiting."""
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.001))


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("name", WORLDS)
async def test_only_own_errors_come_out(name: str) -> None:
    found: list[str] = []
    async with running(name) as world:
        for seed in (*range(EXAMPLES), *REGRESSIONS.get(name, ())):
            findings = await world.attempt(seed)
            found += [f"seed {seed}: {each}" for each in findings.found]
    assert not found
