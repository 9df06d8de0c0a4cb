"""Which devices are selected by the options of an entry."""

import pytest

from custom_components.metering_hub.const import (
    CONF_DEVICES,
    CONF_KNOWN_DEVICES,
    CONF_NEW_DEVICES,
)
from custom_components.metering_hub.flow.selection import Options, selected_devices
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import Device, Kind, Point, Quantity


def inventory(*keys: str) -> Inventory:
    devices = {key: Device(key=key) for key in keys}
    points = {
        f"{key}_power": Point(
            key=f"{key}_power",
            device_key=key,
            quantity=Quantity.POWER,
            kind=Kind.INSTANT,
        )
        for key in keys
    }
    return Inventory(devices, points, frozenset({"field"}))


def options(
    devices: object = (), known: object = (), add_new: object = True
) -> Options:
    return {
        CONF_DEVICES: devices,
        CONF_KNOWN_DEVICES: known,
        CONF_NEW_DEVICES: add_new,
    }


@pytest.mark.parametrize(
    ("found", "chosen", "shown"),
    [
        # No selection yet.
        ("ab", {}, "ab"),
        ("", {}, ""),
        # Some of the known devices are selected.
        ("ab", options(["a", "b"], ["a", "b"]), "ab"),
        ("ab", options(["a"], ["a", "b"]), "a"),
        ("ab", options([], ["a", "b"]), ""),
        # A new device, with and without automatic addition.
        ("abc", options(["a"], ["a", "b"]), "ac"),
        ("abc", options(["a"], ["a", "b"], add_new=False), "a"),
        ("abc", options([], [], add_new=False), ""),
        # New devices are added by default.
        ("abc", {CONF_DEVICES: ["a"], CONF_KNOWN_DEVICES: ["a", "b"]}, "ac"),
        # A selected device that is not known, or is gone.
        ("ab", options(["a", "b"], ["a"], add_new=False), "ab"),
        ("b", options(["a", "b"], ["a", "b"]), "b"),
        ("", options(["a"], ["a"]), ""),
        # A deselected device that is gone stays deselected.
        ("a", options(["a"], ["a", "b"]), "a"),
        # Keys are compared as a whole, and tuples count as lists.
        ("ab", options(("a",), ("a", "b")), "a"),
        # Invalid options count as empty.
        ("ab", options("a", "b"), "ab"),
        ("ab", options(None, None), "ab"),
        ("ab", options(5, {"a": 1}, add_new=False), ""),
    ],
)
def test_selected_devices(found: str, chosen: Options, shown: str) -> None:
    assert selected_devices(inventory(*found), chosen) == frozenset(shown)


def test_inventory_is_reduced_to_the_selection() -> None:
    whole = inventory("a", "b", "c")
    part = whole.select(frozenset({"a", "c", "gone"}))
    assert list(part.devices) == ["a", "c"]
    assert list(part.points) == ["a_power", "c_power"]
    assert part.undecided == whole.undecided


def test_empty_selection_is_empty() -> None:
    part = inventory("a").select(frozenset())
    assert (dict(part.devices), dict(part.points)) == ({}, {})
