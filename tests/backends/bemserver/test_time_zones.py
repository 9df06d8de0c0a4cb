"""Time zones of campaigns."""

from .conftest import Campus


async def test_a_time_zone_that_does_not_exist(campus: Campus) -> None:
    """Days begin as in the other campaigns."""
    campus.simulator.world.campaigns[2].timezone = "Mars/Olympus_Mons"
    await campus.read_inventory()
    latest = await campus.poll("timeseries_51_amount")
    assert latest.readings["timeseries_51_amount"].since is not None
