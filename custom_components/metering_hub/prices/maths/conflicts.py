"""Which tariffs cannot both be right."""

from collections.abc import Iterable

from .tariff import Tariff


def find_conflict(tariff: Tariff, others: Iterable[Tariff]) -> Tariff | None:
    """Return a tariff that begins with another one and is for the same, if any is."""
    return next(
        (
            other
            for other in others
            if other.key != tariff.key
            and other.start == tariff.start
            and (
                bool(other.points & tariff.points)
                if tariff.points or other.points
                else other.role is tariff.role
            )
        ),
        None,
    )
