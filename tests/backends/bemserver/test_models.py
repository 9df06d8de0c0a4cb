"""Parsing rows."""

from simulators.faults import Fault, MutateJson

from .conftest import Campus, Connect


async def test_malformed_rows_are_ignored(campus: Campus, connect: Connect) -> None:
    """A row with missing or wrong fields does not affect the others."""

    def spoil(rows: object) -> object:
        bad = [None, 3, {}, {"id": "x"}, {"id": 5, "name": None}, {"name": "x"}]
        return [*bad, *rows] if isinstance(rows, list) else rows

    spoiled = await connect()
    spoiled.simulator.faults.add(Fault(MutateJson(spoil)))  # type: ignore[arg-type]  # Any JSON.
    assert (
        await spoiled.read_inventory()
    ).points.keys() == campus.inventory.points.keys()
