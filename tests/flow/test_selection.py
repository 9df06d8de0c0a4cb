"""Which devices are shown, given what a person ticked."""

import pytest

from custom_components.metering_hub.const import (
    CONF_DEVICES,
    CONF_KNOWN_DEVICES,
    CONF_NEW_DEVICES,
)
from custom_components.metering_hub.flow.selection import Options, selected_devices
from custom_components.metering_hub.metering.model import (
    Device,
    Inventory,
    Kind,
    Point,
    Quantity,
)


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


def options(devices: object = (), known: object = (), follow: object = True) -> Options:
    return {
        CONF_DEVICES: devices,
        CONF_KNOWN_DEVICES: known,
        CONF_NEW_DEVICES: follow,
    }


@pytest.mark.parametrize(
    ("found", "chosen", "shown"),
    [
        # Nothing was chosen yet.
        ("ab", {}, "ab"),
        ("", {}, ""),
        # What is ticked, of what was there to choose from.
        ("ab", options(["a", "b"], ["a", "b"]), "ab"),
        ("ab", options(["a"], ["a", "b"]), "a"),
        ("ab", options([], ["a", "b"]), ""),
        # A new device, followed or not.
        ("abc", options(["a"], ["a", "b"]), "ac"),
        ("abc", options(["a"], ["a", "b"], follow=False), "a"),
        ("abc", options([], [], follow=False), ""),
        # Following is what happens unless somebody says no.
        ("abc", {CONF_DEVICES: ["a"], CONF_KNOWN_DEVICES: ["a", "b"]}, "ac"),
        # A ticked device that was never noted as known, or is gone.
        ("ab", options(["a", "b"], ["a"], follow=False), "ab"),
        ("b", options(["a", "b"], ["a", "b"]), "b"),
        ("", options(["a"], ["a"]), ""),
        # A device that was left out and is gone may come back, and stays out.
        ("a", options(["a"], ["a", "b"]), "a"),
        # Whole keys are compared, and tuples are lists.
        ("ab", options(("a",), ("a", "b")), "a"),
        # Options that make no sense count as empty.
        ("ab", options("a", "b"), "ab"),
        ("ab", options(None, None), "ab"),
        ("ab", options(5, {"a": 1}, follow=False), ""),
    ],
)
def test_selected_devices(found: str, chosen: Options, shown: str) -> None:
    assert selected_devices(inventory(*found), chosen) == frozenset(shown)


def test_inventory_is_cut_down_to_the_selection() -> None:
    whole = inventory("a", "b", "c")
    part = whole.select(frozenset({"a", "c", "gone"}))
    assert list(part.devices) == ["a", "c"]
    assert list(part.points) == ["a_power", "c_power"]
    assert part.undecided == whole.undecided


def test_empty_selection_leaves_nothing() -> None:
    part = inventory("a").select(frozenset())
    assert (dict(part.devices), dict(part.points)) == ({}, {})
