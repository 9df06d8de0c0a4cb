"""Home Assistant's log after all other tests."""

import re

from .world import World

EXPECTED = (
    "does not answer",
    "no longer accepts the credentials",
    "has not been tested by Home Assistant",
)


def test_home_assistant_has_nothing_to_complain_about(world: World) -> None:
    """The integration logs no error or warning, except those that tests provoked."""
    complaints = [
        line
        for line in world.home_assistant_log.splitlines()
        if "metering_hub" in line
        and re.search(r" (WARNING|ERROR) ", line)
        and not any(text in line for text in EXPECTED)
    ]
    assert complaints == []
