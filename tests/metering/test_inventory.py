"""The part of an inventory that belongs to some devices."""

from datetime import UTC, datetime

from custom_components.metering_hub.metering.inventory import (
    Composite,
    CompositePlatform,
    Inventory,
    KindQuestion,
    Part,
    SettingGroup,
)
from custom_components.metering_hub.metering.model import Device, Kind, Point, Quantity


def inventory_of(*names: str) -> Inventory:
    """Return an inventory of devices that have one of everything."""
    week = [(datetime(2026, 11, 21, tzinfo=UTC), 5.0)]
    return Inventory(
        {name: Device(key=name) for name in names},
        {
            f"{name}_point": Point(
                key=f"{name}_point",
                device_key=name,
                quantity=Quantity.ENERGY,
                kind=Kind.REGISTER,
            )
            for name in names
        },
        frozenset({"currency"}),
        {"site": {"1": "Home"}},
        {
            f"{name}_point": KindQuestion(
                kind=Kind.UNDECIDED, suggested=None, week=week
            )
            for name in names
        },
        frozenset(names),
        frozenset(names),
        True,
        {
            f"{name}_group": SettingGroup(
                key=f"{name}_group", device_key=name, name="Settings", fields=()
            )
            for name in names
        },
        {
            f"{name}_valve": Composite(
                key=f"{name}_valve",
                device_key=name,
                platform=CompositePlatform.VALVE,
                parts={Part.POSITION: f"{name}_point"},
            )
            for name in names
        },
    )


def test_a_part_of_an_inventory_has_all_of_its_devices_and_nothing_of_others() -> None:
    """What is asked of the user about the whole server stays."""
    whole = inventory_of("home", "pv", "sauna")
    assert whole.select(frozenset({"home", "pv", "gone"})) == inventory_of("home", "pv")
