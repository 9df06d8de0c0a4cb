"""What the P1 port of a smart meter says at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class P1Field:
    """One number of a meter's P1 port, by the name that actions use."""

    name: str
    is_required: bool = True


P1_FIELDS = (
    P1Field("delivered_1"),
    P1Field("delivered_2"),
    P1Field("returned_1"),
    P1Field("returned_2"),
    P1Field("power_delivered"),
    P1Field("power_returned"),
    P1Field("power_delivered_l1", is_required=False),
    P1Field("power_delivered_l2", is_required=False),
    P1Field("power_delivered_l3", is_required=False),
)
"""The numbers of the electricity meter."""

LARGEST = 999_999.999
"""The largest number that fits into a telegram: six digits and three decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class P1Readings:
    """The readings of a meter at one moment, without the telegram that had them.

    `values` has numbers by the names of `P1_FIELDS`: positions in kWh, power in kW.
    `extra` is the position of the meter behind it (m³ or GJ) and when it was measured.
    All moments are aware.
    """

    time: datetime
    values: Mapping[str, float]
    extra: tuple[datetime, float] | None = None
