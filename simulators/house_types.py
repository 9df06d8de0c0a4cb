"""The registers of the simulated house and the events that affect them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Channel(IntEnum):
    """The registers: electricity in Wh, gas and water in litres, heat in MJ."""

    DELIVERED_1 = 0
    DELIVERED_2 = 1
    RETURNED_1 = 2
    RETURNED_2 = 3
    GAS = 4
    HEAT = 5
    WATER = 6


@dataclass(frozen=True, slots=True)
class MeterExchange:
    """A new meter at `at` (aware): its initial positions and serial number.

    Channels without a position continue to count as before.
    """

    at: datetime
    positions: Mapping[Channel, int]
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """A half-open span [start, end) in which nothing was stored (aware times)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Power:
    """Current power in W; `phases` are net: positive means drawn from the grid."""

    delivered: int
    returned: int
    phases: tuple[int, int, int]
