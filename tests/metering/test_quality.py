"""Which points have hours with a quality, and which have estimates."""

import pytest

from custom_components.metering_hub.metering.model import Kind, Point, Quantity
from custom_components.metering_hub.metering.quality import has_quality, is_estimated


@pytest.mark.parametrize(
    ("quantity", "kind", "quality", "estimates"),
    [
        (Quantity.ENERGY, Kind.REGISTER, True, True),
        (Quantity.WATER, Kind.REGISTER, True, True),
        (Quantity.ENERGY, Kind.INTERVAL, True, False),
        (Quantity.ENERGY, Kind.UNDECIDED, False, False),
        (Quantity.ENERGY, Kind.INSTANT, False, False),
        (Quantity.COUNT, Kind.REGISTER, False, False),
        (Quantity.COUNT, Kind.INTERVAL, False, False),
        (Quantity.POWER, Kind.INSTANT, False, False),
    ],
)
def test_what_is_paid_for_has_a_quality(
    quantity: Quantity, kind: Kind, *, quality: bool, estimates: bool
) -> None:
    """Only the gaps of a register are estimated: its positions tell how much it was."""
    point = Point(key="point", device_key="meter", quantity=quantity, kind=kind)
    assert has_quality(point) is quality
    assert is_estimated(point) is estimates
