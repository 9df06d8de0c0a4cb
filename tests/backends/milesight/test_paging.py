"""Lists in pages."""

import pytest

from custom_components.metering_hub.backends.milesight.client import PAGE_SIZE
from simulators.faults import Fault, Json, MutateJson
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Connect


@pytest.mark.parametrize("version", VERSIONS)
async def test_pages_end_where_the_total_says(connect: Connect, version: str) -> None:
    """No page past the end is requested, because it would be page 1 again."""
    simulator = build(version, count=PAGE_SIZE + 3)
    beaver = await connect(simulator)
    inventory = await beaver.inventory()
    assert len(inventory.devices) == PAGE_SIZE + 3 + 2
    asked = beaver.requests()
    assert asked.count("/device/search") == 2
    searched = [
        one
        for one in simulator.world.entities.values()
        if one.kind in ("PROPERTY", "SERVICE")
        and one.template.since.has(simulator.release)
        and not one.template.hidden
    ]
    pages = -(-len(searched) // PAGE_SIZE)
    assert asked.count("/entity/search") == pages


async def test_wrong_total_does_not_loop_forever(connect: Connect) -> None:
    """A wrong total takes a few more requests, not an endless loop."""
    beaver = await connect(build())

    def more(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        return answer | {"data": data | {"total": 100}}

    beaver.simulator.faults.add(Fault(MutateJson(more), "device/search"))
    assert len((await beaver.inventory()).devices) == 26
    assert beaver.requests().count("/device/search") <= 5
