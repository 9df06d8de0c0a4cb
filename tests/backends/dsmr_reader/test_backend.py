"""Setting up asks for nothing twice."""

from .conftest import Connect, simulated


async def test_connect_and_inventory_ask_once(connect: Connect) -> None:
    """Version and meter statistics are those of `connect`; later they are new."""
    past = await connect(simulated())
    await past.backend.connect()
    await past.backend.inventory()
    requests = past.simulator.faults
    assert requests.count("application/version") == 1
    assert requests.count("datalogger/meter-statistics") == 1
    await past.backend.inventory()
    assert requests.count("application/version") == 2
    assert requests.count("datalogger/meter-statistics") == 2
