"""What series measure, by their units and names.

Source: docs/wire/bemserver.md, Semantics.
"""

from collections.abc import Mapping

from ...metering.model import Quantity
from ..common.unit_quantities import quantity_of

_NAMED: Mapping[str, Mapping[Quantity, tuple[str, ...]]] = {
    "%": {
        Quantity.HUMIDITY: ("humid", "hygro", "feucht", "vocht", "wilgot"),
        Quantity.BATTERY: ("batter",),
    },
    "ppm": {Quantity.CARBON_DIOXIDE: ("co2", "co₂", "carbon dioxide")},
    "m/s": {Quantity.WIND_SPEED: ("wind", "wiatr")},
    "km/h": {Quantity.WIND_SPEED: ("wind", "wiatr")},
}
"""Ambiguous units, and the parts of series names that determine the quantity."""

_GAS = ("gas", "gaz")


def volume_quantity(text: str) -> Quantity:
    """Return GAS if a series' name or description mentions gas, otherwise WATER."""
    low = text.lower()
    return Quantity.GAS if any(word in low for word in _GAS) else Quantity.WATER


def measured_quantity(unit: str | None, text: str) -> Quantity:
    """Return the quantity of a measured value.

    `text` is the name and description of the series. An unknown quantity is COUNT,
    which has no device class in Home Assistant.
    """
    low = text.lower()
    for quantity, words in _NAMED.get(unit or "", {}).items():
        if any(word in low for word in words):
            return quantity
    return quantity_of(unit)
