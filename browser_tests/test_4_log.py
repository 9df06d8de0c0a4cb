"""What is in Home Assistant's log after all that."""

import re

from .world import World

EXPECTED = (
    "does not answer",
    "no longer accepts the credentials",
    "has not been tested by Home Assistant",
)


def test_home_assistant_has_nothing_to_complain_about(world: World) -> None:
    """No error and no warning of ours, but those that the other tests provoked."""
    complaints = [
        line
        for line in world.home_assistant_log.splitlines()
        if "metering_hub" in line
        and re.search(r" (WARNING|ERROR) ", line)
        and not any(text in line for text in EXPECTED)
    ]
    assert complaints == []
