"""Kinds that the user chooses."""

from custom_components.metering_hub.metering.model import Kind

from .conftest import Campus, Connect


async def test_the_user_chooses_the_kind(connect: Connect) -> None:
    """A chosen kind is not examined, and has its own key."""
    campus = await connect(registers=["55"], amounts=["54", "13"])
    await campus.read_inventory()
    assert campus.point("timeseries_55_register").kind is Kind.REGISTER
    assert campus.point("timeseries_54_amount").kind is Kind.INTERVAL
    assert campus.point("timeseries_13_amount").kind is Kind.INTERVAL
    assert await campus.backend.check_setup() == {}


async def test_only_undecided_series_can_be_chosen(campus: Campus) -> None:
    """Linked amounts and measured values have no choice."""
    choices = campus.inventory.choices["registers"]
    assert choices == campus.inventory.choices["amounts"]
    assert choices["13"] == "A elec index (Building A)"
    assert not {"1", "16", "42"} & choices.keys()
