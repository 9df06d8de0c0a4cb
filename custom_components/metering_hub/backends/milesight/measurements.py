"""What a number measures, and how its values behave over time."""

from dataclasses import dataclass

from ...metering.model import Category, Kind, Quantity, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What a number measures: its quantity, our unit, and its behavior over time.

    A number of kind STATE is an id or a version, which is shown as text.
    """

    quantity: Quantity
    unit: str | None = None
    kind: Kind = Kind.INSTANT
    role: Role | None = None
    category: Category | None = None
    has_history: bool = False


IDENTIFICATION = Measurement(
    quantity=Quantity.TEXT, kind=Kind.STATE, category=Category.DIAGNOSTIC
)
"""A number that measures nothing, such as an id."""


def instant(
    quantity: Quantity, unit: str | None = None, *, has_history: bool = False
) -> Measurement:
    """Return a measured value."""
    return Measurement(quantity=quantity, unit=unit, has_history=has_history)


def register(
    quantity: Quantity, unit: str | None = None, role: Role | None = None
) -> Measurement:
    """Return a meter position, whose history is imported."""
    return Measurement(
        quantity=quantity, unit=unit, kind=Kind.REGISTER, role=role, has_history=True
    )


def diagnostic(quantity: Quantity, unit: str | None = None) -> Measurement:
    """Return a measured value about the device itself."""
    return Measurement(quantity=quantity, unit=unit, category=Category.DIAGNOSTIC)
