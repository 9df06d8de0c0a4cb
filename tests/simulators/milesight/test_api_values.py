"""Latest values."""

import pytest

from simulators.faults import Json

from .conftest import NOW, Object, beaver, build, clock

pytestmark = pytest.mark.usefixtures("socket_enabled")

HOUR = 3_600_000
NOW_MS = int(NOW.timestamp()) * 1000


def stamps(rows: list[Object]) -> list[int]:
    return [int(str(row["timestamp"])) for row in rows]


async def test_batch_status_is_a_map_by_id() -> None:
    simulator = build()
    world = simulator.world
    known = [
        world.entity("Boiler plug", name)
        for name in ("voltage", "active_power", "socket_status", "sn", "reboot")
    ]
    async with beaver(simulator) as client:
        ids: list[Json] = [*(one.id for one in known), "1", int(known[0].id)]
        got = (await client.post("entity/batch-get-status", {"entity_ids": ids})).object
        assert set(got) == {one.id for one in known}
        for one in known:
            single = await client.get(f"entity/{one.id}/status")
            assert got[one.id] == single.data
        assert got[known[-1].id] == {}
        types = [
            type(row["value"]) for row in got.values() if isinstance(row, dict) and row
        ]
        assert types == [float, int, bool, str]


@pytest.mark.parametrize(("count", "status"), [(5000, 200), (5001, 400)])
async def test_batch_status_takes_5000_ids(count: int, status: int) -> None:
    async with beaver() as client:
        ids: list[Json] = [str(number) for number in range(count)]
        got = await client.post("entity/batch-get-status", {"entity_ids": ids})
        assert got.status == status
        if status == 400:
            assert got.json["error_code"] == "multiple_error"


async def test_values_change_with_reports_only() -> None:
    simulator = build()
    entity = simulator.world.entity("Boiler plug", "voltage")
    async with beaver(simulator) as client:
        seen: list[Object] = []
        for _ in range(60):
            got = (await client.get(f"entity/{entity.id}/status")).object
            if got not in seen:
                seen.append(got)
            clock(simulator).forward(seconds=60)
        assert [
            b - a for a, b in zip(stamps(seen), stamps(seen)[1:], strict=False)
        ] == [600_000] * (len(seen) - 1)
        assert len(seen) in (6, 7)
