"""Rows that cannot be parsed."""

import pytest

from simulators.faults import Fault, Json
from tests.simulators.milesight.conftest import build

from .conftest import Connect, rows_changed


@pytest.mark.parametrize(
    "fields",
    [
        {"entity_id": None},
        {"entity_id": 1.5},
        {"entity_key": 7},
        {"entity_type": "ORACLE"},
        {"entity_value_type": None},
    ],
)
async def test_incomplete_rows_are_ignored(
    connect: Connect, fields: dict[str, Json]
) -> None:
    beaver = await connect(build(count=3))
    beaver.simulator.faults.add(Fault(rows_changed(**fields), "entity/search"))
    inventory = await beaver.inventory()
    assert inventory.points == {}
    assert len(inventory.devices) == 3
