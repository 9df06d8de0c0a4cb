"""Kinds that the user chooses."""

from custom_components.metering_hub.metering.model import Kind, Role
from custom_components.metering_hub.metering.point_settings import PointSettings

from .conftest import Connect


async def test_the_user_chooses_the_kind(connect: Connect) -> None:
    """A chosen kind is not examined, and has its own key."""
    campus = await connect(registers=["55"], amounts=["54", "13"])
    await campus.read_inventory()
    assert campus.point("timeseries_55_register").kind is Kind.REGISTER
    assert campus.point("timeseries_54_amount").kind is Kind.INTERVAL
    assert campus.point("timeseries_13_amount").kind is Kind.INTERVAL
    assert await campus.backend.check_setup() == {}


async def test_the_fields_offer_only_what_was_chosen_in_them(
    connect: Connect,
) -> None:
    """An entry of an earlier version keeps its choices; nobody else sees the fields."""
    campus = await connect(registers=["13"])
    labels = {"13": "A elec index (Building A)"}
    choices = (await campus.read_inventory()).choices
    assert choices == {"registers": labels, "amounts": labels}
    campus = await connect()
    assert (await campus.read_inventory()).choices == {}


async def test_both_kinds_at_once(connect: Connect) -> None:
    campus = await connect(registers=["13", "54"], amounts=["54"])
    assert await campus.backend.check_setup() == {"amounts": "both_kinds"}


async def test_the_settings_of_a_point_decide(connect: Connect) -> None:
    """Whatever the kind in the key is, and before the fields of earlier versions."""
    campus = await connect(amounts=["54"])
    campus.backend.use_settings(
        {
            "timeseries_49": PointSettings(kind=Kind.INTERVAL),
            "timeseries_54_amount": PointSettings(kind=Kind.REGISTER),
            "timeseries_1_amount": PointSettings(kind=Kind.REGISTER),
            "timeseries_13_register": PointSettings(kind=Kind.UNDECIDED),
            "timeseries_13_other": PointSettings(kind=Kind.INTERVAL),
            "timeseries_16": PointSettings(kind=Kind.REGISTER),
        }
    )
    inventory = await campus.read_inventory()
    assert campus.point("timeseries_49_amount").has_history
    assert campus.point("timeseries_54_register").former_keys == (
        "timeseries_54",
        "timeseries_54_amount",
    )
    assert campus.point("timeseries_1_register").role is Role.GRID_DELIVERED
    assert campus.point("timeseries_13_register").kind is Kind.REGISTER
    assert campus.point("timeseries_16").kind is Kind.INSTANT
    assert campus.point("timeseries_16").former_keys == ()
    assert not inventory.questions
