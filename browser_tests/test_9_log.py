"""Home Assistant's log after all other tests."""

import re

from .world import World

EXPECTED = (
    "does not answer",
    # Servers are started again, and one may be polled before it listens.
    "nothing listens at its port",
    "no longer accepts the credentials",
    "has not been tested by Home Assistant",
    # A busy machine is slow.
    "is taking over 10 seconds",
)


def complaints(log: str) -> list[str]:
    """Return the errors and warnings of the integration that no test provoked."""
    return [
        line
        for line in log.splitlines()
        if "metering_hub" in line
        and re.search(r" (WARNING|ERROR) ", line)
        and not any(text in line for text in EXPECTED)
    ]


def test_home_assistant_has_nothing_to_complain_about(world: World) -> None:
    """The integration logs no error or warning, except those that tests provoked."""
    assert complaints(world.home_assistant_log) == []
