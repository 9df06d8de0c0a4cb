"""What is kept over a restart."""

from custom_components.metering_hub.metering.model import Kind

from .conftest import Connect


async def test_kinds_outlive_a_restart_and_a_reset(connect: Connect) -> None:
    """A meter that was exchanged remains a meter."""
    campus = await connect()
    await campus.read_inventory()
    assert campus.point("timeseries_54_register").kind is Kind.REGISTER
    memory = campus.backend.remember()
    again = await connect()
    simulator = again.simulator
    for state in ("Raw", "Clean"):
        simulator.store.correct(
            simulator.world.series[54], state, {simulator.clock(): 0.5}
        )
    await again.restart(memory)
    again.count_requests()
    await again.read_inventory()
    assert again.point("timeseries_54_register").kind is Kind.REGISTER
    # Only the series without any data are looked at again.
    assert again.count_requests("/timeseries_data/") <= 4


async def test_a_damaged_memory_is_ignored(connect: Connect) -> None:
    """It may also be of another version."""
    campus = await connect()
    await campus.restart(
        {"states": [1], "registers": "13", "amounts": [None], "hours": 3, "first": {}}
    )
    await campus.read_inventory()
    assert (await campus.poll()).readings
