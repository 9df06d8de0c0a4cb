"""The quality of an hour: how well founded its amount is.

The qualities are those of the metering field, such as the flags of NEM12 and MSCONS. An
hour has a code, so that the hours of a month fit into a short text.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .model import Kind, Point, Quantity

QUANTITIES = frozenset(
    {
        Quantity.ENERGY,
        Quantity.FUEL,
        Quantity.GAS,
        Quantity.HEAT,
        Quantity.VOLUME,
        Quantity.WATER,
    }
)
"""The quantities whose hours have a quality: those that are paid for."""


class Quality(StrEnum):
    """How well founded the amount of an hour is."""

    MEASURED = "measured"
    """Both ends were read, or all intervals are there and were measured."""

    ESTIMATED = "estimated"
    """The amount is a share of a longer span, or the server estimates it."""

    HELD = "held"
    """Readings contradict the line, and nothing has decided yet what they mean."""

    MISSING = "missing"
    """Readings are missing: the amount is that of a part of the hour, or unknown."""

    UNKNOWN = "unknown"
    """The source can no longer show it."""


class Method(StrEnum):
    """How the amount of an hour was estimated."""

    LINE = "line"
    """The straight line between two readings."""

    SERVER = "server"
    """The server itself estimates its readings."""

    COMPARABLE_DAYS = "comparable_days"
    """The same hours of earlier days of the same kind, scaled to the advance."""

    SPREAD = "spread"
    """An amount of more than an hour, spread evenly."""


# The end of an hour has a code, too, and an hour has the higher one of its two ends.
UNKNOWN: Final = 0
MEASURED: Final = 1
LINE: Final = 2
SERVER: Final = 3
COMPARABLE_DAYS: Final = 4
SPREAD: Final = 5
MISSING: Final = 6
HELD: Final = 7


@dataclass(frozen=True, slots=True)
class HourQuality:
    """The quality of an hour, the method of an estimate, and the letter of its code."""

    quality: Quality
    method: Method | None
    letter: str

    @property
    def texts(self) -> dict[str, str]:
        """Return the names of the quality and of the method, as actions return them."""
        shown = {"quality": self.quality.value}
        return shown if self.method is None else shown | {"method": self.method.value}


HOUR_QUALITIES = (
    HourQuality(Quality.UNKNOWN, None, "U"),
    HourQuality(Quality.MEASURED, None, "M"),
    HourQuality(Quality.ESTIMATED, Method.LINE, "L"),
    HourQuality(Quality.ESTIMATED, Method.SERVER, "S"),
    HourQuality(Quality.ESTIMATED, Method.COMPARABLE_DAYS, "D"),
    HourQuality(Quality.ESTIMATED, Method.SPREAD, "P"),
    HourQuality(Quality.MISSING, None, "X"),
    HourQuality(Quality.HELD, None, "H"),
)
"""The qualities by code."""


@dataclass(frozen=True, slots=True)
class HourCodes:
    """The codes of consecutive hours; `start` is that of the first one (epoch seconds).

    Each byte of `codes` is an index of `HOUR_QUALITIES`.
    """

    start: float
    codes: bytes


def has_quality(point: Point) -> bool:
    """Return True if the hours of a point have a quality."""
    return point.quantity in QUANTITIES and point.kind in (Kind.REGISTER, Kind.INTERVAL)


def is_estimated(point: Point) -> bool:
    """Return True if long gaps in the readings of a point are estimated."""
    return point.kind is Kind.REGISTER and has_quality(point)
